"""Small versions to publish: the files of a real one, a few bytes each."""

import pytest

from serving.repository import ModelRepository, Statement
from tests.support.promoting import PromotionRunner, column
from tests.support.stub_model_server import StubModelServer
from tests.support.toy_contract import toy_contract
from tests.support.toy_versions import publish_small


def write_version(directory, version, model_name="toy"):
    contract = toy_contract(version, model_name)
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


@pytest.fixture
def promote(repository):
    """Three approved versions; nothing is live."""
    for _ in range(3):
        publish_small(repository)
    return PromotionRunner(repository)


@pytest.fixture
def server():
    """Has one version at a time: 1, until a test says otherwise."""
    with StubModelServer(1, column()) as stub:
        yield stub
