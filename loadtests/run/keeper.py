"""The master's part of a run: it says when, adds up what the workers report, notices who falls silent, and writes the folder.

It knows nothing of Locust; `loadtests.users.session` carries its messages.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from loadtests.photos import Pack
from loadtests.run.format import FinishedRun, GeneratorFigures, RunSummary, write_run
from loadtests.run.machine import machine_of_load
from loadtests.run.observation import Observations
from loadtests.run.plan import RunPlan
from loadtests.run.recording import Recording
from loadtests.run.target import LOADTEST, PATIENT
from loadtests.validity import Circumstances, judge

SILENCE_SECONDS: Final = 8.0
"""After which a worker that reports every second is lost."""


@dataclass(slots=True)
class Worker:
    """One process that makes load.

    Attributes:
        name: Of it, for people.
        heard_at: When it reported last, as `clock` says.
        is_ready: Whether it has everything that it needs.
        is_done: Whether its last request ended.
        failure: Why it cannot go on; a sentence.
    """

    name: str
    heard_at: float
    is_ready: bool = False
    is_done: bool = False
    failure: str | None = None


@dataclass(slots=True)
class Keeper:
    """One run.

    Attributes:
        plan: What is to be done.
        pack: Of the photos; None where none is sent.
        workers: Who makes the load.
        observations: Of the target; None where nobody looks.
        recording: Of all workers together.
        stopped_early: Whether somebody ended the run.
        clock: In seconds.
    """

    plan: RunPlan
    pack: Pack | None
    workers: list[Worker]
    observations: Observations | None
    recording: Recording = field(default_factory=Recording)
    stopped_early: bool = False
    clock: Callable[[], float] = time.monotonic
    _started: dt.datetime | None = None

    def begin(self, begins_in_seconds: float) -> None:
        """Note that the workers are told to begin."""
        self._started = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=begins_in_seconds)
        for worker in self.workers:
            worker.heard_at = self.clock() + begins_in_seconds

    def hear(self, number: int, recording: Recording, *, is_done: bool) -> None:
        """Take a worker's report."""
        worker = self.workers[number]
        worker.heard_at = self.clock()
        worker.is_done = worker.is_done or is_done
        self.recording.add(recording)

    @property
    def lost(self) -> tuple[str, ...]:
        """Workers that fell silent before they were done."""
        limit = self.clock() - SILENCE_SECONDS
        return tuple(worker.name for worker in self.workers if not worker.is_done and worker.heard_at < limit)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come."""
        lost = self.lost
        return self.stopped_early or all(worker.is_done or worker.name in lost for worker in self.workers)

    def finish(self, folder: Path) -> FinishedRun:
        """Judge the run, and write its folder."""
        run = self.summarise()
        write_run(folder, run)
        return run

    def summarise(self) -> FinishedRun:
        """Everything that is known of the run."""
        plan, recording, lost = self.plan, self.recording, self.lost
        seconds = plan.arrivals.seconds
        observations = self.observations
        reasons = judge(recording, Circumstances(seconds, len(self.workers), lost, self.stopped_early, observations))
        started = recording.started_before(seconds)
        series = recording.series()
        first = None if observations is None else observations.first
        started_at = self._started or dt.datetime.now(dt.UTC)
        summary = RunSummary(
            started=started_at.isoformat(timespec="seconds"),
            seconds=seconds,
            target=plan.target,
            model_server=plan.model_server,
            traffic_class=PATIENT if plan.key_file is None else LOADTEST,
            arrivals=plan.arrivals.as_dict(),
            mix=plan.mix,
            pack=None if self.pack is None else {"name": self.pack.name, "digest": self.pack.digest},
            wanted=recording.wanted,
            started_count=started,
            wanted_rate=recording.wanted / seconds,
            achieved_rate=started / seconds,
            completed_rate=recording.ok_before(seconds) / seconds,
            valid=not reasons,
            invalid_reasons=reasons,
            generator=GeneratorFigures(
                workers=len(self.workers),
                workers_lost=len(lost),
                cpu_share_max=round(recording.cpu_share, 4),
                late_start_p99_seconds=recording.late.percentile(99),
                late_start_max_seconds=recording.late.max,
                in_flight_max=max((row.in_flight for row in series), default=0),
            ),
            outcomes={name: dict(counts) for name, counts in recording.outcomes.items()},
            statuses={name: dict(counts) for name, counts in recording.statuses.items()},
            answers=recording.answer_figures(),
            latency=recording.latency_figures(),
            model_version=None if first is None else first.model_version,
            machine=machine_of_load(),
        )
        change = Observations((), summary.traffic_class).change() if observations is None else observations.change()
        return FinishedRun(summary, recording.latency, series, change)


def workers_named(names: Sequence[str], clock: Callable[[], float] = time.monotonic) -> list[Worker]:
    """Workers that were heard of just now."""
    return [Worker(name, clock()) for name in names]


def folder_of_now(below: Path) -> Path:
    """A folder that holds nothing yet, named after this moment: where nobody named one."""
    return free_folder(below / f"{dt.datetime.now(dt.UTC):%Y-%m-%d_%H-%M-%S}")


def free_folder(wanted: Path) -> Path:
    """The wanted folder, or the first of `wanted-2`, `wanted-3`, ... that holds nothing yet: no run is written over."""
    number, folder = 1, wanted
    while folder.exists() and any(folder.iterdir()):
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")
    return folder
