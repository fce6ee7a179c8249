"""Each extra, installed alone from its lock file, imports everything it should and nothing it must not."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AGREEMENT = "serving.contract serving.wire serving.repository serving.probe serving.local"
PACKAGES = {
    "gateway": f"gateway monitoring {AGREEMENT}",
    "training": f"training monitoring {AGREEMENT}",
    "serving": "serving",
    "monitoring": f"monitoring {AGREEMENT}",
    "loadtests": f"loadtests {AGREEMENT}",
}
WITHOUT_TENSORFLOW = {"gateway", "monitoring", "loadtests"}

IMPORT_EVERYTHING = """
import importlib, importlib.util, pkgutil, sys
wheel, without_tensorflow, *packages = sys.argv[1:]
sys.path.insert(0, wheel)
count = 0
for name in packages:
    package = importlib.import_module(name)
    names = [name]
    if hasattr(package, "__path__"):
        names += [m.name for m in pkgutil.walk_packages(package.__path__, name + ".") if not m.name.endswith("__main__")]
    for module in names:
        assert importlib.import_module(module).__file__.startswith(wheel), module
        count += 1
if without_tensorflow == "yes":
    assert "tensorflow" not in sys.modules and importlib.util.find_spec("tensorflow") is None
    assert importlib.util.find_spec("keras") is None
print(count)
"""


@pytest.fixture(scope="session")
def unpacked_wheel(tmp_path_factory):
    """The wheel as a user would install it, so that forgotten package data and packages show."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True,
    ).stdout.decode().split("\0")  # fmt: skip
    for name in filter(None, names):
        if (ROOT / name).is_file():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    build = f"from setuptools import build_meta; print(build_meta.build_wheel({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    (wheel,) = folder.glob("symmetra-*.whl")
    unpacked = folder / "unpacked"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    return unpacked


@pytest.mark.parametrize("extra", sorted(PACKAGES))
def test_an_extra_installed_alone_imports_all_it_needs(extra, unpacked_wheel, tmp_path):
    python = ROOT / ".venv" / extra / "bin" / "python"
    assert python.exists(), f".venv/{extra} is missing; run the tests with `make test`, which installs it"
    flag = "yes" if extra in WITHOUT_TENSORFLOW else "no"
    command = [python, "-I", "-c", IMPORT_EVERYTHING, unpacked_wheel, flag, *PACKAGES[extra].split()]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout.splitlines()[-1]) >= 1


def test_the_wheel_carries_its_data_and_not_the_tests(unpacked_wheel):
    names = {str(path.relative_to(unpacked_wheel)) for path in unpacked_wheel.rglob("*")}
    assert "serving/wire/predict.proto" in names
    assert "serving/deploy/batching.config" in names
    assert any(name.startswith("training/synthetic/pack/") and name.endswith(".jpg") for name in names)
    assert any(name.startswith("gateway/") and name.endswith(".css") for name in names)
    assert not any(name.startswith(("tests", "requirements")) for name in names)
