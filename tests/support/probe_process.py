"""`python -m serving.probe` as a real process on a free port, always stopped at the end of its block."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from serving.local.ports import find_free_port
from serving.local.processes import http_answers

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-m", "serving.probe")
WAIT_SECONDS = 180.0


class ProbeProcess:
    """One probe. Inside the block it listens; whether it is ready is for the test to ask."""

    def __init__(self, *options: str) -> None:
        self.port = find_free_port()
        self._command = [*PROGRAM, f"--port={self.port}", *options]
        self._folder = tempfile.TemporaryDirectory(prefix="probe-")
        self._err = Path(self._folder.name, "stderr")

    def __enter__(self) -> Self:
        with self._err.open("wb") as err:
            self.process = subprocess.Popen(self._command, cwd=PROJECT, stderr=err)
        try:
            self.wait_until(lambda: http_answers(f"http://127.0.0.1:{self.port}/healthz"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.cleanup()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it with a signal and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(WAIT_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def get(self, path: str) -> tuple[int, str]:
        """Status code and body."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def is_ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def metrics(self) -> dict[str, float]:
        """Every sample of /metrics by name and labels."""
        lines = [line for line in self.get("/metrics")[1].splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds; fail when the probe ended or it takes minutes."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert self.process.poll() is None, f"the probe ended: {self.stderr()}"
            assert time.monotonic() < deadline, f"it did not come about: {self.stderr()}"
            time.sleep(0.02)

    def stderr(self) -> str:
        return self._err.read_text(errors="replace")

    def events(self) -> list[dict[str, Any]]:
        """The log."""
        return [json.loads(line) for line in self.stderr().splitlines()]


def run_probe(*options: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a probe that ends by itself."""
    done = subprocess.run(
        [*PROGRAM, *options], cwd=PROJECT, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False
    )
    return done.returncode, done.stdout, done.stderr
