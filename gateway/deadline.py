"""A point in time that everything done for one request keeps to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Self

from gateway.errors import DeadlinePassed


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline on the monotonic clock, in seconds."""

    at_seconds: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """The deadline so many seconds from now."""
        return cls(time.monotonic() + seconds)

    @property
    def remaining_seconds(self) -> float:
        """Time left; zero once it has passed."""
        return max(0.0, self.at_seconds - time.monotonic())

    @property
    def has_passed(self) -> bool:
        """Whether no time is left."""
        return self.remaining_seconds == 0.0

    def require_time_left(self) -> None:
        """Go on only with something that can still be done in time.

        Raises:
            DeadlinePassed: no time is left.
        """
        if self.has_passed:
            raise DeadlinePassed
