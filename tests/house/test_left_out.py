"""A test that cannot run on this machine is named in the summary, with what to do, and never passes by being skipped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SUITE = """
import pytest

def test_always():
    pass

@pytest.mark.needs_system("no-such-program-anywhere")
def test_of_a_missing_program():
    raise AssertionError("ran")

@pytest.mark.needs_cpu("no-such-feature-anywhere")
def test_of_a_missing_feature():
    raise AssertionError("ran")

@pytest.mark.needs_cpu()
def test_of_any_cpu():
    pass

@pytest.mark.needs_system("sh")
def test_of_a_present_program():
    pass
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2", "--dist", "loadfile"]], ids=["alone", "workers"])
def test_a_test_without_its_program_is_left_out_by_name(tmp_path: Path, workers: list[str]) -> None:
    suite = tmp_path / "test_suite.py"
    suite.write_text(SUITE)
    options = [
        "-p",
        "tests.conftest",
        "-c",
        str(ROOT / "pyproject.toml"),
        "--rootdir",
        str(tmp_path),
        "-p",
        "no:cacheprovider",
        *workers,
    ]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(suite)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "3 passed, 2 deselected" in run.stdout
    assert "left out: no-such-program-anywhere not found on PATH; `make system-deps`" in run.stdout
    assert "left out: the CPU has no no-such-feature-anywhere" in run.stdout
    assert run.stdout.count("test_suite.py::test_of_a_missing_program") == 1
    assert run.stdout.count("test_suite.py::test_of_a_missing_feature") == 1
