"""The steps of a Dockerfile, performed: what they install is small, starts on a read-only root as nobody, and finds a face."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from serving.local.ports import find_free_port
from tests.support.built_once import build_once
from tests.support.drawn_faces import drawn_face
from tests.support.gateway_process import wait_until
from tests.support.image_roots import (
    command_in_root,
    image_environment,
    installed_bytes,
    new_python,
    perform_build,
    strip_python,
)

ROOT = Path(__file__).parents[3]
IMAGES = ROOT / "k8s/images"
MEGABYTE = 1_000_000
MODULES = {"gateway": "gateway", "monitoring": "monitoring", "loadtests": "loadtests"}
WRITES = """
import pathlib
for name in ("/app/x", "/x", "/usr/local/lib/x"):
    try:
        pathlib.Path(name).write_text("x")
    except OSError as error:
        print(error.errno, end=" ")
pathlib.Path("/tmp/x").write_text("x")
"""
CROP = """
import sys
from serving.contract.crop import make_crop
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec
prepared = make_crop(open("/models/face.jpg", "rb").read(), CropSpec(), FaceDetector())
print(prepared.crop.shape, "tensorflow" in sys.modules)
"""

pytestmark = pytest.mark.needs_roots


@pytest.fixture(scope="session")
def gateway_root(tmp_path_factory):
    """What gateway.Dockerfile makes of packages that were installed from its locks, by hash, by `make environments`."""

    def build(folder):
        packages = ROOT / ".venv/gateway/lib/python3.11/site-packages"
        root = perform_build(IMAGES / "gateway.Dockerfile", folder, Path(sys.executable), packages=packages)
        strip_python(root)
        (root / "models").mkdir()

    return build_once(tmp_path_factory, "gateway-image", build) / "root"


def run_in(root, *command, image="gateway", volumes=None):
    environment = image_environment(IMAGES / f"{image}.Dockerfile")
    return subprocess.run(
        command_in_root(root, list(command), environment, volumes or {}), capture_output=True, text=True, check=False
    )


def test_the_gateways_image_is_small(gateway_root):
    size = installed_bytes(gateway_root)
    print(f"{size / MEGABYTE:.0f} MB")
    assert size <= 250 * MEGABYTE


def test_there_is_nothing_in_it_but_python(gateway_root):
    programs = {
        path.name for folder in ("usr/bin", "usr/local/bin", "usr/sbin") for path in (gateway_root / folder).glob("*")
    }
    assert programs == {"python", "python3", "python3.11"}
    assert not list(gateway_root.rglob("pip")) + list(gateway_root.rglob("ensurepip"))


@pytest.mark.parametrize("module", ["gateway", "serving.repository", "serving.probe"])
def test_every_program_of_it_starts_on_a_read_only_root_as_nobody(gateway_root, module):
    done = run_in(gateway_root, "python", "-m", module, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage" in done.stdout.lower()


def test_nothing_can_be_written_but_memory(gateway_root):
    done = run_in(gateway_root, "python", "-c", WRITES)
    assert (done.stdout.split(), done.stderr) == (["30", "30", "30"], "")


def test_a_face_is_found_with_what_is_left_of_the_packages(gateway_root, tmp_path):
    (tmp_path / "face.jpg").write_bytes(drawn_face())
    tmp_path.chmod(0o755)
    done = run_in(gateway_root, "python", "-c", CROP, volumes={tmp_path: "/models"})
    assert (done.stdout.strip(), done.returncode) == ("(128, 128, 3) False", 0), done.stderr


@contextlib.contextmanager
def gateway_in(root, models, port, metrics_port):
    settings = {
        "SYMMETRA_MODEL_REPOSITORY": "/models",
        "SYMMETRA_MODEL_SERVER": "127.0.0.1:1",
        "SYMMETRA_PORT": str(port),
        "SYMMETRA_METRICS_PORT": str(metrics_port),
        "SYMMETRA_STOP_NOTICE_SECONDS": "0.1",
    }
    environment = image_environment(IMAGES / "gateway.Dockerfile") | settings
    command = command_in_root(root, ["python", "-m", "gateway"], environment, {models: "/models"})
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
                process.terminate()
                _, alive = psutil.wait_procs(family, timeout=15)
                for child in alive:
                    child.kill()


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_the_gateway_serves_from_it(gateway_root, tmp_path):
    tmp_path.chmod(0o755)
    port, metrics_port = find_free_port(), find_free_port()

    def answers():
        with contextlib.suppress(OSError):
            return get(port, "/healthz")[0] == 200
        return False

    with gateway_in(gateway_root, tmp_path, port, metrics_port) as process:
        wait_until(lambda: process.poll() is not None or answers(), seconds=60)
        assert process.poll() is None, process.stdout.read().decode()
        assert json.loads(get(port, "/readyz")[1])["status"] == "ready"
        assert b"symmetra_build_info" in get(metrics_port, "/metrics")[1]
        assert get(port, "/")[0] == 200
        assert {psutil.Process(process.pid).uids().real} == {10001}


@pytest.mark.long
@pytest.mark.parametrize("image", MODULES)
def test_the_dockerfile_does_what_it_says_from_the_package_index(image, tmp_path):
    """Every RUN line as it stands, pip's included."""
    folder = tmp_path / "build"
    folder.mkdir()
    tmp_path.chmod(0o755)
    root = perform_build(IMAGES / f"{image}.Dockerfile", folder, new_python(tmp_path / "base"))
    strip_python(root)
    (root / "models").mkdir()
    print(f"{image}: {installed_bytes(root) / MEGABYTE:.0f} MB")
    done = run_in(root, "python", "-m", MODULES[image], "--help", image=image)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.long
def test_the_same_input_gives_the_same_root(tmp_path):
    packages = ROOT / ".venv/monitoring/lib/python3.11/site-packages"
    roots = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        roots.append(
            perform_build(IMAGES / "monitoring.Dockerfile", tmp_path / name, Path(sys.executable), packages=packages)
        )
    done = subprocess.run(
        ["diff", "--recursive", "--no-dereference", *roots], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
