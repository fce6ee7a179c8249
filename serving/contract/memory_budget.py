"""A weighted semaphore: how many bytes of decoded photos may exist at once."""

from __future__ import annotations

from _queue import SimpleQueue
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from serving.contract.errors import PhotoTooManyPixels
from serving.contract.native_lock import NativeLock

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
        self._lock = NativeLock()

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
            message = "Decoding this photo would take {wanted} MiB of memory; {most} MiB are allowed."
            figures = {"wanted": wanted_bytes // 2**20, "most": self.total_bytes // 2**20}
            raise PhotoTooManyPixels(message, figures=figures)
        self._acquire(wanted_bytes)
        try:
            yield
        finally:
            self._release(wanted_bytes)

    def _acquire(self, wanted_bytes: int) -> None:
        # The C class blocks the native thread, also beside gevent (native_lock.py).
        turn: SimpleQueue[None] = SimpleQueue()
        place = (wanted_bytes, turn)
        with self._lock:
            if not self._waiting and wanted_bytes <= self._free_bytes:
                self._free_bytes -= wanted_bytes
                return
            self._waiting.append(place)
        try:
            turn.get()
        except BaseException:
            # Interrupted while waiting (Ctrl-C in the main thread): leave the queue, or give back what was just granted.
            with self._lock:
                granted = place not in self._waiting
                if not granted:
                    self._waiting.remove(place)
            self._release(wanted_bytes if granted else 0)
            raise

    def _release(self, held_bytes: int) -> None:
        with self._lock:
            self._free_bytes += held_bytes
            while self._waiting and self._waiting[0][0] <= self._free_bytes:
                wanted_bytes, turn = self._waiting.popleft()
                self._free_bytes -= wanted_bytes
                turn.put(None)
