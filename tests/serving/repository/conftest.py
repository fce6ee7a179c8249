"""Small versions to publish: the files of a real one, a few bytes each."""

import pytest

from serving.contract.model import Evidence, ModelContract
from serving.repository import ModelRepository, Statement


def write_version(directory, version, model_name="toy"):
    contract = ModelContract(
        version=version,
        model_name=model_name,
        architecture="none",
        evidence=Evidence.DEMO,
        training_data="none",
        limits=("it is a test",),
        tensorflow_version="0",
        keras_version="0",
        created="2026-11-22T00:00:00Z",
    )
    (directory / "variables").mkdir()
    (directory / "assets.extra").mkdir()
    (directory / "saved_model.pb").write_bytes(b"graph %d" % version)
    (directory / "variables" / "variables.index").write_bytes(b"weights")
    (directory / "assets.extra" / "contract.json").write_text(contract.to_json())
    return contract


@pytest.fixture
def repository(tmp_path):
    return ModelRepository(tmp_path / "models", "toy")


@pytest.fixture
def publish():
    def publish_next(repository):
        with repository.staging() as staging:
            write_version(staging.path, staging.version, repository.model_name)
            return staging.version, repository.publish(staging)

    return publish_next


@pytest.fixture
def write_files():
    return write_version


@pytest.fixture
def publish_approved(publish):
    def publish_next(repository):
        version, digest = publish(repository)
        repository.approve(version, Statement("a test", "it is a toy", {}))
        return version, digest

    return publish_next
