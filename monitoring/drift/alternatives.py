"""The distributions that the detector looks for: the reference, tilted towards one end, or towards both ends or the middle.

A tilt of the shares by exp(strength * f) is the smallest change (in relative entropy) that moves the mean of f as far. With the
standardised position z as f it is a shift, as another camera or another prevalence makes it; with the standardised z squared it
is a change of spread, as blur makes it, which detectors of the mean alone never see (reference: drift.md, 4a and 4c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from monitoring.drift.reference import Reference

STRENGTHS: Final = (0.2, 0.4, 0.8)
"""In standard deviations of the reference, for small changes: weak, middling, strong. Each in both directions."""
GUARD: Final = 2.0
"""How many standard errors of the reference's own shares a change must exceed before it counts as one: the reference is itself
counted from few photos. Without it the rate of false alarms is that of the reference's error."""


def tilted_shares(reference: Reference) -> NDArray[np.float64]:
    """The shares that are looked for, float64 [alternatives, bins]; every row adds up to one."""
    z = _standardise(reference.positions, reference.shares)
    features = [z]
    spread = z * z - 1.0
    if np.ptp(spread) > 0:  # of two bins the square says nothing
        features.append(_standardise(spread, reference.shares))
    rows = [
        reference.shares * np.exp(sign * strength * feature)
        for feature in features
        for strength in STRENGTHS
        for sign in (1.0, -1.0)
    ]
    return np.array([row / row.sum() for row in rows])


def log_ratios(reference: Reference, guard: float = GUARD) -> NDArray[np.float64]:
    """What one photo in a bin says for each alternative, in nats, float64 [alternatives, bins].

    The guard takes ln(1 + guard * sd / sqrt(n)) off each, where sd is the standard deviation of the likelihood ratio and n the
    photos of the reference: the error that the ratio's mean has because the reference was counted (drift.md, 4c).
    """
    ratios = tilted_shares(reference) / reference.shares
    deviation = np.sqrt(((ratios - 1.0) ** 2 * reference.shares).sum(axis=1, keepdims=True))
    off: NDArray[np.float64] = np.log1p(guard * deviation / np.sqrt(reference.photos))
    return np.asarray(np.log(ratios) - off, np.float64)


def _standardise(values: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = values - (shares * values).sum()
    scaled: NDArray[np.float64] = centred / np.sqrt((shares * centred**2).sum())
    return scaled
