"""The memory that uploads may hold together, counted as it arrives."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from gateway.errors import UploadMemoryFull


class UploadMemory:
    """The memory that all uploads together may hold, so that many slow or large ones cannot exhaust the machine.

    A thread cannot be stopped: a photo whose deadline passes while it is decoded stays in memory until its thread is
    done with it, though its share was given back. At most one photo per core comes on top of `max_bytes` in this way.

    Args:
        max_bytes: Of all uploads together.
        on_change: Told the bytes held whenever they change.
    """

    def __init__(self, max_bytes: int, on_change: Callable[[int], None]) -> None:
        self._max_bytes = max_bytes
        self._on_change = on_change
        self._held_bytes = 0

    @contextmanager
    def share(self) -> Generator[UploadShare, None, None]:
        """One upload's share; given back at the end of the block."""
        share = UploadShare(self)
        try:
            yield share
        finally:
            self._change(-share.held_bytes)

    def _change(self, count_bytes: int) -> None:
        if count_bytes > 0 and self._held_bytes + count_bytes > self._max_bytes:
            raise UploadMemoryFull
        self._held_bytes += count_bytes
        self._on_change(self._held_bytes)


class UploadShare:
    """What one upload holds. Counted as it arrives, not as announced: a stalled upload holds only what it has sent."""

    def __init__(self, memory: UploadMemory) -> None:
        self._memory = memory
        self.held_bytes = 0

    def grow(self, count_bytes: int) -> None:
        """Take so many bytes more.

        Raises:
            UploadMemoryFull: all uploads together hold too much already.
        """
        self._memory._change(count_bytes)  # noqa: SLF001 - two halves of one thing
        self.held_bytes += count_bytes
