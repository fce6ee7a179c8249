"""A bounded number of photos at work, a bounded number waiting, and nobody waiting in vain."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from gevent.event import Event

from gateway.admission.pace import Pace
from gateway.deadline import Deadline
from gateway.errors import DeadlinePassed, Overloaded, QueueFull, WaitTooLong

EXPECTED_SHARE: Final = 0.8
"""Of the longest wait, and of the time until the deadline, that may be expected to be used: about half of the photos need
longer than expected."""


@dataclass(frozen=True, slots=True)
class PlaceLimits:
    """How many, and for how long.

    Attributes:
        in_flight: Photos at work at once, where they are fast.
        least_in_flight: Photos at work at once, however slow they are.
        work_seconds: What the work on one photo may be expected to take; where `in_flight` at once would take longer, fewer
            are let in at once. They leave as often, each after a shorter time.
        queue: Photos that may wait for a place.
        wait_seconds: Longest wait for a place.
        reserved: Places on top, for callers that never wait behind the others.
    """

    in_flight: int
    least_in_flight: int
    work_seconds: float
    queue: int
    wait_seconds: float
    reserved: int = 0


class Places:
    """Places for photos at work, and a queue in front of them, first come first served.

    A newcomer who would wait too long, judged by how fast places become free just now, is refused at once. Whoever
    finds a place free is let in, whatever was measured before: so a model that hung once is tried again. On a slow machine there
    are fewer places, because photos that share it for longer than their deadline are all lost.

    Args:
        limits: How many, and for how long.
        on_change: Told the numbers (in flight, queued) whenever they change.
    """

    def __init__(self, limits: PlaceLimits, on_change: Callable[[int, int], None]) -> None:
        self._limits = limits
        self._on_change = on_change
        self._pace = Pace()
        self._in_flight = 0
        self._reserved_in_flight = 0
        self._waiting: deque[Event] = deque()

    def require_room(self, deadline_seconds: float, *, reserved: bool = False) -> None:
        """Refuse now whom `place` would refuse, so that no photo is received in vain.

        Args:
            deadline_seconds: For the answer, from the complete photo on.
            reserved: Whether the caller may use a reserved place.

        Raises:
            QueueFull: no place, and no room to wait.
            WaitTooLong: no place in time.
        """
        if self._has_free_place or (reserved and self._has_reserved_place):
            return
        seconds_per_photo = self._pace.seconds_per_photo
        wait_seconds = (len(self._waiting) + 1) * seconds_per_photo
        if reserved or len(self._waiting) >= self._limits.queue:
            raise QueueFull(retry_after_seconds=wait_seconds)
        work_seconds = self._place_count * seconds_per_photo
        too_long = (
            wait_seconds > EXPECTED_SHARE * self._limits.wait_seconds
            or wait_seconds + work_seconds > EXPECTED_SHARE * deadline_seconds
        )
        if too_long:
            raise WaitTooLong(retry_after_seconds=wait_seconds)

    def has_room(self, deadline_seconds: float) -> bool:
        """Whether `require_room` lets in a caller who may not use a reserved place."""
        try:
            self.require_room(deadline_seconds)
        except Overloaded:
            return False
        return True

    @contextmanager
    def place(self, deadline: Deadline, *, reserved: bool = False) -> Generator[None, None, None]:
        """Hold a place for the length of the block, after waiting for one if need be.

        Raises:
            QueueFull: no place, and no room to wait.
            WaitTooLong: no place in time, as far as can be foreseen.
            DeadlinePassed: no place became free in time.
        """
        self.require_room(deadline.remaining_seconds, reserved=reserved)
        if not self._has_free_place and reserved:
            with self._reserved_place():
                yield
            return
        self._enter(deadline)
        try:
            yield
        finally:
            self._leave()

    @property
    def _place_count(self) -> int:
        seconds_per_photo = self._pace.seconds_per_photo
        if seconds_per_photo * self._limits.in_flight <= self._limits.work_seconds:
            return self._limits.in_flight
        return max(self._limits.least_in_flight, int(self._limits.work_seconds / seconds_per_photo))

    @property
    def _has_free_place(self) -> bool:
        return self._in_flight < self._place_count and not self._waiting

    @property
    def _has_reserved_place(self) -> bool:
        return self._reserved_in_flight < self._limits.reserved

    @contextmanager
    def _reserved_place(self) -> Generator[None, None, None]:
        self._reserved_in_flight += 1
        self._report()
        try:
            yield
        finally:
            self._reserved_in_flight -= 1
            self._report()

    def _enter(self, deadline: Deadline) -> None:
        if self._has_free_place:
            self._in_flight += 1
            if not self._has_free_place:
                self._pace.fill()
            self._report()
            return
        turn = Event()
        self._waiting.append(turn)
        self._report()
        try:
            turn.wait(min(deadline.remaining_seconds, self._limits.wait_seconds))
        except BaseException:  # the greenlet is being ended
            self._give_up(turn)
            raise
        if not turn.is_set():
            self._give_up(turn)
            raise DeadlinePassed

    def _give_up(self, turn: Event) -> None:
        if turn.is_set():
            self._leave()  # a place was given to it in the same moment
        else:
            self._waiting.remove(turn)
            self._report()

    def _leave(self) -> None:
        self._in_flight -= 1
        while self._waiting and self._in_flight < self._place_count:
            self._waiting.popleft().set()
            self._in_flight += 1
        self._pace.leave(still_full=self._in_flight >= self._place_count)
        self._report()

    def _report(self) -> None:
        self._on_change(self._in_flight + self._reserved_in_flight, len(self._waiting))
