"""How long a photo holds its place, as measured, and how long a newcomer would therefore wait."""

from __future__ import annotations

from typing import Final

WEIGHT: Final = 0.1
"""Of the newest photo in the mean: ten photos on, two thirds of what is said is new, so a slower model is noticed soon."""


class ServiceTime:
    """An exponentially weighted mean of the seconds that photos held their places, whatever became of them."""

    def __init__(self) -> None:
        self._mean_seconds: float | None = None

    @property
    def mean_seconds(self) -> float:
        """The mean; zero until something was measured, so that nobody is refused on a guess."""
        return self._mean_seconds or 0.0

    def note(self, seconds: float) -> None:
        """One photo held its place for so long."""
        mean = self._mean_seconds
        self._mean_seconds = seconds if mean is None else mean + WEIGHT * (seconds - mean)

    def wait_seconds(self, ahead: int, places: int) -> float:
        """The wait for a place, all of them being taken.

        Places become free at `places / mean` a second, and `ahead` others go first.

        >>> measured = ServiceTime()
        >>> measured.note(0.5)
        >>> measured.wait_seconds(ahead=7, places=4)
        1.0
        """
        return (ahead + 1) * self.mean_seconds / places
