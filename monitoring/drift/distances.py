"""How far counts are from a reference: for people to read and for PromQL to compute, not to decide whether something changed.

A distance of few photos is large by chance: without any change the population stability index of m photos against n is on average
(bins - 1)(1/n + 1/m), and PSI / (1/n + 1/m) follows a chi-square distribution of bins - 1 degrees (Yurdakul 2018). So its
threshold depends on the size; 0.1 and 0.2 are a coin flip at 50 photos and blind at 5,000 (drift.md, 4a).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from monitoring.drift.errors import CountsUnusable
from monitoring.drift.reference import JEFFREYS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from monitoring.drift.reference import Reference

LEAST_PHOTOS: Final = 500
"""Below, a PSI is "insufficient data" and never 0 (drift.md, 4a)."""
CHANCE: Final = 0.001
"""That a PSI is at its threshold without any change."""


def smoothed_shares(counts: ArrayLike) -> NDArray[np.float64]:
    """Shares of counts, with half a photo more in each bin, as the reference has them.

    Raises:
        CountsUnusable: negative or not finite.
    """
    seen = np.asarray(counts, np.float64)
    if not np.isfinite(seen).all() or (seen < 0).any():
        message = "counts must be finite, none below zero"
        raise CountsUnusable(message)
    shares: NDArray[np.float64] = (seen + JEFFREYS) / (seen.sum() + JEFFREYS * len(seen))
    return shares


def population_stability_index(counts: ArrayLike, reference: Reference) -> float:
    """PSI: the sum over bins of (q - p) ln(q / p), from 0."""
    q = smoothed_shares(counts)
    return float(((q - reference.shares) * np.log(q / reference.shares)).sum())


def jensen_shannon(counts: ArrayLike, reference: Reference) -> float:
    """Jensen-Shannon divergence in nats, 0 to ln 2."""
    q, p = smoothed_shares(counts), reference.shares
    middle = (p + q) / 2.0
    return float((p * np.log(p / middle) + q * np.log(q / middle)).sum() / 2.0)


def wasserstein(counts: ArrayLike, reference: Reference) -> float:
    """How far the photos would have to be moved on average, on the scale of the reference's positions."""
    apart = np.cumsum(smoothed_shares(counts) - reference.shares)[:-1]
    return float((np.abs(apart) * np.diff(reference.positions)).sum())


def psi_threshold(photos: float, reference: Reference, chance: float = CHANCE) -> float:
    """The PSI that so many photos exceed by chance with probability `chance`, without any change."""
    return chi_square_quantile(1.0 - chance, len(reference.shares) - 1) * (1.0 / photos + 1.0 / reference.photos)


def chi_square_tail(value: float, degrees: int) -> float:
    """P(chi-square of so many degrees > value), by the recurrence of the incomplete gamma function (DLMF 8.8.2).

    >>> round(chi_square_tail(27.877, 9), 6)
    0.001
    """
    half = value / 2.0
    a, tail = (0.5, math.erfc(math.sqrt(half))) if degrees % 2 else (1.0, math.exp(-half))
    while a < degrees / 2.0:
        tail += math.exp(a * math.log(half) - half - math.lgamma(a + 1.0)) if half > 0 else 0.0
        a += 1.0
    return tail


def chi_square_quantile(probability: float, degrees: int) -> float:
    """The value that a chi-square of so many degrees stays under with this probability, to 1e-9, by halving.

    >>> round(chi_square_quantile(0.999, 9), 3)
    27.877
    """
    low, high = 0.0, 10.0 * degrees + 100.0
    while high - low > 1e-9:
        middle = (low + high) / 2.0
        low, high = (middle, high) if chi_square_tail(middle, degrees) > 1.0 - probability else (low, middle)
    return high
