"""The commands of init containers and of the publish Job, run as they are written, on a real version."""

import io
import shutil
import subprocess
import sys

import pytest
from google.protobuf import text_format

from serving.repository.__main__ import main
from serving.wire.server_config_pb2 import ModelServerConfig, SSLConfig
from tests.support.manifests.objects import workload
from tests.support.manifests.renders import KUBERNETES, combine
from tests.support.tiny_version import copy_tiny_repository

pytestmark = pytest.mark.needs_tool()


@pytest.fixture
def version(tmp_path):
    """What an image holds in /model, and its approval beside it."""
    root = copy_tiny_repository(tmp_path / "made elsewhere")
    shutil.copytree(root / "depression_severity/1", tmp_path / "model")
    shutil.copy(root / "depression_severity/approvals/1.json", tmp_path / "approval.json")
    return tmp_path / "model"


@pytest.fixture
def run(tmp_path, version):
    """Runs a container's command with the paths of this machine; returns its exit code."""
    models = tmp_path / "models"
    models.mkdir()
    places = {
        "--repository=/models": f"--repository={models}",
        "/model": str(version),
        "--approval=/approval.json": f"--approval={version.parent / 'approval.json'}",
    }

    def run_command(container):
        assert container["command"][:3] == ["python", "-m", "serving.repository"]
        return main([places.get(word, word) for word in container["command"][3:]], {}, io.StringIO(), io.StringIO())

    run_command.models = models
    return run_command


def served_versions(models):
    text = (models / "depression_severity/models.config").read_text()
    config = text_format.Parse(text, ModelServerConfig())
    return [list(each.model_version_policy.specific.versions) for each in config.model_config_list.config]


def spoil(version):
    with (version / "saved_model.pb").open("ab") as file:
        file.write(b"tampered")


@pytest.mark.point(9)
def test_the_publish_job_brings_a_version_that_nobody_serves_yet(run):
    job = workload(combine(), "publish-model-1")
    assert [run(container) for container in job.containers()] == [0, 0]
    assert served_versions(run.models) == []
    verify = workload(combine(), "model-server").container("verify-model")
    assert run(verify) == 0
    spoil(run.models / "depression_severity/1")
    assert run(verify) == 1


@pytest.mark.point(9)
def test_the_publish_job_fails_on_a_damaged_version_and_leaves_nothing(run, version):
    spoil(version)
    job = workload(combine(), "publish-model-1")
    assert [run(container) for container in job.containers()] == [0, 1]
    assert not (run.models / "depression_severity/1").exists()


@pytest.mark.point(9)
@pytest.mark.parametrize("name", ["gateway", "model-server", "sentinel", "drift-controller"])
def test_with_model_image_each_pod_serves_and_asks_for_the_version_of_the_image(run, name):
    first = workload(combine("model-image"), name).spec["initContainers"]
    assert [run(container) for container in first] == [0, 0, 0]
    assert served_versions(run.models) == [[1]]
    assert '"version": 1' in (run.models / "depression_severity/pin.json").read_text()


@pytest.mark.point(9)
def test_with_model_image_a_damaged_version_ends_the_pod(run, version):
    spoil(version)
    assert run(workload(combine("model-image"), "model-server").spec["initContainers"][0]) == 1


@pytest.mark.point(27)
def test_certificates_become_what_the_model_server_reads(tmp_path):
    texts = {"tls.key": "-----BEGIN KEY-----\nAA==\n", "tls.crt": "-----BEGIN CERT-----\nBB==\n", "ca.crt": "CC\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    program = KUBERNETES / "components/mtls/files/write_ssl_config.py"
    subprocess.run([sys.executable, program, tmp_path, tmp_path / "ssl.config"], check=True)
    config = text_format.Parse((tmp_path / "ssl.config").read_text(), SSLConfig())
    assert (config.server_key, config.server_cert, config.custom_ca) == tuple(texts.values())
    assert config.client_verify
    assert (tmp_path / "ssl.config").stat().st_mode & 0o777 == 0o600
