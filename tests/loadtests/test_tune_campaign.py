"""Campaign for a quiet machine: which batching and threads the embedded model server wants for the default network, and what they gain.

It goes on where it was stopped (`.run/tune-campaign`), and writes `loadtests/results/tune.json`, `tune.svg`, and where something gains
`tune.batching.config` and `tune.server.flags`. A run on a busy machine shows nothing.
"""

import io
import shutil
from pathlib import Path

import pytest

from loadtests.__main__ import run as loadtests
from serving.contract.model import MODEL_NAME
from tests.bench.versions import build_version

pytestmark = pytest.mark.long
PROJECT = Path(__file__).resolve().parents[2]
RESULTS = PROJECT / "loadtests" / "results"
WORK = PROJECT / ".run" / "tune-campaign"
KEPT = {
    "tune.json": "tune.json",
    "tune.svg": "tune.svg",
    "batching.config": "tune.batching.config",
    "server.flags": "tune.server.flags",
}
GAINS, KEEPS_DEFAULTS = 0, 4


def test_a_configuration_gains_or_it_is_shown_that_none_does() -> None:
    repository = WORK / "models"
    if not (repository / MODEL_NAME / "pin.json").exists():
        build_version(repository, "twin")
    out, err = io.StringIO(), io.StringIO()

    code = loadtests(["tune", "--repository", str(repository), "--folder", str(WORK / "tuned")], {}, out, err)

    assert code in (GAINS, KEEPS_DEFAULTS), err.getvalue()
    for name, kept in KEPT.items():
        (RESULTS / kept).unlink(missing_ok=True)
        if (WORK / "tuned" / name).exists():
            shutil.copy(WORK / "tuned" / name, RESULTS / kept)
