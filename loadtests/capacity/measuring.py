"""A search with real runs: each in a folder of its own, one line of progress for each, and nothing made twice.

| in the folder | what it holds |
| --- | --- |
| `question.json` | what is looked for; a folder with another question is left alone |
| `runs/01_rate_20.00/` | the first run (`loadtests.run.format`), and so on; `machine.json` beside it: cores that were busy meanwhile |
| `capacity.json` | the answer (`loadtests.capacity.answer`), once there is one |

A search that was stopped goes on with the same command: finished runs are read, judged again and not made again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loadtests.capacity.machine import MachineWatch
from loadtests.capacity.search import Found, Measured, SearchSettings, Trial, search
from loadtests.capacity.sustained import Judgement, judge
from loadtests.errors import CapacityUnusable
from loadtests.run.format import RUN_FILE, FinishedRun, read_run
from loadtests.run.launch import make_run
from loadtests.run.request import RunRequest
from loadtests.run.target import parse_target
from loadtests.verdict.objectives import Objectives

QUESTION_FILE: Final = "question.json"
QUESTION_SCHEMA: Final = "symmetra.capacity-question/1"
MACHINE_FILE: Final = "machine.json"
RUNS_FOLDER: Final = "runs"
SHORT_SHARE: Final = 1 / 3
"""Of the length of a run, for those that only look for the bracket."""
SHORTEST_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class CapacityQuestion:
    """What is looked for.

    Attributes:
        request: Of every run, but for rate, seconds, seed and folder; its rate is the first guess, its seconds the full length.
        objectives: That must hold.
        settings: Of the search.
        user_type: Whose requests are judged.
    """

    request: RunRequest
    objectives: Objectives
    settings: SearchSettings
    user_type: str = "photo"

    def as_json(self) -> dict[str, Any]:
        """For `question.json`."""
        request = dataclasses.asdict(self.request)
        del request["folder"]
        return {
            "schema": QUESTION_SCHEMA,
            "request": {name: str(value) if isinstance(value, Path) else value for name, value in request.items()},
            "objectives": dataclasses.asdict(self.objectives),
            "settings": dataclasses.asdict(self.settings),
            "user_type": self.user_type,
        }


@dataclass(frozen=True, slots=True)
class SearchRun:
    """One run of a search with everything that is known of it.

    Attributes:
        folder: Its name.
        measured: What the search knows of it.
        judgement: What it shows.
        run: The run itself.
        busy_cores: Of this machine meanwhile; None where the target is elsewhere or nobody counted.
    """

    folder: str
    measured: Measured
    judgement: Judgement
    run: FinishedRun
    busy_cores: float | None


def search_capacity(
    question: CapacityQuestion, folder: Path, tell: Callable[[str], None]
) -> tuple[Found, tuple[SearchRun, ...]]:
    """Search, or go on with a search, in a folder.

    Args:
        question: What is looked for.
        folder: Of this search.
        tell: Takes one line for each run.

    Raises:
        CapacityUnusable: The folder holds a search for something else.
        LoadTestError: A run could not be made.
    """
    _claim(folder, question)
    runs: list[SearchRun] = []

    def measure(trial: Trial) -> Measured:
        each = _measure(question, folder, len(runs) + 1, trial)
        runs.append(each)
        length = "short" if trial.is_short else "full"
        tell(f"{len(runs):>2} {trial.rate:9.2f}/s {length:<5} {each.measured.outcome}: {each.measured.says}")
        return each.measured

    found, _ = search(measure, question.settings)
    return found, tuple(runs)


def _measure(question: CapacityQuestion, folder: Path, number: int, trial: Trial) -> SearchRun:
    length = question.request.seconds
    seconds = max(length * SHORT_SHARE, min(SHORTEST_SECONDS, length)) if trial.is_short else length
    name = f"{number:02d}_rate_{trial.rate:.2f}"
    into = folder / RUNS_FOLDER / name
    request = dataclasses.replace(
        question.request, folder=into, rate=trial.rate, seconds=seconds, seed=question.request.seed + number
    )
    run, busy_cores = _make_or_read(request)
    judgement = judge(run, question.objectives, question.user_type)
    measured = Measured(trial.rate, trial.is_short, judgement.outcome, judgement.says, run.summary.completed_rate)
    return SearchRun(name, measured, judgement, run, busy_cores)


def _make_or_read(request: RunRequest) -> tuple[FinishedRun, float | None]:
    folder = request.folder
    if (folder / RUN_FILE).exists() and (folder / MACHINE_FILE).exists():
        return read_run(folder), json.loads((folder / MACHINE_FILE).read_text())["busy_cores"]
    # What was interrupted says nothing.
    shutil.rmtree(folder, ignore_errors=True)
    with MachineWatch() as watch:
        run = make_run(request)
    busy = None
    if parse_target(request.target).is_loopback:
        # The moment is told in whole seconds, and is up to one too early.
        begin = dt.datetime.fromisoformat(run.summary.started) + dt.timedelta(seconds=1)
        busy = watch.busy_cores(begin, run.summary.seconds - 1)
    (folder / MACHINE_FILE).write_text(json.dumps({"busy_cores": busy}) + "\n")
    return run, busy


def _claim(folder: Path, question: CapacityQuestion) -> None:
    path, content = folder / QUESTION_FILE, question.as_json()
    if path.exists():
        try:
            found = json.loads(path.read_text())
        except (OSError, ValueError):
            found = None
        # Through JSON, as the file went: tuples are lists there.
        if found != json.loads(json.dumps(content)):
            message = f"{folder} holds a search for something else; name another folder, or give the options that it was begun with"
            raise CapacityUnusable(message)
        return
    if folder.exists() and any(folder.iterdir()):
        message = f"{folder} holds something that is no search; name another folder"
        raise CapacityUnusable(message)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")
