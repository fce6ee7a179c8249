"""How fast places become free while all of them are taken: what a newcomer's wait is reckoned from.

The mean of how long photos hold their places would say the same, but late: while load rises, those that will take longest
are still at work. The gaps between two photos that leave are known as soon as two have left.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

WEIGHT: Final = 0.1
"""Of the newest gap in the mean: ten photos on, two thirds of what is said is new."""


class Pace:
    """An exponentially weighted mean of the seconds between two photos that leave, while every place is taken.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._mean_seconds: float | None = None
        self._gap_began: float | None = None

    def fill(self) -> None:
        """The last free place was taken."""
        self._gap_began = self._clock()

    def leave(self, *, still_full: bool) -> None:
        """A photo left; its place was free at once, or handed to one that waited."""
        now = self._clock()
        if self._gap_began is not None:
            self._mean_seconds = self._with(now - self._gap_began)
        self._gap_began = now if still_full else None

    @property
    def seconds_per_photo(self) -> float:
        """Between two that leave; zero until something was measured, so that nobody is refused on a guess.

        A gap that lasts longer than the mean counts before it has ended: of a model that hangs nobody leaves at all.

        >>> now = 0.0
        >>> pace = Pace(lambda: now)
        >>> pace.fill()
        >>> now = 0.5
        >>> pace.leave(still_full=True)
        >>> pace.seconds_per_photo
        0.5
        >>> now = 1.5
        >>> pace.seconds_per_photo
        0.55
        """
        gap_seconds = 0.0 if self._gap_began is None else self._clock() - self._gap_began
        if self._mean_seconds is None or gap_seconds <= self._mean_seconds:
            return self._mean_seconds or 0.0
        return self._with(gap_seconds)

    def _with(self, gap_seconds: float) -> float:
        if self._mean_seconds is None:
            return gap_seconds
        return self._mean_seconds + WEIGHT * (gap_seconds - self._mean_seconds)
