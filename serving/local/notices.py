"""Where Alertmanager's notifications arrive in the local stack: they are told to the terminal, and nobody is paged."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

from serving.local.ports import LOOPBACK

MOST_BYTES: Final = 1_000_000
HEARTBEAT: Final = "heartbeat"
"""Receiver of the alert that always fires: said once, or it would bury the rest."""


class Notices:
    """Listens inside the block, on a free port.

    Args:
        tell: Told each line.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._heard = False
        notices = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """One notification."""
                length = int(self.headers.get("Content-Length") or 0)
                content = json.loads(self.rfile.read(min(length, MOST_BYTES)))
                notices.take(self.path.rsplit("/", 1)[-1], content)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing of each request."""

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_address[1]

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, receiver: str, content: dict[str, Any]) -> None:
        """Tell one notification, as Alertmanager posts it."""
        if receiver == HEARTBEAT:
            if not self._heard:
                self._tell("monitoring is alive (told to whoever waits for its heartbeat, and not repeated here)")
            self._heard = True
            return
        for alert in content["alerts"]:
            labels, notes = alert["labels"], alert["annotations"]
            over = "over: " if alert["status"] == "resolved" else ""
            self._tell(f"to {receiver}: {over}{labels['alertname']} ({labels['severity']})")
            self._tell(f"    {notes['summary']}")
            if not over:
                self._tell(f"    {notes['description']}")
                self._tell(f"    what to do: {notes['runbook_url']}")
