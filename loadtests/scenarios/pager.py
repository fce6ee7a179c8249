"""Where Alertmanager's notifications arrive: an HTTP server that keeps what it is sent, by the name of the receiver. Nobody is paged."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self

HEARTBEAT: Final = "heartbeat"
"""Receiver of the alert that always fires."""
FIRING: Final = "firing"
RESOLVED: Final = "resolved"


@dataclass(frozen=True, slots=True)
class Notification:
    """One of Alertmanager's posts.

    Attributes:
        receiver: Last part of the path that it came to.
        status: `firing` or `resolved`.
        alerts: Names of the alerts in it that fire, or are over.
        at: When it came, monotonic seconds.
    """

    receiver: str
    status: str
    alerts: tuple[str, ...]
    at: float


class Pager:
    """Listens inside the block, on a free port."""

    def __init__(self) -> None:
        self._notifications: list[Notification] = []
        self._came = threading.Condition()

    def __enter__(self) -> Self:
        """Begin to listen."""
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """One notification."""
                content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                names = tuple(sorted({alert["labels"]["alertname"] for alert in content["alerts"]}))
                told.take(Notification(self.path.rsplit("/", 1)[-1], content["status"], names, time.monotonic()))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing of each request."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, notification: Notification) -> None:
        """Keep one."""
        with self._came:
            self._notifications.append(notification)
            self._came.notify_all()

    def notifications(self, status: str | None = None, *, but: tuple[str, ...] = (HEARTBEAT,)) -> list[Notification]:
        """What came so far, oldest first; heartbeats are left out unless asked for."""
        with self._came:
            return [each for each in self._notifications if each.receiver not in but and status in (None, each.status)]

    def is_quiet(self) -> bool:
        """Whether everything that was told is told as over."""
        last = {(each.receiver, alert): each.status for each in self.notifications() for alert in each.alerts}
        return FIRING not in last.values()

    def wait_for(self, holds: Callable[[list[Notification]], bool], seconds: float) -> bool:
        """Wait until what came fits; whether it did in time."""
        with self._came:
            return self._came.wait_for(lambda: holds(list(self._notifications)), seconds)
