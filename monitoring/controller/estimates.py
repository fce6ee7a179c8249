"""What the accuracy would be if the version's calibration still held, from counts alone (`monitoring.drift.estimated_performance`).

The counts know a photo's severity to a tenth, so the probability of each bin is the profile's reliability curve at the bin's middle.
"""

from __future__ import annotations

import numpy as np

from monitoring.controller.daily_counts import DAY_SECONDS
from monitoring.controller.watch import SITE_PREFIX, WEEK_SECONDS, Watch
from monitoring.drift.detector import combined
from monitoring.drift.estimated_performance import EstimatedPerformance, estimate
from monitoring.image_metrics import STATISTICS
from monitoring.reference_metrics import SEVERITY_SIGNAL
from monitoring.severity_bins import SEVERITY_BINS
from serving.contract.profile import Reliability


def probabilities_of_bins(reliability: Reliability) -> tuple[float, ...]:
    """Calibrated probability of not being depressed in each severity bin, lowest severity first."""
    order = np.argsort(reliability.p)
    middles = 1.0 - (np.arange(len(SEVERITY_BINS)) + 0.5) / len(SEVERITY_BINS)
    found = np.interp(middles, np.asarray(reliability.p)[order], np.asarray(reliability.observed)[order])
    return tuple(float(value) for value in found)


def estimate_of(watch: Watch, p_of_bins: tuple[float, ...], now: float) -> EstimatedPerformance | None:
    """Of the photos of the last seven days; None where there are none.

    Valid only while every signal is quiet, and only where the detectors saw all of these photos: after a restart they are quiet because they
    have seen little, while the week may hold the very photos for which they were restarted.
    """
    counts = watch.daily.since(SEVERITY_SIGNAL, now - WEEK_SECONDS)
    if counts is None or counts.sum() == 0:
        return None
    height = watch.heights(now)["warning"]
    # Photos are kept by whole days.
    window_began = (now - WEEK_SECONDS) // DAY_SECONDS * DAY_SECONDS
    saw_all = watch.began <= max(window_began, watch.daily.first)

    def quiet(signals: tuple[str, ...]) -> bool:
        # Against the version's own profile: its calibration is what the estimate rests on.
        found = {name: watch.followed[name].detector for name in signals if name in watch.followed}
        return saw_all and bool(found) and watch.alarm_since is None and combined(found) < height

    judged = tuple(name for name in watch.updated() if not name.startswith(SITE_PREFIX))
    photos = tuple(name for name in judged if name in STATISTICS)
    return estimate(
        counts, p_of_bins, photos_quiet=quiet(photos), answers_quiet=SEVERITY_SIGNAL in judged and quiet((SEVERITY_SIGNAL,))
    )  # fmt: skip
