"""A baseline: several runs of the same thing, kept as copies of their folders, whose spread is the noise of the machine.

`<folder>/baseline.json` names it; `<folder>/1`, `<folder>/2`, ... are the runs. One run says nothing of noise, and of two the spread
is a guess, so three are the least; five tell differences half as large.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtests.compare.conditions import require_same
from loadtests.errors import BaselineUnusable
from loadtests.run.format import LATENCY_FILE, RUN_FILE, SERIES_FILE, STAGES_FILE, FinishedRun, read_run

SCHEMA: Final = "symmetra.loadtest-baseline/1"
BASELINE_FILE: Final = "baseline.json"
DEFAULT_BASELINES: Final = Path(".run/loadtests/baselines")
RUN_FILES: Final = (LATENCY_FILE, SERIES_FILE, STAGES_FILE, RUN_FILE)
MIN_RUNS: Final = 3


@dataclass(frozen=True, slots=True)
class Baseline:
    """Runs of the same thing.

    Attributes:
        name: For people.
        runs: At least `MIN_RUNS`.
    """

    name: str
    runs: tuple[FinishedRun, ...]


def keep_baseline(folder: Path, runs: Sequence[Path]) -> Baseline:
    """Copy runs into the folder of a new baseline.

    Raises:
        LoadTestError: They are none, INVALID, too few, of different things or the same twice, or the folder holds something.
    """
    if folder.exists() and any(folder.iterdir()):
        message = f"{folder} holds something already; a baseline is not written over: name another, or remove it"
        raise BaselineUnusable(message)
    baseline = require_baseline(folder.name, [read_run(run) for run in runs])
    for number, run in enumerate(runs, start=1):
        (folder / str(number)).mkdir(parents=True)
        for name in RUN_FILES:
            shutil.copyfile(run / name, folder / str(number) / name)
    content = {"schema": SCHEMA, "name": folder.name, "kept": f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%S+00:00}"}
    (folder / BASELINE_FILE).write_text(json.dumps(content | {"runs": len(runs)}, indent=2) + "\n")
    return baseline


def read_baseline(folders: Sequence[Path]) -> Baseline:
    """The runs of kept baselines and of folders of single runs, as one baseline.

    A folder that is not there is looked for among `DEFAULT_BASELINES`.

    Raises:
        LoadTestError: One holds neither, or the runs are no baseline.
    """
    found = [folder if folder.exists() else DEFAULT_BASELINES / folder for folder in folders]
    runs = [run for folder in found for run in _read_runs(folder)]
    return require_baseline(", ".join(folder.name for folder in folders), runs)


def require_baseline(name: str, runs: Sequence[FinishedRun]) -> Baseline:
    """These runs as a baseline.

    Raises:
        BaselineUnusable: They are INVALID, too few, of different things or the same twice.
    """
    for run in runs:
        if not run.summary.valid:
            message = f"the run of {run.summary.started} is INVALID; a baseline holds runs that say something"
            raise BaselineUnusable(message)
    if len(runs) < MIN_RUNS:
        message = f"{len(runs)} runs do not tell how far apart runs of the same thing lie; {MIN_RUNS} are needed, 5 are better"
        raise BaselineUnusable(message)
    require_distinct(runs)
    require_same(runs)
    return Baseline(name, tuple(runs))


def require_distinct(runs: Sequence[FinishedRun]) -> None:
    """Refuse a run that is there twice: it would make the noise look smaller than it is.

    Raises:
        BaselineUnusable: One is.
    """
    for number, run in enumerate(runs):
        if any(run == other for other in runs[:number]):
            message = f"the run of {run.summary.started} is there twice"
            raise BaselineUnusable(message)


def _read_runs(folder: Path) -> list[FinishedRun]:
    path = folder / BASELINE_FILE
    if not path.exists():
        return [read_run(folder)]
    try:
        content = json.loads(path.read_text())
        if content["schema"] != SCHEMA:
            message = f"it is of the schema {content['schema']}, not {SCHEMA}"
            raise ValueError(message)
        return [read_run(folder / str(number + 1)) for number in range(int(content["runs"]))]
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{path} holds no baseline that can be read: {error}"
        raise BaselineUnusable(message) from error
