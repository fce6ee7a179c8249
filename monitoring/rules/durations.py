"""Durations as PromQL writes them, and rules that run faster than real time, so that a fault of hours can be tried in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

UNITS: Final = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms"))
"""Milliseconds of a unit, and its letter; weeks and years are left out, because nobody reads them at a glance."""


def duration(seconds: float) -> str:
    """The shortest exact text of a duration, in the largest unit that it is a whole number of.

    >>> duration(300), duration(5400), duration(691200), duration(0.5)
    ('5m', '90m', '8d', '500ms')
    """
    milliseconds = round(seconds * 1000)
    size, letter = next((size, letter) for size, letter in UNITS if milliseconds % size == 0)
    return f"{milliseconds // size}{letter}"


@dataclass(frozen=True, slots=True)
class Pace:
    """How much faster than real time the rules run. Names of recorded series stay those of real time.

    Attributes:
        times_faster: 1 for a site.
    """

    times_faster: float = 1.0

    def text(self, seconds: float) -> str:
        """A duration for a rule file."""
        return duration(self.seconds(seconds))

    def seconds(self, seconds: float) -> float:
        """A duration for an expression that calculates with seconds."""
        return seconds / self.times_faster
