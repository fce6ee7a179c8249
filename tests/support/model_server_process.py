"""The model server as a real process on free ports, always stopped at the end of its block."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import grpc

from serving.local.ports import find_free_port
from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient
from tests.support.forked_server import ForkedServer

if TYPE_CHECKING:
    from collections.abc import Sequence

PROJECT = Path(__file__).resolve().parents[2]
EMBEDDED_PROGRAM = (sys.executable, "-m", "serving.server")
START_SECONDS = 120.0
STOP_SECONDS = 30.0


class ModelServerProcess:
    """One server. Inside the block its ports are open, so every model is loaded.

    Args:
        flags: Flags beside the ports.
        program: Command of a server with the same flags; ours where nothing is said.
        ports: Of gRPC and REST, where they must be certain ones.
        fresh: Start our own as an operator does, with the seconds that TensorFlow takes to import. Otherwise it is forked
            from a process that has imported it: the same code in a process of its own.
    """

    def __init__(
        self,
        *flags: str,
        program: Sequence[str] = EMBEDDED_PROGRAM,
        ports: tuple[int, int] | None = None,
        fresh: bool = False,
    ) -> None:
        self.port, self.rest_port = ports or (find_free_port(), find_free_port())
        self._arguments = [f"--port={self.port}", f"--rest_api_port={self.rest_port}", *flags]
        self._program = program
        self._is_forked = program == EMBEDDED_PROGRAM and not fresh
        self._folder = tempfile.TemporaryDirectory(prefix="model-server-")
        self._out, self._err = (Path(self._folder.name, name) for name in ("stdout", "stderr"))

    def __enter__(self) -> Self:
        self.process = ForkedServer(self._arguments, self._out, self._err) if self._is_forked else self._start_program()
        self.channel = self.open_channel()
        self.client = ModelServerClient(self.channel)
        try:
            self._wait_until_open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()
        self.stop()
        self._folder.cleanup()

    def _start_program(self) -> subprocess.Popen[bytes]:
        with self._out.open("wb") as out, self._err.open("wb") as err:
            return subprocess.Popen(
                [*self._program, *self._arguments], cwd=PROJECT, stdout=out, stderr=err, env=os.environ
            )

    def open_channel(self) -> grpc.Channel:
        return open_channel(f"127.0.0.1:{self.port}")

    def _wait_until_open(self) -> None:
        ready = grpc.channel_ready_future(self.channel)
        for _ in range(round(START_SECONDS / 0.2)):
            try:
                ready.result(timeout=0.2)
            except grpc.FutureTimeoutError:
                assert self.process.poll() is None, f"the server ended: {self.stdout()}{self.stderr()}"
            else:
                return
        message = f"the server does not open its port: {self.stderr()}"
        raise AssertionError(message)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it with a signal and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def stdout(self) -> str:
        return self._out.read_text(errors="replace")

    def stderr(self) -> str:
        return self._err.read_text(errors="replace")

    def events(self) -> list[dict[str, Any]]:
        """The log, without what TensorFlow itself wrote."""
        return [json.loads(line) for line in self.stderr().splitlines() if line.startswith("{")]

    def rest(self, method: str, path: str, body: bytes | None = None) -> tuple[int, str, str]:
        """Status code, content type and body of a REST request."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.rest_port}{path}", data=body, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - always http to loopback
                return answer.status, answer.headers["Content-Type"], answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["Content-Type"], error.read().decode()


def run_server_to_its_end(
    *flags: str, program: Sequence[str] = EMBEDDED_PROGRAM, fresh: bool = False
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a server that is expected to end by itself; `fresh` as in `ModelServerProcess`."""
    if program == EMBEDDED_PROGRAM and not fresh:
        with tempfile.TemporaryDirectory(prefix="model-server-") as folder:
            out, err = Path(folder, "stdout"), Path(folder, "stderr")
            process = ForkedServer(flags, out, err)
            try:
                code = process.wait(START_SECONDS)
            finally:
                process.kill()
            return code, out.read_text(errors="replace"), err.read_text(errors="replace")
    command = [*program, *flags]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=START_SECONDS, check=False)
    return done.returncode, done.stdout, done.stderr
