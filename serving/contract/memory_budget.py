"""A weighted semaphore: how many bytes of decoded photos may exist at once."""

from __future__ import annotations

# The C class itself and not `queue.SimpleQueue`: gevent replaces that one, and a decoder runs in a native thread, where a
# gevent-aware wait would need an event loop of its own. This one blocks the native thread in every process.
from _queue import SimpleQueue
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from serving.contract.errors import PhotoTooManyPixels

if TYPE_CHECKING:
    from collections.abc import Iterator


class MemoryBudget:
    """Bytes that photos being decoded may take together. A request waits its turn, in order; none is ever dropped.

    Args:
        total_bytes: What all photos may take at once.
    """

    def __init__(self, total_bytes: int) -> None:
        self.total_bytes = total_bytes
        self._free_bytes = total_bytes
        self._waiting: deque[tuple[int, SimpleQueue[None]]] = deque()
        # A queue of one token is a lock: taking the token locks, putting it back unlocks.
        self._lock: SimpleQueue[None] = SimpleQueue()
        self._lock.put(None)

    @property
    def free_bytes(self) -> int:
        """Bytes not reserved at this moment."""
        return self._free_bytes

    @property
    def waiting(self) -> int:
        """Photos waiting for their turn at this moment."""
        return len(self._waiting)

    @contextmanager
    def reserve(self, wanted_bytes: int) -> Iterator[None]:
        """Hold `wanted_bytes` for the length of a `with` block, waiting for them first.

        First come, first served: a large photo is never overtaken for ever by small ones.

        Raises:
            PhotoTooManyPixels: more than the whole budget, so no waiting would help.
        """
        if wanted_bytes > self.total_bytes:
            message = (
                f"Decoding this photo would take {wanted_bytes // 2**20:,} MiB of memory; "
                f"{self.total_bytes // 2**20:,} MiB are allowed."
            )
            raise PhotoTooManyPixels(message)
        self._acquire(wanted_bytes)
        try:
            yield
        finally:
            self._release(wanted_bytes)

    def _acquire(self, wanted_bytes: int) -> None:
        turn: SimpleQueue[None] = SimpleQueue()
        self._lock.get()
        if not self._waiting and wanted_bytes <= self._free_bytes:
            self._free_bytes -= wanted_bytes
            self._lock.put(None)
            return
        place = (wanted_bytes, turn)
        self._waiting.append(place)
        self._lock.put(None)
        try:
            turn.get()
        except BaseException:
            # Interrupted while waiting (Ctrl-C in the main thread): leave the queue, or give back what was just granted.
            self._lock.get()
            granted = place not in self._waiting
            if not granted:
                self._waiting.remove(place)
            self._lock.put(None)
            if granted:
                self._release(wanted_bytes)
            raise

    def _release(self, held_bytes: int) -> None:
        self._lock.get()
        self._free_bytes += held_bytes
        while self._waiting and self._waiting[0][0] <= self._free_bytes:
            wanted_bytes, turn = self._waiting.popleft()
            self._free_bytes -= wanted_bytes
            turn.put(None)
        self._lock.put(None)
