"""All of `make monitor` on the tiny version: two gateways, model server, sentinel, drift controller, Prometheus, Alertmanager."""

from __future__ import annotations

import dataclasses
import http.client
import signal
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil

from serving.contract.model import MODEL_NAME
from serving.local.notices import Notices
from serving.local.ports import WatchedPorts, find_free_port
from serving.local.processes import ProcessGroup
from serving.local.stack import Interpreters, start_gateway, start_model_server
from serving.local.watching import Pace, Stack, start_watching
from tests.support.prometheus_api import PrometheusApi

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT_SECONDS = 120.0
TARGETS = 7
"""Two gateways, model server, controller, sentinel, Prometheus, Alertmanager."""


class WatchedStack:
    """Runs inside the block; everything it started is stopped at its end.

    Args:
        folder: Its `models` is the repository, with a pinned version; the rest is made.
        pace: How fast it is watched.
    """

    def __init__(self, folder: Path, pace: Pace) -> None:
        self.folder, self.pace = folder, pace
        self.ports = WatchedPorts(*(find_free_port() for _ in dataclasses.fields(WatchedPorts)))
        self.told: list[str] = []
        """Lines of what Alertmanager told, and of what could not be started."""
        self.prometheus = PrometheusApi(self.ports.prometheus_port)

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self.group = opened.enter_context(ProcessGroup(self.folder / "logs"))
            notices = opened.enter_context(Notices(self.told.append))
            self.stack = Stack(self.group, self.folder, Interpreters.this_one(), self.ports, self.pace)
            start_model_server(self.group, self.stack.python.serving, self.stack.models, self.ports)
            self.start_first_gateway()
            watched = start_watching(self.stack, notices.port, self.told.append)
            assert (watched.prometheus, watched.alertmanager) == (True, True), self.told
            self.patient_key = watched.patient_key_file.read_text().strip()
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @property
    def golden_photos(self) -> list[bytes]:
        """Of the version, those that get an answer."""
        folder = self.stack.models / MODEL_NAME / "1" / "assets.extra" / "golden_photos"
        return [path.read_bytes() for path in sorted(folder.glob("scored-*.jpg"))]

    def start_first_gateway(self) -> None:
        """The one that asks for no key."""
        start_gateway(self.group, self.stack.python.gateway, self.stack.models, self.ports)

    def stop_first_gateway(self) -> None:
        """As an operator stops it: it finishes what it was asked."""
        process = psutil.Process(self.pid("gateway"))
        process.send_signal(signal.SIGTERM)
        process.wait(60)

    def second_page(self) -> str:
        """Metrics of the gateway that asks for keys."""
        url = f"http://127.0.0.1:{self.ports.second_gateway_metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.read().decode()

    def pid(self, name: str) -> int:
        """Of a part, by the name of its log."""
        return self.group.pid(name)

    def wait_for(self, holds: Callable[[], object], what: Callable[[], object]) -> None:
        """Wait until it holds, and say what was there instead."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not holds():
            assert self.group.first_ended() is None, self.group.first_ended()
            assert time.monotonic() < deadline, (what(), self.told[-20:])
            time.sleep(0.2)

    def wait_until_watched(self) -> None:
        """Wait until Prometheus reaches everything."""
        up = self.prometheus
        self.wait_for(lambda: len(up.query("up == 1")) == TARGETS, lambda: up.query("up"))

    def screen(self, photo: bytes, *, second: bool = False, key: str = "", subject: str = "", traffic: str = "") -> int:
        """One photo: the HTTP status. The second gateway wants a key; a patients' one unless told."""
        given = {
            "X-API-Key": (key or self.patient_key) if second else "",
            "X-Subject": subject,
            "X-Traffic-Class": traffic,
        }
        headers = {name: value for name, value in given.items() if value}
        port = self.ports.second_gateway_port if second else self.ports.port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("POST", "/v1/screenings", photo, {"Content-Type": "image/jpeg", **headers})
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()
