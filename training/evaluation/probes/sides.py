"""Left and right: does a mirrored crop change the band, and what is the model worth without any asymmetry?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from training.evaluation.probes.figures import gain, moves, worth
from training.evaluation.probes.streaming import ask, labels_of, subjects_of
from training.evaluation.scoring import mirror_crops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.evaluation.probes.streaming import Scorer


def probe_mirrored(
    scorer: Scorer, store: CropStore, photos: Sequence[Photo], p_plain: NDArray[np.float32]
) -> dict[str, Any]:
    """Band flips when the crops are mirrored. None is allowed: front cameras mirror selfies arbitrarily (`seed` I)."""
    return moves(subjects_of(photos), p_plain, ask(scorer, store, photos, mirror))


def probe_mirror_averaged(
    scorer: Scorer, store: CropStore, photos: Sequence[Photo], p_plain: NDArray[np.float32]
) -> dict[str, Any]:
    """The model on crops without asymmetry. What it loses there is what asymmetry is worth to it (`seed` J)."""
    subjects, depressed = subjects_of(photos), labels_of(photos)
    averaged = ask(scorer, store, photos, average_sides)
    return {
        **worth(subjects, depressed, averaged),
        "accuracy_plain_minus_averaged": gain(subjects, depressed, p_plain, averaged),
        "band_moves": moves(subjects, p_plain, averaged),
    }


def mirror(crops: NDArray[np.uint8], _first: int = 0) -> NDArray[np.uint8]:
    """Left and right swapped."""
    return mirror_crops(crops)


def average_sides(crops: NDArray[np.uint8], _first: int = 0) -> NDArray[np.uint8]:
    """Each crop averaged with its mirror image, exactly symmetric; halves are rounded up.

    >>> average_sides(np.array([[[[10], [21]]]], np.uint8)).ravel().tolist()
    [16, 16]
    """
    return ((crops.astype(np.uint16) + crops[:, :, ::-1] + 1) // 2).astype(np.uint8)
