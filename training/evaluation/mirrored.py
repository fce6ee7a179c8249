"""What changes when left and right are swapped: nothing may, because front cameras mirror selfies arbitrarily (`seed` I)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from training.evaluation.bootstrap import Estimate, Statistic


def mirrored_statistic(bands: NDArray[np.intp], bands_mirrored: NDArray[np.intp]) -> Statistic:
    """Gives "flip_share" [b]: of the photos whose mirrored crop falls into another band."""
    flipped = (bands != bands_mirrored).astype(np.float64)
    return lambda weights: {"flip_share": weights @ flipped / weights.sum(axis=1)}


def mirrored_section(
    found: Mapping[str, Estimate],
    bands: NDArray[np.intp],
    bands_mirrored: NDArray[np.intp],
    p: NDArray[np.float32],
    p_mirrored: NDArray[np.float32],
) -> dict[str, Any]:
    """The section "mirrored" of an evaluation."""
    moved = np.abs(bands - bands_mirrored)
    return {
        "band_flips": int((moved > 0).sum()),
        "band_flip_share": found["flip_share"].figure(),
        "flips_over_two_bands": int((moved > 1).sum()),
        "largest_p_difference": float(np.abs(p.astype(np.float64) - p_mirrored).max()),
    }
