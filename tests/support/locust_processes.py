"""Locust as people start it, in processes of their own; all are ended with the block."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from serving.local.ports import find_free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
LOCUSTFILE = PROJECT / "loadtests" / "locustfile.py"
LONGEST_SECONDS = 120


def start_locust(
    *words: object, locustfile: Path = LOCUSTFILE, log: Path, **environment: str
) -> subprocess.Popen[bytes]:
    """One process."""
    command = [sys.executable, "-m", "locust", "-f", str(locustfile), "--only-summary", *map(str, words)]
    with log.open("ab") as out:
        return subprocess.Popen(
            command, cwd=PROJECT, env=os.environ | environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )


@contextlib.contextmanager
def distributed_locust(
    workers: int, *words: object, locustfile: Path = LOCUSTFILE, log: Path, **environment: str
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A master, then its workers."""
    port = find_free_port()
    processes = []
    try:
        master = [
            "--master",
            "--master-bind-host",
            "127.0.0.1",
            "--master-bind-port",
            port,
            "--expect-workers",
            workers,
        ]
        common = {"locustfile": locustfile, "log": log, **environment}
        processes.append(start_locust("--headless", *master, *words, **common))
        worker = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
        processes += [start_locust(*worker, **common) for _ in range(workers)]
        yield processes
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()
