"""Accuracy and AUROC of some answers with their intervals, and the difference between two, as every probe states them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from training.evaluation.band_rule import bands_of
from training.evaluation.bootstrap import bootstrap
from training.evaluation.ranking import auroc_statistic
from training.evaluation.rates import paired_difference
from training.polarity import called_depressed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from training.evaluation.bootstrap import Weights


def worth(subjects: Sequence[str], depressed: NDArray[np.bool_], p_no_depression: ArrayLike) -> dict[str, Any]:
    """The `accuracy` (at p = 0.5) and `auroc`, each `{"value", "interval_95"}`; subjects resampled."""
    right = (called_depressed(p_no_depression) == depressed).astype(np.float64)
    found = bootstrap(
        subjects,
        {"accuracy": lambda weights: _share(weights, right), "ranking": auroc_statistic(depressed, p_no_depression)},
    )
    return {"accuracy": found["accuracy"]["share"].figure(), "auroc": found["ranking"]["auroc"].figure()}


def gain(subjects: Sequence[str], depressed: NDArray[np.bool_], p_one: ArrayLike, p_other: ArrayLike) -> dict[str, Any]:
    """Accuracy of the one minus the other's on the same photos, paired: `{"value", "interval_95"}`."""
    return paired_difference(subjects, depressed, p_one, p_other).figure()


def moves(subjects: Sequence[str], p_one: NDArray[np.float32], p_other: NDArray[np.float32]) -> dict[str, Any]:
    """How many photos change their band between two answers, over two bands, and the largest difference in p."""
    steps = np.abs(bands_of(p_one) - bands_of(p_other))
    flipped = (steps > 0).astype(np.float64)

    return {
        "band_flips": int((steps > 0).sum()),
        "band_flip_share": bootstrap(subjects, {"": lambda weights: _share(weights, flipped)})[""]["share"].figure(),
        "flips_over_two_bands": int((steps > 1).sum()),
        "largest_p_difference": float(np.abs(p_one.astype(np.float64) - p_other).max()),
    }


def _share(weights: Weights, members: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    return {"share": weights @ members / weights.sum(axis=1)}
