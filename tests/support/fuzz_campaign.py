"""Callers that send chance requests to a server until the time is over, and what became of its memory meanwhile."""

from __future__ import annotations

import collections
import json
import os
import random
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.model_server_process import ModelServerProcess

FULL_SECONDS: Final = 600.0
SECONDS: Final = float(os.environ.get("SYMMETRA_FUZZ_SECONDS", FULL_SECONDS))
SETTLED_SECONDS: Final = min(FULL_SECONDS / 10, SECONDS / 2)
MAX_GROWTH: Final = 1.1
_RESULTS: Final = Path(__file__).resolve().parents[2] / "serving" / "results"


class Campaign:
    """So many callers, each with a chance of its own that can be had again.

    Args:
        server: Whose memory is looked at.
        callers: How many at the same time.
        seed: Of the first caller.
        send: Sends one changed request; the codes of its answers, and what was wrong with them: nothing, as it should be.
    """

    def __init__(
        self,
        server: ModelServerProcess,
        callers: int,
        seed: int,
        send: Callable[[random.Random], tuple[list[str], list[tuple[str, object]]]],
    ) -> None:
        self.faults: list[tuple[str, object]] = []
        self._codes: collections.Counter[str] = collections.Counter()
        self._sent = 0
        self._process = psutil.Process(server.process.pid)
        self._send = send
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=self._run, args=(seed + number,)) for number in range(callers)]
        for thread in self._threads:
            thread.start()
        self._resident_bytes: list[int] = []

    def look_at_memory(self) -> None:
        """Once when it has settled, and once at the end."""
        self._resident_bytes.append(self._process.memory_info().rss)

    def join(self) -> None:
        """Wait for the callers."""
        for thread in self._threads:
            thread.join()

    @property
    def growth(self) -> float:
        """Memory at the last look over that at the first."""
        return self._resident_bytes[-1] / self._resident_bytes[0]

    def found(self) -> dict[str, Any]:
        """What is kept of it."""
        return {
            "seconds": round(time.monotonic() - self._began, 1),
            "requests": self._sent,
            "answers": dict(sorted(self._codes.items())),
            "resident_mib_settled": round(self._resident_bytes[0] / 2**20, 1),
            "memory_growth": round(self.growth, 3),
        }

    def _run(self, seed: int) -> None:
        chance = random.Random(seed)
        while time.monotonic() < self._began + SECONDS and not self.faults:
            codes, faults = self._send(chance)
            with self._lock:
                self._sent += 1
                self._codes.update(codes)
                self.faults += faults


def keep(name: str, found: dict[str, Any]) -> None:
    """Print what was found; it is written to serving/results after a campaign of full length only."""
    print(json.dumps(found))
    if SECONDS >= FULL_SECONDS:
        (_RESULTS / name).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
