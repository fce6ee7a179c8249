"""The whole system on this machine, as a site has it, and faster: two gateways behind one front door, and everything that watches them.

Model server, gateways, sentinel, drift controller, Prometheus and Alertmanager are the real programs with the committed rules and routes. What
is not ours stands in: what balances connections, and the pager.
"""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from loadtests.errors import ScenarioFailed
from loadtests.scenarios.environment import without_settings
from loadtests.scenarios.front_door import FrontDoor
from loadtests.scenarios.model_door import ModelDoor
from loadtests.scenarios.pager import Pager
from loadtests.scenarios.scenario import Scenario
from serving.contract.model import MODEL_NAME
from serving.local.ports import LOOPBACK, WatchedPorts, find_free_port
from serving.local.processes import ProcessGroup
from serving.local.stack import Interpreters, model_server_address, start_gateway, start_model_server
from serving.local.watching import (
    LOOK_AT_GOLDEN_CROPS_SECONDS,
    Pace,
    Stack,
    make_keys,
    start_alerting,
    start_sentinel,
)
from serving.repository import ModelRepository

GATEWAYS: Final = ("gateway", "second-gateway")
MINUTES_A_DAY: Final = 1440.0
WATCHED_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.2
PARTS: Final = 7
"""Scraped: two gateways, model server, drift controller, sentinel, Prometheus, Alertmanager."""


class Site:
    """Runs inside the block; everything it started is stopped at its end, whatever happened.

    Args:
        scenario: Says how it is set up.
        folder: `models` in it is the model repository, of this run alone; keys, logs and data are added.
        python: Of each component.
        has_model_door: Whether gateways reach the model server through something that can change its answers.

    Raises:
        ScenarioFailed: Prometheus or Alertmanager is not installed.
        serving.local.processes.ProcessFailed: A part did not come up.
    """

    def __init__(self, scenario: Scenario, folder: Path, python: Interpreters, *, has_model_door: bool) -> None:
        self._scenario, self._has_model_door = scenario, has_model_door
        self.ports = WatchedPorts(*(find_free_port() for _ in dataclasses.fields(WatchedPorts)))
        self._logs, self.pager = ProcessGroup(folder / "logs"), Pager()
        pace = Pace(scenario.times_faster, scenario.photos_a_minute * MINUTES_A_DAY)
        self.stack = Stack(self._logs, folder, python, self.ports, pace)
        self.model_door: ModelDoor | None = None
        self._gateway_settings: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Self:
        """Start everything, what is asked before what asks, and nothing with a setting of the shell that runs this."""
        with ExitStack() as opened:
            opened.enter_context(without_settings())
            opened.enter_context(self._logs)
            opened.enter_context(self.pager)
            self._start(opened)
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything."""
        self._opened.close()

    @property
    def models(self) -> ModelRepository:
        """Its model repository."""
        return ModelRepository(self.stack.models, MODEL_NAME)

    def key(self, name: str) -> str:
        """An API key: `patients` or `sentinel`."""
        return (self.stack.watching / f"{name}.key").read_text().strip()

    def start_gateway(self, name: str) -> None:
        """Start a gateway where it was before."""
        stack = self.stack
        start_gateway(
            stack.group, stack.python.gateway, stack.models, self.ports, self._gateway_settings[name], name=name
        )

    def kill(self, name: str) -> None:
        """End a part at once, with all that belongs to it."""
        self.signal(name, signal.SIGKILL)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a part, and to all that belongs to it."""
        os.killpg(self.stack.group.pid(name), number)

    def run_program(self, python: Path, *arguments: str) -> None:
        """Run a command of the runbook to its end.

        Raises:
            ScenarioFailed: It did not end well.
        """
        environment = {**os.environ, "SYMMETRA_MODEL_REPOSITORY": str(self.stack.models), **self._model_server()}
        done = subprocess.run(
            [str(python), "-m", *arguments], capture_output=True, text=True, check=False, env=environment
        )
        if done.returncode != 0:
            message = f"`python -m {' '.join(arguments)}` ended with exit code {done.returncode}: {done.stderr.strip()}"
            raise ScenarioFailed(message)

    def query(self, expression: str, **moments: float) -> list[dict[str, Any]]:
        """What Prometheus says now, or of a range where `start`, `end` and `step` are given.

        Raises:
            ScenarioFailed: It does not answer.
        """
        path = "query_range" if moments else "query"
        asked = urllib.parse.urlencode({"query": expression, **moments})
        url = f"http://{LOOPBACK}:{self.ports.prometheus_port}/api/v1/{path}?{asked}"
        try:
            with urllib.request.urlopen(url, timeout=WATCHED_SECONDS) as answer:
                found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        except (urllib.error.URLError, OSError) as error:
            message = f"Prometheus does not answer: {error}"
            raise ScenarioFailed(message) from error
        return found

    def wait_until_watched(self) -> None:
        """Wait until every part is scraped, the sentinel saw right answers, and no alert is about to fire.

        Raises:
            ScenarioFailed: That did not come to be.
        """
        deadline = time.monotonic() + WATCHED_SECONDS
        while not self._is_watched():
            ended = self.stack.group.first_ended()
            if ended is not None:
                raise ScenarioFailed(ended)
            if time.monotonic() > deadline:
                scraped = sorted({row["metric"]["job"] for row in self.query("up == 1")})
                alerts = sorted({row["metric"]["alertname"] for row in self.query("ALERTS")})
                message = f"after {WATCHED_SECONDS:.0f} s only {', '.join(scraped)} are scraped, and of alerts there are {', '.join(alerts)}"
                raise ScenarioFailed(message)
            time.sleep(POLL_SECONDS)

    def _is_watched(self) -> bool:
        return (
            len(self.query("up == 1")) == PARTS
            and bool(self.query('symmetra_blackbox_in_a_row{result="right"} >= 2'))
            and not self.query('ALERTS{alertname!="DeadMansSwitch"}')
            # While a site starts, parts of it are down; who was told so must have been told that it is over.
            and self.pager.is_quiet()
        )

    def _start(self, opened: ExitStack) -> None:
        stack, ports = self.stack, self.ports
        stack.watching.mkdir(parents=True, exist_ok=True)
        start_model_server(stack.group, stack.python.serving, stack.models, ports)
        if self._has_model_door:
            self.model_door = opened.enter_context(ModelDoor(model_server_address(ports)))
        make_keys(stack.watching, stack.python.gateway)
        places = {
            GATEWAYS[0]: (ports.port, ports.metrics_port),
            GATEWAYS[1]: (ports.second_gateway_port, ports.second_gateway_metrics_port),
        }
        for name, (port, metrics_port) in places.items():
            self._gateway_settings[name] = {
                "SYMMETRA_PORT": str(port),
                "SYMMETRA_METRICS_PORT": str(metrics_port),
                **self._common_settings(),
                **self._records(name),
            }
            self.start_gateway(name)
        self.door = opened.enter_context(FrontDoor([port for port, _ in places.values()]))
        start_sentinel(stack, self.door.url)
        missing: list[str] = []
        start_alerting(stack, self.pager.port, missing.append)
        if missing:
            raise ScenarioFailed(missing[0])

    def _common_settings(self) -> dict[str, str]:
        deadline = self._scenario.site.deadline_seconds
        return {
            "SYMMETRA_API_KEYS_FILE": str(self.stack.watching / "keys.json"),
            "SYMMETRA_SENTINEL_INTERVAL_SECONDS": f"{self.stack.pace.seconds(LOOK_AT_GOLDEN_CROPS_SECONDS):g}",
            **self._model_server(),
            **({} if deadline is None else {"SYMMETRA_DEADLINE_SECONDS": f"{deadline:g}"}),
        }

    def _model_server(self) -> dict[str, str]:
        address = model_server_address(self.ports) if self.model_door is None else self.model_door.address
        return {"SYMMETRA_MODEL_SERVER": address}

    def _records(self, name: str) -> Mapping[str, str]:
        """A database file of its own for each gateway: one of SQLite belongs to one gateway."""
        if not self._scenario.site.records:
            return {}
        key, url = self.stack.watching / "record.key", f"sqlite:///{(self.stack.watching / f'{name}.db').resolve()}"
        if not key.exists():
            key.touch(mode=0o600)
            key.write_text(secrets.token_hex(32) + "\n")
        settings = {"SYMMETRA_RECORDS_URL": url, "SYMMETRA_RECORD_KEY_FILE": str(key.resolve())}
        self.run_program(self.stack.python.gateway, "gateway", "records", "upgrade", f"--url={url}")
        return settings
