"""Makes a run: starts Locust, alone or as a master with workers on this machine, waits, and reads the folder.

Locust runs in processes of its own, because its monkey-patching breaks one that has already imported `ssl`.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from loadtests.children import die_with_parent
from loadtests.errors import RunFailed, RunUnreadable
from loadtests.run.format import RUN_FILE, FinishedRun, read_run
from loadtests.run.request import RunRequest

PACKAGE: Final = Path(__file__).resolve().parents[1]
LOCUSTFILE: Final = PACKAGE / "locustfile.py"
SLACK_SECONDS: Final = 180.0
"""For starting, reading the photos and ending, beside the schedule and the patience."""
POLL_SECONDS: Final = 0.1
REFUSAL: Final = "the load test could not be made: "
"""Before the sentence in the log of the generator that says why."""
LOG_TAIL_LINES: Final = 15
LOG_TRACE_CHARACTERS: Final = 3000
"""Of its last trace, after which it still writes tables."""


def make_run(request: RunRequest) -> FinishedRun:
    """Make a run and read it; a run that is INVALID is one too.

    Raises:
        LoadTestError: What is asked for cannot be done, or load may not go there.
        RunFailed: The generator ended without a result.
    """
    request.plan()
    if (request.folder / RUN_FILE).exists():
        message = f"{request.folder} holds a run already; name another folder"
        raise RunFailed(message)
    with tempfile.TemporaryFile() as log:
        with _generator(request, log) as leader:
            deadline = time.monotonic() + _longest(request)
            while leader.poll() is None and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
        try:
            return read_run(request.folder)
        except RunUnreadable as error:
            log.seek(0)
            raise RunFailed(_reason(log.read().decode(errors="replace"))) from error


@contextlib.contextmanager
def _generator(request: RunRequest, log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """The leading process, with its workers; all are ended with the block."""
    common = ["--only-summary", *request.words()]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        if request.workers == 1:
            processes.append(_start(["--headless", *common], log))
        else:
            port = str(_free_port())
            master = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port]
            expected = ["--expect-workers", str(request.workers)]
            processes.append(_start(["--headless", *master, *expected, *common], log))
            worker = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
            processes += [_start([*worker, *common], log) for _ in range(request.workers)]
        yield processes[0]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(words: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(filter(None, (str(PACKAGE.parent), os.environ.get("PYTHONPATH"))))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), *words]
    return subprocess.Popen(
        command,
        env=environment | {"PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        preexec_fn=die_with_parent(),  # noqa: PLW1509 - only calls prctl; no lock is taken between fork and exec
    )


def _longest(request: RunRequest) -> float:
    """A replay says itself how long it is, so it gets a day."""
    seconds = 86_400.0 if request.arrivals.startswith("replay") else request.seconds
    return seconds + request.patience_seconds + SLACK_SECONDS


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _reason(log: str) -> str:
    for line in log.splitlines():
        if REFUSAL in line:
            return line.partition(REFUSAL)[2]
    _, found, trace = log.rpartition("Traceback (most recent call last)")
    if found:
        return f"the load generator failed:\n{found}{trace[:LOG_TRACE_CHARACTERS]}"
    return "the load generator ended without a result; its last words:\n" + "\n".join(
        log.splitlines()[-LOG_TAIL_LINES:]
    )
