"""The shares of the bins that are expected, from the profile of a version or of a site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from monitoring.drift.errors import ReferenceUnusable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

JEFFREYS = 0.5
"""Added to every bin: a bin that the reference never saw is rare, not impossible."""
LEAST_PHOTOS = 100
"""Below, the reference knows so little of itself that only a landslide could be told from its own error."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What is expected of one signal.

    Attributes:
        positions: Of the bins on the signal's own scale, rising, float64 [bins]: the middle of each, or its number where the bins
            are deciles.
        shares: Of the bins, float64 [bins], all above zero, adding up to one.
        photos: How many the shares were counted from.
    """

    positions: NDArray[np.float64]
    shares: NDArray[np.float64]
    photos: int

    @classmethod
    def from_counts(cls, counts: Sequence[int], positions: Sequence[float] | None = None) -> Self:
        """Of the counts of a histogram.

        Args:
            counts: By bin.
            positions: Of the bins; their numbers where None.

        Raises:
            ReferenceUnusable: fewer than two bins, a negative count, fewer than `LEAST_PHOTOS`, positions that do not rise.
        """
        found = np.asarray(counts, np.float64)
        places = np.arange(len(found), dtype=np.float64) if positions is None else np.asarray(positions, np.float64)
        photos = int(found.sum())
        if len(found) < 2 or not np.isfinite(found).all() or found.min() < 0:
            message = "a reference needs two bins or more, with counts of zero or above"
            raise ReferenceUnusable(message)
        if photos < LEAST_PHOTOS:
            message = f"a reference of {photos} photos is too small; it needs {LEAST_PHOTOS}"
            raise ReferenceUnusable(message)
        if places.shape != found.shape or not (np.diff(places) > 0).all():
            message = "a reference needs one position for each bin, rising"
            raise ReferenceUnusable(message)
        shares = (found + JEFFREYS) / (photos + JEFFREYS * len(found))
        return cls(places, shares, photos)
