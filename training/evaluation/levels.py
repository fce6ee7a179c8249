"""Photos sorted by a score, ties together: what every figure that walks over thresholds stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from training.evaluation.bootstrap import Weights


class Levels:
    """The distinct values of a score, rising, and which photos have them.

    Args:
        score: Of each photo, [n], n > 0.
    """

    def __init__(self, score: ArrayLike) -> None:
        values = np.asarray(score)
        self.values, place = np.unique(values, return_inverse=True)
        self._order = np.argsort(place, kind="stable")
        self._starts = np.searchsorted(place[self._order], np.arange(len(self.values)))

    def sort(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Numbers of the photos [..., n], from the lowest score to the highest."""
        return numbers[..., self._order]

    def add_up(self, sorted_numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums over the photos of each level: sorted numbers [b, n] -> [b, levels]."""
        return np.add.reduceat(sorted_numbers, self._starts, axis=1)

    def tally(self, weights: Weights, positive: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How often positive and negative photos count, by level: [b, levels] each."""
        ordered = self.sort(weights)
        positives = self.add_up(ordered * self.sort(positive.astype(np.float64)))
        return positives, self.add_up(ordered) - positives
