"""How much memory REST requests may hold together. TensorFlow Serving has no such limit; a few large bodies end it.

What counts is the body as it has arrived so far, so that a caller who promises much and sends nothing takes nothing, and an
estimate of the objects that Python makes of it, which is up to thirty times the text.
"""

from __future__ import annotations

import threading
from typing import Final

from serving.server.errors import ResourceExhausted

MAX_BYTES: Final = 1024 * 1024 * 1024
"""One gibibyte: a request of 200 crops of 128x128x3, or as many requests of one."""

_BYTES_PER_CHARACTER: Final = {b",": 56, b"[": 96, b"{": 500, b":": 130}
"""Rounded up: a float with its places in two lists and two arrays, a list, a dictionary, a member."""


class TooLarge(ResourceExhausted):
    """A request that would not fit if it were alone; the same request will never be answered."""


class MemoryBudget:
    """A number of bytes that requests share. Safe to use from many threads.

    Args:
        max_bytes: For all requests together.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._held_bytes = 0

    def open(self) -> Reservation:
        """What one request holds; nothing so far."""
        return Reservation(self)

    def change(self, size_bytes: int) -> bool:
        """Take bytes, or give them back where negative; whether they were there."""
        with self._lock:
            if self._held_bytes + size_bytes > self.max_bytes:
                return False
            self._held_bytes += size_bytes
            return True


class Reservation:
    """The share of one request; whoever ends the request closes it."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._size_bytes = 0

    def add(self, size_bytes: int) -> None:
        """Take bytes.

        Raises:
            TooLarge: More than one request may ever have.
            ResourceExhausted: Others have them at the moment.
        """
        if self._size_bytes + size_bytes > self._budget.max_bytes:
            message = (
                f"The request needs more memory than the {self._budget.max_bytes} bytes that this server has for requests; "
                "send fewer instances at a time, or use gRPC."
            )
            raise TooLarge(message)
        if not self._budget.change(size_bytes):
            message = "Other requests hold the memory that this server has for requests; try again later."
            raise ResourceExhausted(message)
        self._size_bytes += size_bytes

    def close(self) -> None:
        """Give everything back."""
        self._budget.change(-self._size_bytes)
        self._size_bytes = 0


def parsed_bytes(body: bytes) -> int:
    """At most what the text of a body and the objects made of it take."""
    return 2 * len(body) + sum(body.count(character) * size for character, size in _BYTES_PER_CHARACTER.items())
