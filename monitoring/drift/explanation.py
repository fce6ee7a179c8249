"""What moved: each signal against its reference, in words that need no statistics, from counts by bin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring.drift.distances import LEAST_PHOTOS, population_stability_index, psi_threshold, smoothed_shares
from monitoring.drift.reference import Reference

NEGLIGIBLE = 0.02
"""Of the range of a signal's bins: a smaller move of the mean is not named."""


@dataclass(frozen=True, slots=True, eq=False)
class SignalMove:
    """One signal.

    Attributes:
        photos: Compared.
        expected: Shares of the reference, float64 [bins].
        found: Shares now, half a photo added to each bin, float64 [bins].
        moved: Mean position now less that of the reference, as a share of the range of the bins, -1 to 1.
        psi: Population stability index; None for too few photos.
        psi_by_chance: That so many photos exceed once in a thousand times; None for too few photos.
    """

    photos: float
    expected: NDArray[np.float64]
    found: NDArray[np.float64]
    moved: float
    psi: float | None
    psi_by_chance: float | None

    @property
    def says(self) -> str:
        """In a few words."""
        if self.psi is None or self.psi_by_chance is None:
            return "too few photos to say"
        if self.psi <= self.psi_by_chance:
            return "as expected"
        if abs(self.moved) >= NEGLIGIBLE:
            return "higher" if self.moved > 0 else "lower"
        return "others, with the same mean"


def compare(counts: NDArray[np.float64], reference: Reference) -> SignalMove:
    """Hold photos against a reference.

    Args:
        counts: By bin; bins that the reference has not are left out.
        reference: What is expected.
    """
    seen = counts[: len(reference.shares)]
    photos = float(seen.sum())
    found = smoothed_shares(seen)
    steps = np.linspace(0.0, 1.0, len(reference.shares))
    enough = photos >= LEAST_PHOTOS
    return SignalMove(
        photos=photos,
        expected=reference.shares,
        found=found,
        moved=float(((found - reference.shares) * steps).sum()),
        psi=population_stability_index(seen, reference) if enough else None,
        psi_by_chance=psi_threshold(photos, reference) if enough else None,
    )
