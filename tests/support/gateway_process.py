"""A real gateway process, started as an operator starts it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil

from serving.local.ports import find_free_port

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


class GatewayProcess:
    """`python -m gateway` with the given settings; stopped at the end of the block, whatever happened.

    Args:
        repository: Root of the model repository.
        model_server: Address of the model server.
        wrapper: Command to put in front, such as strace.
        program: Module to run.
        environment: Further environment variables.
        folder: Where it runs, so that what it would leave beside itself is found.
        settings: Further settings, by field name.
    """

    def __init__(
        self,
        repository: Path,
        model_server: str,
        *,
        wrapper: tuple[str, ...] = (),
        program="gateway",
        environment=None,
        folder: Path = PROJECT,
        **settings,
    ) -> None:
        self.port, self.metrics_port = find_free_port(), find_free_port()
        values = {
            "model_repository": repository,
            "model_server": model_server,
            "port": self.port,
            "metrics_port": self.metrics_port,
            "stop_notice_seconds": 0.1,
            **settings,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SYMMETRA_")}
        self._environment = (
            kept | (environment or {}) | {f"SYMMETRA_{name.upper()}": str(value) for name, value in values.items()}
        )
        self._environment["PYTHONPATH"] = str(PROJECT)
        self._folder = folder
        self._command = [*wrapper, sys.executable, "-m", program]
        # Opened for appending by the child and read by path: a shared offset would let reading move the writing.
        descriptor, name = tempfile.mkstemp(prefix="gateway-", suffix=".log")
        os.close(descriptor)
        self.log_path = Path(name)

    def __enter__(self) -> Self:
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=self._environment, stderr=log, stdout=log, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        try:
            while not self._answers():
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the gateway did not start:\n" + self.log())
                time.sleep(0.02)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.log_path.unlink()

    def stop(self) -> int:
        """End it as an operator does, and return the exit code."""
        if self._process.poll() is None:
            parent = psutil.Process(self._process.pid)
            tree = [parent, *parent.children(recursive=True)]
            # Under a wrapper the gateway is the child, and only it knows how to end.
            target = next((child for child in tree if child.cmdline()[:1] == [sys.executable]), parent)
            target.terminate()
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                for child in tree:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        child.kill()
                self._process.wait()
        return self._process.returncode

    def kill(self) -> None:
        """End it at once, as the kernel does when memory runs out."""
        for process in [*psutil.Process(self._process.pid).children(recursive=True), psutil.Process(self._process.pid)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def count_logged(self, status: int) -> int:
        """Screenings that ended with this status, by its log; at debug level too, where that is set."""
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return sum((line.get("route"), line.get("status")) == ("/v1/screenings", status) for line in lines)

    def worker(self) -> psutil.Process:
        """The process that serves."""
        return psutil.Process(self._process.pid).children(recursive=True)[-1]

    def request(self, method: str, path: str, body=None, headers=None, *, encode_chunked: bool = False):
        """One request on a connection of its own: (status, headers, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers or {}, encode_chunked=encode_chunked)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def screen(self, photo: bytes, content_type: str = "image/jpeg"):
        """One screening: (status, JSON)."""
        status, _, body = self.request("POST", "/v1/screenings", photo, {"Content-Type": content_type})
        return status, json.loads(body)

    def raw(self, content: bytes) -> bytes:
        """Send bytes as they are, and return all that comes back until the gateway closes."""
        with self.connect() as connection:
            connection.sendall(content)
            received = b""
            while piece := connection.recv(65536):
                received += piece
            return received

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def metrics(self) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=10)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def accepts_connections(self) -> bool:
        try:
            self.connect().close()
        except OSError:
            return False
        return True

    def _answers(self) -> bool:
        try:
            return self.request("GET", "/healthz")[0] == 200
        except OSError:
            return False
