"""A page of metrics read again and again, as Prometheus does, and what its counters add up to over restarts."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTER_ENDINGS = ("_total", "_bucket", "_count", "_sum")
STARTED = "process_start_time_seconds"


def read_samples(page: str) -> dict[str, float]:
    """Series, with its labels as they are written, to value."""
    lines = (line.rpartition(" ") for line in page.splitlines() if line and not line.startswith("#"))
    return {series: float(value) for series, _, value in lines}


def is_counter(series: str) -> bool:
    """Whether a series only ever grows, by its name."""
    return series.partition("{")[0].endswith(COUNTER_ENDINGS)


@dataclass
class Increase:
    """What counters grew by, as Prometheus' `increase` sees it: a value below the one before is that of a process that began anew.

    Attributes:
        total: Series to increase.
        resets: How often any counter fell, by series.
        last: Series to its last value.
    """

    total: dict[str, float] = field(default_factory=dict)
    resets: dict[str, int] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)

    def add(self, samples: dict[str, float]) -> None:
        """One scrape."""
        for series, value in samples.items():
            if not is_counter(series):
                continue
            before = self.last.get(series, 0.0)
            fell = value < before
            self.total[series] = self.total.get(series, 0.0) + (value if fell else value - before)
            self.resets[series] = self.resets.get(series, 0) + fell
            self.last[series] = value


@dataclass(frozen=True, slots=True)
class Scrape:
    """One page that arrived whole.

    Attributes:
        began, ended: `time.monotonic`.
        samples: On it.
    """

    began: float
    ended: float
    samples: dict[str, float]

    @property
    def life(self) -> float:
        """Which process gave it, by when it was started."""
        return self.samples[STARTED]


class Scraper:
    """Reads a page until told to stop; whatever fails, as while nobody listens, is left out.

    Args:
        read: Reads the page.
        pause_seconds: Between two.
    """

    def __init__(self, read: Callable[[], str], pause_seconds: float = 0.05) -> None:
        self._read, self._pause_seconds = read, pause_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="scraper")
        self.scrapes: list[Scrape] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(60)

    def _work(self) -> None:
        while not self._stopping.wait(self._pause_seconds):
            began = time.monotonic()
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError, KeyError):
                samples = read_samples(self._read())
                ended = time.monotonic()
                samples[STARTED]  # a page that was cut off has none
                self.scrapes.append(Scrape(began, ended, samples))
