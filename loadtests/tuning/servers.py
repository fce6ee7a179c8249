"""A model server as a process on a free port of 127.0.0.1, and the load that is sent to it; both always stopped at the end of their block."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from loadtests.children import die_with_parent
from loadtests.errors import ServerNotStarted, TuneFailed
from loadtests.tuning.candidate import Candidate
from loadtests.tuning.load import Load, LoadRequest
from serving.wire.channel import open_channel
from serving.wire.client import AVAILABLE, ModelServerClient
from serving.wire.errors import AnswerMalformed, CallFailed

EMBEDDED: Final = (sys.executable, "-m", "serving.server")
START_SECONDS: Final = 180.0
STOP_SECONDS: Final = 45.0
ASK_SECONDS: Final = 2.0
POLL_SECONDS: Final = 0.1
LOOPBACK: Final = "127.0.0.1"
LAST_LINES: Final = 5


class ModelServer:
    """One server with one candidate; inside the block the version answers.

    Args:
        candidate: How it runs.
        repository: Folder of the models, absolute.
        model: Name of the model, a folder there.
        command: Of a server that knows TensorFlow Serving's flags.
        folder: For its batching file and what it prints.

    Raises:
        ServerNotStarted: It ended, or did not answer in time.
        TuneFailed: There is no such program.
    """

    def __init__(
        self, candidate: Candidate, repository: Path, model: str, command: Sequence[str], folder: Path
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._model = model
        port = _free_port()
        self.address = f"{LOOPBACK}:{port}"
        batching_file = folder.resolve() / f"batching-{port}.config"
        if candidate.batching is not None:
            batching_file.write_text(candidate.batching.as_text())
        self._log = folder / f"server-{port}.log"
        self._name = candidate.name
        self._command = [
            *command,
            f"--port={port}",
            f"--model_name={model}",
            f"--model_base_path={repository / model}",
            "--max_num_load_retries=0",  # a version that cannot be loaded so is said at once
            *candidate.flags(batching_file),
        ]

    def __enter__(self) -> Self:
        """Start it, and wait until it answers."""
        try:
            with self._log.open("wb") as log:
                environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
                self._process = subprocess.Popen(
                    self._command,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    start_new_session=True,  # Ctrl-C reaches us first
                    preexec_fn=die_with_parent(),  # noqa: PLW1509 - only calls prctl; no lock is taken between fork and exec
                )
        except OSError as error:
            message = f"the model server cannot be started: {error}; say with --server-command how it is"
            raise TuneFailed(message) from error
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it, however it is."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def require_running(self) -> None:
        """Look whether it is still there.

        Raises:
            TuneFailed: It ended in the middle.
        """
        if self._process.poll() is not None:
            message = f"the model server ended under load with {self._process.returncode} ({self._name}); it said: {self._last()}"
            raise TuneFailed(message)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        with open_channel(self.address) as channel:
            client = ModelServerClient(channel)
            while time.monotonic() < deadline:
                if self._process.poll() is not None:
                    message = f"the model server ended with {self._process.returncode} ({self._name}); it said: {self._last()}"
                    raise ServerNotStarted(message)
                try:
                    if any(each.state == AVAILABLE for each in client.model_status(self._model, None, ASK_SECONDS)):
                        return
                except (CallFailed, AnswerMalformed):
                    pass
                time.sleep(POLL_SECONDS)
        message = (
            f"the model server did not answer within {START_SECONDS:.0f} s ({self._name}); it said: {self._last()}"
        )
        raise ServerNotStarted(message)

    def _last(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return " / ".join(lines[-LAST_LINES:]) or "nothing"


class LoadGenerator:
    """`python -m loadtests.tuning.load`, which makes one load after the other."""

    def __enter__(self) -> Self:
        """Start it."""
        command = [sys.executable, "-m", "loadtests.tuning.load"]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - as above
        )
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it, in the middle of a load too."""
        self._process.kill()
        self._process.communicate()

    def make(self, request: LoadRequest) -> Load:
        """One load.

        Raises:
            TuneFailed: It cannot be made, or no call was answered otherwise than for want of room.
        """
        if self._process.stdin is None or self._process.stdout is None:
            message = "the load generator has no pipes"
            raise TuneFailed(message)
        self._process.stdin.write(json.dumps(dataclasses.asdict(request)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            message = "the load generator ended in the middle of a load"
            raise TuneFailed(message)
        load = Load(**json.loads(line))
        if load.failed:
            message = (
                f"{load.failed} calls failed with {request.in_flight} in flight; does the model take a crop of 128 x 128 x 3 "
                "bytes under the name crop?"
            )
            raise TuneFailed(message)
        return load


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port
