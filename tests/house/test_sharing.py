"""Tests are shared among workers by what they share with each other, and nothing is built twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sharing import GROUPS, group_of

ROOT = Path(__file__).parents[2]
SUITE = """
import os

import pytest

from tests.support.built_once import build_once

@pytest.fixture(scope="session")
def dear(tmp_path_factory):
    def build(folder):
        with (folder.parent / "built").open("a") as file:
            file.write("once ")
        (folder / "content").write_text("dear")
    return build_once(tmp_path_factory, "dear", build)

@pytest.mark.parametrize("number", range(3))
def test_reads_it(dear, number):
    assert (dear / "content").read_text() == "dear"
    assert (dear.parent / "built").read_text() == "once "
    with (dear.parent / f"workers-of-{os.path.basename(__file__)}").open("a") as file:
        file.write(os.environ.get("PYTEST_XDIST_WORKER", "alone") + " ")
"""


def test_every_file_and_folder_of_a_group_is_there() -> None:
    missing = [member for members in GROUPS.values() for member in members if not (ROOT / member).exists()]
    assert missing == []


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/conformance/test_health.py::test_x[a::b]", "conformance"),
        ("tests/faults/test_overload.py::test_x", "measuring"),
        ("tests/training/test_polarity.py::test_x", "tests/training/test_polarity.py"),
    ],
)
def test_a_test_belongs_to_its_group_or_else_to_its_file(nodeid: str, group: str) -> None:
    assert group_of(nodeid) == group


def test_files_stay_whole_and_what_is_dear_is_built_once_for_all_workers(tmp_path: Path) -> None:
    for name in ("test_a.py", "test_b.py", "test_c.py", "test_d.py"):
        (tmp_path / name).write_text(SUITE)
    options = ["-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path)]
    options += ["-p", "no:cacheprovider", "-n", "2", "--dist", "loadfile", "--basetemp", str(tmp_path / "common")]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "12 passed" in run.stdout
    workers = [path.read_text().split() for path in (tmp_path / "common").glob("workers-of-*")]
    assert len(workers) == 4
    assert all(len(set(names)) == 1 for names in workers)
