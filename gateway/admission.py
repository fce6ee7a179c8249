"""Who is let in: a bounded number of photos at work, a bounded number waiting, everyone else told to come back.

An unbounded queue turns overload into everybody's timeout; shedding early keeps the answers that are given in time. Used
by the greenlets of one thread only, so nothing here needs a lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager

from gevent.event import Event

from gateway.deadline import Deadline
from gateway.errors import DeadlinePassed, QueueFull, UploadMemoryFull


class Admission:
    """Places for photos at work, and a queue in front of them, first come first served.

    Args:
        max_in_flight: Photos at work at once.
        max_queue: Photos that may wait for a place.
        on_change: Told the numbers (in flight, queued) whenever they change.
    """

    def __init__(self, max_in_flight: int, max_queue: int, on_change: Callable[[int, int], None]) -> None:
        self._max_in_flight = max_in_flight
        self._max_queue = max_queue
        self._on_change = on_change
        self._in_flight = 0
        self._waiting: deque[Event] = deque()

    @contextmanager
    def place(self, deadline: Deadline) -> Generator[None, None, None]:
        """Hold a place for the length of the block, after waiting for one if need be.

        Raises:
            QueueFull: no place, and no room to wait.
            DeadlinePassed: no place became free in time.
        """
        self._enter(deadline)
        try:
            yield
        finally:
            self._leave()

    def _enter(self, deadline: Deadline) -> None:
        if self._in_flight < self._max_in_flight:
            self._in_flight += 1
            self._report()
            return
        if len(self._waiting) >= self._max_queue:
            raise QueueFull
        turn = Event()
        self._waiting.append(turn)
        self._report()
        try:
            turn.wait(deadline.remaining_seconds)
        except BaseException:  # the greenlet is being ended
            self._give_up(turn)
            raise
        if not turn.is_set():
            self._give_up(turn)
            raise DeadlinePassed

    def _give_up(self, turn: Event) -> None:
        if turn.is_set():
            self._leave()  # the place was handed over in the same moment
        else:
            self._waiting.remove(turn)
            self._report()

    def _leave(self) -> None:
        if self._waiting:
            self._waiting.popleft().set()  # the place changes hands: in flight stays as it is
        else:
            self._in_flight -= 1
        self._report()

    def _report(self) -> None:
        self._on_change(self._in_flight, len(self._waiting))


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
