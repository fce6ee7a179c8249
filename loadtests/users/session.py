"""A run within Locust: one process, or a master with its workers, which talk over Locust's own connection.

1. The master looks at the target and sends every worker the plan and its number (`PREPARE`).
2. A worker reads its photos, draws the schedule, and says that it is ready (`READY`), or why it is not.
3. When all are ready, the master tells them to begin in half a second (`BEGIN`).
4. Each reports once a second what it recorded since (`REPORT`), the last time with `done`.
5. The master waits until all are done or silent, looks at the target again, judges the run and writes its folder.

Locust's users only stand for the workers here: they wait. What Locust shows are the requests with their latency from the
intended start.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

import gevent
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from loadtests.errors import LoadTestError
from loadtests.photos import Pack
from loadtests.run.format import OK_OUTCOMES, FinishedRun
from loadtests.run.keeper import Keeper, Worker, free_folder, workers_named
from loadtests.run.observation import Observations
from loadtests.run.plan import RunPlan
from loadtests.run.recording import Ended, Recording
from loadtests.run.target import LOADTEST, PATIENT
from loadtests.users.direct import use_gevent_in_grpc
from loadtests.users.pace import Pace
from loadtests.users.worker_part import prepare, require_pack

PREPARE: Final = "symmetra_prepare"
READY: Final = "symmetra_ready"
BEGIN: Final = "symmetra_begin"
REPORT: Final = "symmetra_report"

BEGINS_IN_SECONDS: Final = 0.5
"""Every worker counts from when it is told; this is for the message to reach the last of them."""
READY_SECONDS: Final = 120.0
REPORT_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 5.0
STEP_SECONDS: Final = 0.1

logger = logging.getLogger("symmetra.loadtest")


class WorkerSession:
    """The part of a process that makes load."""

    def __init__(self, environment: Environment) -> None:
        events: Any = environment.events
        self._events = events
        self._runner = cast("Any", environment.runner)
        self._pace: Pace | None = None
        self._running: gevent.Greenlet | None = None
        self._number = 0
        self._runner.register_message(PREPARE, self._on_prepare, concurrent=True)
        self._runner.register_message(BEGIN, self._on_begin)
        events.test_stopping.add_listener(self._on_test_stopping)

    def _on_prepare(self, environment: Environment, msg: Any) -> None:  # noqa: ANN401, ARG002 - as Locust calls it
        order = msg.data
        self._number = order["worker"]
        failure = None
        try:
            plan = RunPlan.load(order["plan"])
            if "direct" in plan.mix:
                use_gevent_in_grpc()
            self._pace = prepare(plan, self._number, order["workers"], order["version"], self._show)
        except LoadTestError as error:
            failure = str(error)
        self._tell(READY, {"worker": self._number, "failure": failure})

    def _on_begin(self, environment: Environment, msg: Any) -> None:  # noqa: ANN401, ARG002 - as Locust calls it
        if self._pace is not None:
            self._running = gevent.spawn(self._pace.run, msg.data["begins_in_seconds"])
            gevent.spawn(self._report_until_done, self._pace, self._running)

    def _on_test_stopping(self, **_: object) -> None:
        """Somebody ended the run; after its end there is nothing to stop."""
        if self._running is not None:
            self._running.kill(block=False)

    def _report_until_done(self, pace: Pace, running: gevent.Greenlet) -> None:
        while not running.ready():
            running.join(REPORT_SECONDS)
            self._report(pace.take_recording(), is_done=running.ready() and running.value is True)

    def _report(self, recording: Recording, *, is_done: bool) -> None:
        self._tell(REPORT, {"worker": self._number, "recording": recording.dump(), "done": is_done})

    def _tell(self, kind: str, content: dict[str, Any]) -> None:
        self._runner.send_message(kind, content)

    def _show(self, ended: Ended) -> None:
        """Let Locust show a request."""
        is_ok = ended.outcome in OK_OUTCOMES
        self._events.request.fire(
            request_type=ended.user_type,
            name=ended.outcome if is_ok else "error",
            response_time=(ended.at - ended.due) * 1000,
            response_length=0,
            exception=None if is_ok else f"{ended.outcome} {ended.status or ''}".strip(),
            context={},
        )


class MasterSession:
    """The part of the process that leads a run.

    Args:
        environment: Of Locust.
        plan: Says what is to be done, when a run begins; raises LoadTestError where it cannot be done.
        folder: Where runs are kept, or this run is.
        on_end: Told of the finished run, or of the sentence why there is none.
    """

    def __init__(
        self,
        environment: Environment,
        plan: Callable[[], RunPlan],
        folder: Callable[[], Path],
        on_end: Callable[[FinishedRun | str], None],
    ) -> None:
        self._runner = cast("Any", environment.runner)
        self._plan = plan
        self._folder = folder
        self._on_end = on_end
        self._keeper: Keeper | None = None
        self._leading: gevent.Greenlet | None = None
        self._runner.register_message(READY, self._on_ready)
        self._runner.register_message(REPORT, self._on_report)
        events: Any = environment.events
        events.test_start.add_listener(self._on_test_start)
        events.test_stopping.add_listener(self._on_test_stopping)

    @property
    def is_over(self) -> bool:
        """Whether the run that was begun last has its folder, or will have none."""
        return self._leading is not None and self._leading.ready()

    @property
    def workers(self) -> int:
        """How many processes can make load now."""
        runner = self._runner
        return len(runner.clients.all) if isinstance(runner, MasterRunner) else 1

    def stop(self) -> None:
        """End the run; it leaves its folder, INVALID."""
        if self._keeper is not None:
            self._keeper.stopped_early = True

    def _on_test_start(self, **_: object) -> None:
        # Locust starts anew when a worker comes or goes; the run goes on as it was.
        if self._leading is None or self._leading.ready():
            self._leading = gevent.spawn(self._lead)

    def _on_test_stopping(self, **_: object) -> None:
        if self._leading is not None and not self._leading.ready() and gevent.getcurrent() is not self._leading:
            self.stop()
            self._leading.join(LOOK_SECONDS)

    def _lead(self) -> None:
        self._keeper = None
        try:
            keeper, names = self._set_up(self._plan())
            self._make_ready(keeper, names)
            watching = gevent.spawn(self._watch, keeper)
            keeper.begin(BEGINS_IN_SECONDS)
            self._runner.send_message(BEGIN, {"begins_in_seconds": BEGINS_IN_SECONDS})
            while not keeper.is_over:
                gevent.sleep(STEP_SECONDS)
            watching.kill()
            if keeper.observations is not None:
                keeper.observations.last = keeper.observations.look()
            self._on_end(keeper.finish(free_folder(self._folder())))
        except LoadTestError as error:
            self._on_end(str(error))

    def _set_up(self, plan: RunPlan) -> tuple[Keeper, list[str | None]]:
        """The keeper of the run, and by which name Locust knows each worker; None for this process itself."""
        runner = self._runner
        names: list[str | None] = [None]
        if isinstance(runner, MasterRunner):
            names = [*sorted(client.id for client in runner.clients.all)]
        pack: Pack | None = require_pack(plan) if {"photo", "direct"} & plan.mix.keys() else None
        traffic = PATIENT if plan.key_file is None else LOADTEST
        observations = Observations(plan.metrics, traffic) if plan.metrics else None
        if observations is not None:
            observations.first = observations.look()
        workers = workers_named([f"worker {number + 1}" for number in range(len(names))])
        self._keeper = Keeper(plan, pack, workers, observations)
        return self._keeper, names

    def _make_ready(self, keeper: Keeper, names: list[str | None]) -> None:
        """Have every worker prepare itself.

        Raises:
            LoadTestError: One of them cannot, or does not say so in time.
        """
        first = None if keeper.observations is None else keeper.observations.first
        version = None if first is None or first.model_version is None else int(first.model_version)
        order = {"plan": keeper.plan.dump(), "workers": len(names), "version": version}
        for number, name in enumerate(names):
            self._runner.send_message(PREPARE, order | {"worker": number}, name)
        deadline = time.monotonic() + READY_SECONDS
        while not all(worker.is_ready for worker in keeper.workers):
            failures = [f"{worker.name}: {worker.failure}" for worker in keeper.workers if worker.failure]
            if failures or time.monotonic() > deadline:
                message = "; ".join(failures) or f"not every worker was ready within {READY_SECONDS:.0f} seconds"
                raise LoadTestError(message)
            gevent.sleep(STEP_SECONDS)

    def _watch(self, keeper: Keeper) -> None:
        while keeper.observations is not None:
            gevent.sleep(LOOK_SECONDS)
            keeper.observations.look()

    def _on_ready(self, environment: Environment, msg: Any) -> None:  # noqa: ANN401, ARG002 - as Locust calls it
        worker = self._worker(msg.data["worker"])
        if worker is not None:
            worker.failure = msg.data["failure"]
            worker.is_ready = worker.failure is None

    def _on_report(self, environment: Environment, msg: Any) -> None:  # noqa: ANN401, ARG002 - as Locust calls it
        if self._keeper is not None and self._worker(msg.data["worker"]) is not None:
            recording = Recording.load(msg.data["recording"])
            self._keeper.hear(msg.data["worker"], recording, is_done=msg.data["done"])

    def _worker(self, number: int) -> Worker | None:
        workers = [] if self._keeper is None else self._keeper.workers
        return workers[number] if number < len(workers) else None


def makes_load(environment: Environment) -> bool:
    """Whether this process makes load itself: it is a worker, or has none."""
    return not isinstance(environment.runner, MasterRunner)


def leads(environment: Environment) -> bool:
    """Whether this process leads runs: it is the master, or works alone."""
    return not isinstance(environment.runner, WorkerRunner)
