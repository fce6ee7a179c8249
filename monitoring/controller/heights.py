"""How high the alarm hangs, from the site's traffic and what it tolerates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from monitoring.drift.budget import PHOTOS_PER_UPDATE, log_alarm_height

TIERS: Final = ("warning", "alarm")
DAYS_BETWEEN_FALSE_ALARMS: Final = 90.0
DAYS_BETWEEN_FALSE_WARNINGS: Final = 30.0
LEAST_PER_DAY: Final = 1.0
"""Photos; a site with fewer gets the heights of one with so many."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a site tolerates.

    Attributes:
        alarm_days: Between two false alarms, on average and at least.
        warning_days: Between two false warnings.
        most_updates_per_day: That there can be: a look every so often.
    """

    alarm_days: float = DAYS_BETWEEN_FALSE_ALARMS
    warning_days: float = DAYS_BETWEEN_FALSE_WARNINGS
    most_updates_per_day: float = 1_440.0

    def updates_per_day(self, photos_per_day: float) -> float:
        """How often the detectors are fed: after `PHOTOS_PER_UPDATE` photos, after a day, never more often than there is a look.

        >>> [Budget().updates_per_day(photos) for photos in (10, 2_000, 500_000)]
        [1.0, 40.0, 1440.0]
        """
        return min(max(1.0, photos_per_day / PHOTOS_PER_UPDATE), self.most_updates_per_day)

    def log_heights(self, photos_per_day: float) -> dict[str, float]:
        """Tier -> ln A (`monitoring.drift.budget`).

        >>> {tier: round(height, 3) for tier, height in Budget().log_heights(2_000).items()}
        {'warning': 7.09, 'alarm': 8.189}
        """
        photos = max(photos_per_day, LEAST_PER_DAY)
        per_update = photos / self.updates_per_day(photos)
        days = {"warning": self.warning_days, "alarm": self.alarm_days}
        return {tier: max(0.0, log_alarm_height(photos, days[tier], per_update)) for tier in TIERS}
