"""One promotion at a time: `.promotion.lock` in the model's directory, held by the kernel for as long as the process lives.

A dead holder's lock is gone with it, so there is nothing stale to clean up; what the file says is for people only.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from serving.repository.durable import make_directory
from serving.repository.errors import PromotionRunning
from serving.repository.history import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK_NAME: Final = ".promotion.lock"
_TRY_AGAIN_SECONDS: Final = 0.1


@contextmanager
def promotion_lock(directory: Path, work: str, wait_seconds: float = 0.0) -> Iterator[None]:
    """Keep every other promotion, rollback and collection out for the time of a block.

    Args:
        directory: The model's directory; made where it is missing.
        work: What the holder does, for whoever is kept out.
        wait_seconds: How long to wait for another holder.

    Raises:
        PromotionRunning: somebody else holds it; the sentence says who, and since when.
    """
    make_directory(directory)
    with (directory / LOCK_NAME).open("a+", encoding="utf-8") as file:
        _acquire(file, wait_seconds)
        file.seek(0)
        file.truncate()
        holder = {"work": work, "process": os.getpid(), "host": socket.gethostname(), "since": timestamp()}
        file.write(json.dumps(holder, sort_keys=True) + "\n")
        file.flush()
        yield


def _acquire(file: TextIO, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() >= deadline:
            message = f"{_describe_holder(file)} One at a time: try again later, or wait with --wait-seconds."
            raise PromotionRunning(message)
        time.sleep(_TRY_AGAIN_SECONDS)


def _describe_holder(file: TextIO) -> str:
    file.seek(0)
    try:
        holder = json.loads(file.read())
        who = f"process {holder['process']} on {holder['host']} since {holder['since']}"
        return f"Another command is at work here: {holder['work']}, {who}."
    except (ValueError, TypeError, KeyError):
        # Between taking the lock and saying who it is.
        return "Another command is at work here."
