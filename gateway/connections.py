"""Connections that are open: how many, which of them wait for a request, and which came when too many were open already.

At the limit an idle connection makes room. Where there is none, a few more are taken, so that probes are still answered: on
those only health is, whatever else is asked is refused, and each ends within seconds.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import gevent

HEALTH_PATHS: Final = ("/healthz", "/readyz", "/readyz/model")
SPARE_CONNECTIONS: Final = 32
"""Taken past the limit."""
SPARE_SECONDS: Final = 2.0
"""For a request on one of those, and for the answer to be taken."""
EVICTABLE_AFTER_SECONDS: Final = 1.0
"""An idle connection that its client used less long ago may be just about to carry the next request."""


class Connections:
    """The open connections of a worker, each a greenlet.

    Args:
        limit: Open at once before only health is answered on further ones.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open = 0
        self._spare: set[gevent.Greenlet] = set()
        self._idle_since: dict[gevent.Greenlet, float] = {}  # the one that is idle longest comes first

    @contextmanager
    def connection(self) -> Generator[None, None, None]:
        """The calling greenlet serves a connection for the length of the block."""
        greenlet = gevent.getcurrent()
        self._open += 1
        if self._open > self._limit and not self._evict_idle():
            self._spare.add(greenlet)
        try:
            yield
        finally:
            self._open -= 1
            self._spare.discard(greenlet)

    @property
    def is_spare(self) -> bool:
        """Whether the calling greenlet's connection came when too many were open already."""
        return gevent.getcurrent() in self._spare

    @contextmanager
    def idle(self) -> Generator[None, None, None]:
        """The calling greenlet waits for a request for the length of the block."""
        greenlet = gevent.getcurrent()
        self._idle_since[greenlet] = time.monotonic()
        try:
            yield
        finally:
            self._idle_since.pop(greenlet, None)

    def end_idle(self) -> None:
        """End every connection that waits for a request."""
        gevent.killall(list(self._idle_since), block=False)

    def _evict_idle(self) -> bool:
        oldest = next(iter(self._idle_since), None)
        if oldest is None or time.monotonic() - self._idle_since[oldest] < EVICTABLE_AFTER_SECONDS:
            return False
        del self._idle_since[oldest]
        oldest.kill(block=False)
        return True
