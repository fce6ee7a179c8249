"""What each fault looked like to the caller, and how long recovery took.

What the caller saw is asserted in every run, and so is that there is a recovery: a test that waits for it in vain fails. How long
it took depends on the machine; that is measured, and kept where it is asked for:

SYMMETRA_KEEP_FAULTS=1 make test TEST_ARGS=tests/faults        # writes serving/results/faults.json and faults.md
"""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
RESULTS = PROJECT / "serving" / "results"
KEEP_VARIABLE = "SYMMETRA_KEEP_FAULTS"
POLL_SECONDS = 0.05
WAIT_SECONDS = 60.0


class Findings:
    """The table, a row per fault."""

    def __init__(self):
        self.rows = []

    def note(self, fault, caller_saw, recovered_after_seconds=None):
        """Keep a row; None where nothing had to recover, because no caller but the faulty one noticed."""
        self.rows.append({"fault": fault, "caller_saw": caller_saw, "recovered_after_seconds": recovered_after_seconds})

    def write(self, folder):
        """The rows as JSON and as a table."""
        folder.mkdir(exist_ok=True)
        (folder / "faults.json").write_text(json.dumps(self.rows, indent=1) + "\n", encoding="utf-8")
        lines = ["# Faults, what the caller saw, and how long recovery took", ""]
        lines += ["| fault | what the caller saw | recovered after |", "| --- | --- | --- |"]
        for row in self.rows:
            seconds = row["recovered_after_seconds"]
            recovered = "no other caller noticed" if seconds is None else f"{seconds:.2f} s"
            lines.append(f"| {row['fault']} | {row['caller_saw']} | {recovered} |")
        (folder / "faults.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="session")
def findings():
    found = Findings()
    yield found
    if os.environ.get(KEEP_VARIABLE) == "1":
        found.write(RESULTS)


@pytest.fixture(scope="session")
def toy_files(toy_models, tmp_path_factory):
    """A base path with versions 1 (offset 2) and 2 (offset 20) of `toys`."""
    root = tmp_path_factory.mktemp("fault-models")
    for version in ("1", "2"):
        shutil.copytree(toy_models / "toys" / version, root / "toys" / version)
    return root


@pytest.fixture
def wait_for():
    """Wait until a condition holds; the seconds it took."""

    def wait(holds, what):
        began = time.monotonic()
        while time.monotonic() - began < WAIT_SECONDS:
            if holds():
                return time.monotonic() - began
            time.sleep(POLL_SECONDS)
        raise AssertionError(what)

    return wait
