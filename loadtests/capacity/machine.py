"""How many cores of this machine are busy while a run lasts, by Linux's own count: generator, gateway, model server and whoever else is there."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from pathlib import Path
from typing import Final, Self

STAT: Final = Path("/proc/stat")
LOOK_SECONDS: Final = 0.5
IDLE_FIELDS: Final = (3, 4)
"""Of the line `cpu`: idle, and waiting for a disk."""


def cores() -> int:
    """Of this machine, that its processes may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class MachineWatch:
    """Looks twice a second within the block; on a system that does not count so, it sees nothing."""

    def __init__(self) -> None:
        self._looks: list[tuple[float, float]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="machine watch", daemon=True)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def busy_cores(self, begin: dt.datetime, seconds: float) -> float | None:
        """Cores that were busy on average during so many seconds after a moment.

        None where nobody looked then, or where these processes may not use all cores.
        """
        first = begin.timestamp()
        looks = [look for look in self._looks if first <= look[0] <= first + seconds]
        if len(looks) < 2 or cores() < (
            os.cpu_count() or 1
        ):  # then others' work on cores that are not ours is counted, too
            return None
        (began, busy_before), (ended, busy_after) = looks[0], looks[-1]
        return (busy_after - busy_before) / (ended - began)

    def _watch(self) -> None:
        while STAT.exists() and not self._over.is_set():
            self._looks.append((time.time(), busy_seconds()))
            self._over.wait(LOOK_SECONDS)


def busy_seconds() -> float:
    """CPU seconds of all cores since the machine started, idle ones left out; guests are counted within user already."""
    ticks = [int(word) for word in STAT.read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(ticks) - sum(ticks[field] for field in IDLE_FIELDS)) / os.sysconf("SC_CLK_TCK")
