"""Where Alertmanager's notifications arrive on this machine: an HTTP server that hands on each one, by the name of its receiver."""

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
"""Receiver of the alert that always fires."""


class WebhookListener:
    """Listens inside the block, on a free port.

    Args:
        take: Told each notification: the last part of the path that it came to, which is its receiver, and what Alertmanager posted.
    """

    def __init__(self, take: Callable[[str, dict[str, Any]], None]) -> None:
        self._take_content = take

    @property
    def port(self) -> int:
        """Where it listens, inside the block."""
        return self._server.server_address[1]

    def __enter__(self) -> Self:
        """Begin to listen."""
        take = self._take_content

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """One notification."""
                length = int(self.headers.get("Content-Length") or 0)
                content = json.loads(self.rfile.read(min(length, MOST_BYTES)))
                take(self.path.rsplit("/", 1)[-1], content)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing of each request."""

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self._server.daemon_threads = True
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
