"""For `locust -f loadtests/locustfile.py`: web UI, `--headless`, `--master` and `--worker`, with honest load.

    locust -f loadtests/locustfile.py --host http://127.0.0.1:8080 --pack .run/load-pack --rate 20 --seconds 60
    locust -f loadtests/locustfile.py --headless ... --metrics http://127.0.0.1:9108/metrics
    locust -f loadtests/locustfile.py --master ...    and on other machines:    locust -f ... --worker --master-host ...

Requests are due by a schedule (`--arrivals`), whatever becomes of earlier ones; the number of Locust's users says nothing but
how many workers there are. Each run leaves a folder (`loadtests/run/format.py`). A headless run exits with 0 where it can be
believed, however the target fared; with 3 where it is INVALID; with 1 where it could not be made.
"""

from __future__ import annotations

import datetime as dt
import logging
import signal
from pathlib import Path
from typing import Any, Final

import gevent
from locust import LoadTestShape, User, events, task
from locust.env import Environment

from loadtests.errors import TargetRefused
from loadtests.run.format import FinishedRun
from loadtests.run.plan import DEFAULT_MODEL, DEFAULT_PATIENCE_SECONDS, RunPlan
from loadtests.run.request import RunRequest
from loadtests.run.summary import describe
from loadtests.users.session import MasterSession, WorkerSession, leads, makes_load

VALID, FAILED, INVALID = 0, 1, 3
DEFAULT_RUNS: Final = ".run/loadtests"

logger = logging.getLogger("symmetra.loadtest")
sessions: dict[str, Any] = {}
"""Of this process: "master" and "worker"; alone, it has both."""


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_options(parser: Any) -> None:  # noqa: ANN401 - Locust's own
    """What a run needs to be told; the web UI shows the same."""
    group = parser.add_argument_group("Symmetra")
    group.add_argument("--rate", type=float, default=5.0, help="requests per second")
    group.add_argument("--seconds", type=float, default=60.0, help="during which requests are due")
    group.add_argument(
        "--arrivals",
        default="poisson",
        help="poisson, ramp:LAST, ramp:FIRST:LAST, spike:PEAK:BEGIN:LENGTH, day, replay:CSV",
    )
    group.add_argument("--seed", type=int, default=1, help="of the schedule and of the choice of photos")
    group.add_argument("--mix", default="photo", help="shares of users: photo, page, direct, as in photo=0.9,page=0.1")
    group.add_argument("--pack", default="", help="folder of the photos")
    group.add_argument("--metrics", default="", help="metrics pages of the gateway's replicas, separated by commas")
    group.add_argument("--key-file", default="", help="file of an API key of the class loadtest, on every worker")
    group.add_argument("--ca-file", default="", help="of who signed the target's certificate, on every worker")
    group.add_argument("--model-server", default="", help="host:port, for direct users")
    group.add_argument("--model", default=DEFAULT_MODEL, help="its model, for direct users")
    group.add_argument(
        "--patience", type=float, default=DEFAULT_PATIENCE_SECONDS, help="seconds after which a request is given up"
    )
    group.add_argument("--run-folder", default="", help=f"of this run; if not given, a new one under {DEFAULT_RUNS}")
    group.add_argument("--i-own-this-target", default="", help="the target again, where it is not this machine")
    group.add_argument(
        "--i-own-this-model-server", default="", help="the model server again, where it is not this machine"
    )


@events.init.add_listener  # type: ignore[untyped-decorator]
def set_up(environment: Environment, **_: object) -> None:
    """Give this process its part."""
    if leads(environment):
        environment.process_exit_code = FAILED
        sessions["master"] = MasterSession(
            environment,
            lambda: plan_of(environment),
            lambda: run_folder(environment),
            lambda end: tell(environment, end),
        )
        # Locust hears SIGTERM only when a headless run is over, and a Job is ended with it.
        gevent.signal_handler(signal.SIGTERM, sessions["master"].stop)
    if makes_load(environment):
        sessions["worker"] = WorkerSession(environment)


def plan_of(environment: Environment) -> RunPlan:
    """The plan that the options say.

    Raises:
        LoadTestError: They say none, or one that may not be carried out.
    """
    options: Any = environment.parsed_options
    if not environment.host:
        message = "say where load should go: --host http://HOST:PORT"
        raise TargetRefused(message)
    return RunRequest(
        target=environment.host,
        folder=run_folder(environment),
        rate=options.rate,
        seconds=options.seconds,
        arrivals=options.arrivals,
        seed=options.seed,
        mix=options.mix,
        pack=_path(options.pack),
        metrics=tuple(filter(None, options.metrics.split(","))),
        key_file=_path(options.key_file),
        ca_file=_path(options.ca_file),
        model_server=options.model_server or None,
        model=options.model,
        patience_seconds=options.patience,
        i_own_this_target=options.i_own_this_target or None,
        i_own_this_model_server=options.i_own_this_model_server or None,
    ).plan()


def run_folder(environment: Environment) -> Path:
    """Where this run is kept."""
    options: Any = environment.parsed_options
    wanted = options.run_folder
    return Path(wanted) if wanted else Path(DEFAULT_RUNS) / f"{dt.datetime.now(dt.UTC):%Y-%m-%d_%H-%M-%S}"


def tell(environment: Environment, end: FinishedRun | str) -> None:
    """Say how the run ended, and let a headless one exit accordingly."""
    if isinstance(end, str):
        logger.error("the load test could not be made: %s", end)
        environment.process_exit_code = FAILED
        return
    environment.process_exit_code = VALID if end.summary.valid else INVALID
    logger.info("%s", describe(end.summary))


def _path(text: str) -> Path | None:
    return Path(text).absolute() if text else None


class Load(User):
    """Stands for one worker in Locust's eyes, and waits: the worker's requests start by the schedule."""

    @task
    def wait_for_the_schedule(self) -> None:
        """Do nothing for a while."""
        gevent.sleep(1)


class UntilTheScheduleIsOver(LoadTestShape):
    """One user for each worker, until the run has its folder."""

    def tick(self) -> tuple[int, float] | None:
        """How many users there should be, and how many more in a second; None ends the run."""
        master = sessions["master"]
        return None if master.is_over else (master.workers, 100.0)
