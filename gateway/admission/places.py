"""A bounded number of photos at work, a bounded number waiting, and nobody waiting in vain."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from gevent.event import Event

from gateway.admission.service_time import ServiceTime
from gateway.deadline import Deadline
from gateway.errors import DeadlinePassed, QueueFull, WaitTooLong


@dataclass(frozen=True, slots=True)
class PlaceLimits:
    """How many, and for how long.

    Attributes:
        in_flight: Photos at work at once.
        queue: Photos that may wait for a place.
        wait_seconds: Longest wait for a place.
        reserved: Places on top, for callers that never wait behind the others.
    """

    in_flight: int
    queue: int
    wait_seconds: float
    reserved: int = 0


class Places:
    """Places for photos at work, and a queue in front of them, first come first served.

    A newcomer who would wait too long, judged by how long photos hold their places just now, is refused at once. Whoever
    finds a place free is let in, whatever was measured before: so a model that hung once is tried again.

    Args:
        limits: How many, and for how long.
        on_change: Told the numbers (in flight, queued) whenever they change.
    """

    def __init__(self, limits: PlaceLimits, on_change: Callable[[int, int], None]) -> None:
        self._limits = limits
        self._on_change = on_change
        self._service_time = ServiceTime()
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
        if reserved:
            raise QueueFull(retry_after_seconds=self._service_time.mean_seconds)
        wait_seconds = self._service_time.wait_seconds(len(self._waiting), self._limits.in_flight)
        if len(self._waiting) >= self._limits.queue:
            raise QueueFull(retry_after_seconds=wait_seconds)
        # A place got with no time left to use it would be wasted on somebody who is no longer waiting.
        left_to_wait = deadline_seconds - self._service_time.mean_seconds
        if wait_seconds > min(left_to_wait, self._limits.wait_seconds):
            raise WaitTooLong(retry_after_seconds=wait_seconds)

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
        entered_seconds = time.monotonic()
        try:
            yield
        finally:
            self._service_time.note(time.monotonic() - entered_seconds)
            self._leave()

    @property
    def _has_free_place(self) -> bool:
        return self._in_flight < self._limits.in_flight

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
        self._on_change(self._in_flight + self._reserved_in_flight, len(self._waiting))
