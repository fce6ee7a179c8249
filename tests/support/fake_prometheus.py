"""An HTTP server that answers Prometheus' range queries as told."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit


class FakePrometheus:
    """Inside the block it answers every query with the same series, or with other bytes, another status."""

    def __init__(self) -> None:
        self.series: list[dict] = []
        self.body: bytes | None = None
        self.status = 200
        self.headers: dict[str, str] = {}
        self.queries: list[dict[str, list[str]]] = []

    def __enter__(self) -> Self:
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                told.queries.append(parse_qs(urlsplit(self.path).query))
                body = told.body
                if body is None:
                    result = {"resultType": "matrix", "result": told.series}
                    body = json.dumps({"status": "success", "data": result}).encode()
                self.send_response(told.status)
                for name, value in told.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def tell_bands(self, moments_seconds: list[float]) -> None:
        """Three bands that change places."""
        shares = {"none": (0.6, 0.4), "mild": (0.3, 0.35), "high": (0.1, 0.25)}
        self.series = [
            {
                "metric": {"band": band},
                "values": [[at, f"{pair[number % 2]}"] for number, at in enumerate(moments_seconds)],
            }
            for band, pair in shares.items()
        ]
