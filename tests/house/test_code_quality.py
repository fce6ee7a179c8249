"""The rules of CONTRIBUTING that a tool can check. CI calls only `make test`, so they run here too."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent
CHECKS = {
    "ruff check": ["ruff", "check", "--output-format", "concise", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "import rules": ["lint-imports"],
    "types": ["mypy"],
}


@pytest.mark.parametrize("name", list(CHECKS))
def test_the_code_passes(name):
    tool, *arguments = CHECKS[name]
    program = shutil.which(tool, path=str(TOOLS))
    assert program, f"{tool} is missing from the development environment; run `make dev`"
    result = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_module_has_grown_past_the_point_where_one_looks_for_the_seam():
    packages = ("serving", "training", "gateway", "monitoring", "loadtests", "k8s", "tests")
    paths = [path for package in packages for path in (ROOT / package).rglob("*.py") if "_pb2" not in path.name]
    long = {str(path.relative_to(ROOT)): count for path in paths if (count := path.read_text().count("\n")) > 400}
    assert not long
