"""From "at most one false alarm in so many days, at this site's traffic" to the height of the alarm."""

from __future__ import annotations

import math

from monitoring.drift.errors import BudgetUnusable

PHOTOS_PER_UPDATE = 50
"""Updates of so many photos, where traffic brings them: fewer updates mean fewer chances of a false alarm, more mean an earlier
true one, by at most these photos."""


def log_alarm_height(photos_per_day: float, days_between_false_alarms: float, photos_per_update: float) -> float:
    """Ln A, where A is the number of updates in which one false alarm is allowed (`monitoring.drift.detector`).

    >>> round(math.exp(log_alarm_height(2000, 90, 50)))
    3600

    Args:
        photos_per_day: That the detector sees.
        days_between_false_alarms: On average, at least.
        photos_per_update: On average.

    Raises:
        BudgetUnusable: not above zero, or less than one update in all that time.
    """
    values = (photos_per_day, days_between_false_alarms, photos_per_update)
    if not all(math.isfinite(value) and value > 0 for value in values):
        message = "photos per day, days between false alarms and photos per update must be above zero"
        raise BudgetUnusable(message)
    updates = photos_per_day * days_between_false_alarms / photos_per_update
    if updates < 1:
        message = f"there is less than one update of {photos_per_update:g} photos in {days_between_false_alarms:g} days"
        raise BudgetUnusable(message)
    return math.log(updates)
