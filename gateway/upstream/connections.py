"""Channels to the model server, one per call in flight: each call's second attempt goes to another replica than its first.

A channel shared by all calls takes turns between replicas, but the calls of others come in between: a second attempt would
often land where the first one failed. A channel that one call has for itself takes its turns strictly. Channels with the
same settings share their TCP connections, so more channels cost no more connections.

gRPC resolves a name again only when a connection ends; a replica that is added would get no traffic until then. So a
channel that is older than `renew_seconds` gets a successor, which resolves anew. The old one goes on being used until the
successor has connected: where the name cannot be resolved just now, the addresses known so far are still good.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

import grpc

from serving.wire.channel import is_connected
from serving.wire.client import ModelServerClient

RENEW_SECONDS: Final = 10.0
"""A replica that appears is asked within this and its own time to be resolved and connected."""
SETTLE_SECONDS: Final = 0.2
"""For a successor to learn of all the connections that are there: it counts as connected from the first one on."""


class Connection:
    """A channel that one call has for itself.

    Args:
        open_channel: Opens one.
        renew_seconds: Age from which it gets a successor.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, open_channel: Callable[[], grpc.Channel], renew_seconds: float, clock: Callable[[], float]
    ) -> None:
        self._open_channel = open_channel
        self._renew_seconds = renew_seconds
        self._clock = clock
        self._successor: grpc.Channel | None = None
        self._successor_seconds = 0.0
        self._use(open_channel(), clock())

    @property
    def client(self) -> ModelServerClient:
        """Calls over the channel."""
        return self._client

    def renew(self) -> None:
        """Take the successor, where it has connected; begin one, where it is time. Never waits."""
        now = self._clock()
        if self._successor is None:
            if now - self._opened_seconds > self._renew_seconds:
                self._successor = self._open_channel()
                self._successor_seconds = now
                is_connected(self._successor)  # begins to connect
            return
        age_seconds = now - self._successor_seconds
        if age_seconds >= SETTLE_SECONDS and is_connected(self._successor):
            self._channel.close()
            self._use(self._successor, self._successor_seconds)
            self._successor = None
        elif age_seconds > self._renew_seconds:
            self._successor.close()
            self._successor = None  # the next call begins another

    def close(self) -> None:
        """Close the channel."""
        if self._successor is not None:
            self._successor.close()
        self._channel.close()

    def _use(self, channel: grpc.Channel, opened_seconds: float) -> None:
        self._channel = channel
        self._client = ModelServerClient(channel)
        self._opened_seconds = opened_seconds


class Connections:
    """As many connections as calls were ever in flight at once. Safe to share between threads.

    Args:
        open_channel: Opens a channel; make this object after a fork, never before.
        renew_seconds: Age from which a channel is replaced.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        open_channel: Callable[[], grpc.Channel],
        *,
        renew_seconds: float = RENEW_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_channel = open_channel
        self._renew_seconds = renew_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._closed = False

    @contextmanager
    def lease(self) -> Generator[Connection, None, None]:
        """A connection for the length of the block."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = Connection(self._open_channel, self._renew_seconds, self._clock)
        else:
            connection.renew()
        try:
            yield connection
        finally:
            with self._lock:
                # The last one used is the next one used, so that few are in use where few are needed.
                self._idle.append(connection)
                leftovers = self._take_idle() if self._closed else ()
            for leftover in leftovers:
                leftover.close()

    def close(self) -> None:
        """Close every channel; those in use, when their call ends."""
        with self._lock:
            self._closed = True
            idle = self._take_idle()
        for connection in idle:
            connection.close()

    def _take_idle(self) -> list[Connection]:
        idle, self._idle = self._idle, []
        return idle
