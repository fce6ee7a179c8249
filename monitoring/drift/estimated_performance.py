"""What accuracy, sensitivity and prevalence would be if the reference's calibration still held: confidence-based estimates, CBPE.

No labels are needed, and that is the trap: where the camera changes, the scores become more extreme, the estimate rises, and the
model is worse (drift.md, 4d: estimated 0.878, true 0.841). So an estimate is valid only while nothing says that photos or answers
have changed, is never shown as accuracy, and never raises an alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from monitoring.drift.errors import CountsUnusable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

LEAST_PHOTOS: Final = 500


@dataclass(frozen=True, slots=True)
class EstimatedPerformance:
    """Estimates at p = 0.5, each 0 to 1, and whether they may be shown."""

    accuracy: float
    sensitivity: float
    """Of the depressed, called depressed."""
    prevalence: float
    """Share of photos of depressed people."""
    valid: bool


def estimate(
    counts: ArrayLike, p_of_bins: Sequence[float], *, photos_quiet: bool, answers_quiet: bool
) -> EstimatedPerformance:
    """Estimate from counts by severity bin.

    Args:
        counts: Photos by bin, the lowest severity first.
        p_of_bins: Calibrated probability of not being depressed in each bin, falling.
        photos_quiet: No detector on measures of the photos speaks for a change.
        answers_quiet: Nor does the one on the severities.

    Raises:
        CountsUnusable: no photos, other bins, or probabilities outside 0 to 1.
    """
    seen, p = np.asarray(counts, np.float64), np.asarray(p_of_bins, np.float64)
    if seen.shape != p.shape or not np.isfinite(seen).all() or (seen < 0).any() or seen.sum() == 0:
        message = f"counts must be {len(p)} numbers, none below zero and some above"
        raise CountsUnusable(message)
    if not ((p >= 0) & (p <= 1)).all():
        message = "probabilities of the bins must be between 0 and 1"
        raise CountsUnusable(message)
    shares = seen / seen.sum()
    ill = 1.0 - p
    called_depressed = p < 0.5
    prevalence = float((shares * ill).sum())
    found = float((shares * ill)[called_depressed].sum())
    return EstimatedPerformance(
        accuracy=float((shares * np.maximum(p, ill)).sum()),
        sensitivity=found / prevalence if prevalence > 0 else float("nan"),
        prevalence=prevalence,
        valid=bool(photos_quiet and answers_quiet and seen.sum() >= LEAST_PHOTOS),
    )
