"""`/healthz`, `/readyz` and `/metrics`. Health and readiness are answered from memory; nothing here asks the model."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from serving.probe.exposition import CONTENT_TYPE, write_exposition
from serving.probe.prober import Findings

Answer = tuple[HTTPStatus, str, str]
"""Status, content type, body."""
JSON: Final = "application/json"
CLIENT_SECONDS: Final = 5.0
"""A client that sends no request, or reads no answer, for so long is let go."""
_STOP_POLL_SECONDS: Final = 0.1
"""How long closing may take to be noticed."""


class HttpApi:
    """What the paths answer, without the sockets.

    Args:
        read_findings: What the probe knows now.
        fetch_server_metrics: The model server's own page; "" where there is none.
    """

    def __init__(self, read_findings: Callable[[], Findings], fetch_server_metrics: Callable[[], str]) -> None:
        self._read_findings = read_findings
        self._fetch_server_metrics = fetch_server_metrics
        self._paths: dict[str, Callable[[], Answer]] = {
            "/healthz": _answer_health,
            "/readyz": self._answer_readiness,
            "/metrics": self._answer_metrics,
        }

    def answer(self, path: str) -> Answer:
        """The answer to a GET."""
        found = self._paths.get(path.partition("?")[0])
        if found is None:
            return HTTPStatus.NOT_FOUND, JSON, '{"error": "not found"}\n'
        return found()

    def _answer_readiness(self) -> Answer:
        findings = self._read_findings()
        readiness, device = findings.readiness, findings.device
        body = {
            "ready": readiness.ready,
            "busy": readiness.busy,
            "reason": readiness.reason,
            "pinned_version": findings.pinned_version,
            "device": {"asked": device.asked, "used": device.used},
        }
        status = HTTPStatus.OK if readiness.ready else HTTPStatus.SERVICE_UNAVAILABLE
        return status, JSON, json.dumps(body) + "\n"

    def _answer_metrics(self) -> Answer:
        page = self._fetch_server_metrics()
        own = write_exposition(self._read_findings(), server_metrics_up=bool(page))
        return HTTPStatus.OK, CONTENT_TYPE, page + own


class HttpServer:
    """Listens from the start; answers, each request in a thread of its own, until closed.

    Args:
        api: What answers.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.

    Raises:
        OSError: The address or port cannot be had.
    """

    def __init__(self, api: HttpApi, host: str, port: int) -> None:
        self._server = _Server((host, port), type("Handler", (_Handler,), {"api": api}))
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_STOP_POLL_SECONDS,), name="http", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    """Connections that wait to be taken; Python's own 5 makes a sixth wait for seconds."""

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is nobody's news."""


class _Handler(BaseHTTPRequestHandler):
    api: HttpApi
    timeout = CLIENT_SECONDS

    def do_GET(self) -> None:
        status, content_type, body = self.api.answer(self.path)
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def do_HEAD(self) -> None:
        self.do_GET()

    def version_string(self) -> str:
        return "symmetra-probe"

    def log_message(self, *_: object) -> None:
        """Probes and scrapes every few seconds are not worth a line."""


def _answer_health() -> Answer:
    return HTTPStatus.OK, JSON, '{"status": "ok"}\n'
