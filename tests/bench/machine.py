"""What the figures of a benchmark depend on, and the envelope that every result is kept in: commit, date, machine, model, workload.

A result is one JSON object: what `envelope` says, and beside it what was measured, raw. `schema` names the benchmark, so that whoever
reads a file knows what else is in it.
"""

import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from loadtests.run.machine import machine_of_load
from serving.contract.model import MODEL_NAME
from serving.repository import ModelRepository

ROOT = Path(__file__).resolve().parents[2]


def machine_facts() -> dict[str, object]:
    """What the figures depend on."""
    facts = machine_of_load()
    return {
        "cpu": facts["cpu"],
        "cores": int(facts["cores"]),
        "features": facts["features"].split(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
    }


def commit_of_tree() -> str:
    """The commit that is measured, marked "-dirty" where files were changed since; what earlier measurements wrote into folders `results` changes nothing."""
    commit = _git("describe", "--always")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude,glob)**/results/**")
    return (f"{commit}-dirty" if changed else commit) or "unknown"


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def envelope(benchmark: str, workload: Mapping[str, object]) -> dict[str, object]:
    """What every result says of itself; to be taken before anything is started, so that the load is that of others.

    The models come in once they are built: under "models", by the name of each system that answers, what `describe_model` says.

    Args:
        benchmark: Its name, as in `tests.bench.NAME`.
        workload: Its type under "type" ("closed loop", "open loop", "one at a time"), and all that it consists of.
    """
    return {
        "schema": f"symmetra.bench.{benchmark}/1",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit_of_tree(),
        "machine": machine_facts(),
        "workload": dict(workload),
        "models": {},
    }


def describe_model(repository: Path, architecture: str) -> dict[str, object]:
    """Which model answers: the version that is pinned in a repository, its crop, and the network that it was made of."""
    pin = ModelRepository(repository, MODEL_NAME).pin()
    return {"version": pin.version, "digest": pin.digest, "architecture": architecture, "crop": pin.contract.crop.kind}
