"""Fixed drawn faces whose severity is known from how they were drawn: a second witness of the polarity.

Held-out photos share their folders with those that trained, so class folders that were swapped from the start look right
on both. These faces were never in any folder. They speak for drawn data only: what a network learned from photos of people
need not answer drawings.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from serving.contract.crop import make_crop
from serving.contract.errors import PhotoError
from serving.contract.face import FaceDetector
from training.errors import PolarityReversed
from training.evaluation.ranking import auroc
from training.export.drawn import SEVERITY_STEPS, draw_photo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from serving.contract.model import CropSpec

PER_END = 12
"""Faces drawn with severity 0, and as many with severity 1."""
CLEARLY_REVERSED = 0.25
"""Under chance, an AUROC of 12 against 12 faces has a standard deviation of 0.12: this is two of them under 0.5."""


@lru_cache(maxsize=1)
def draw_witnesses(spec: CropSpec) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Crops uint8 [n, size, size, 3] and whether each was drawn with severity 1 (the others with 0)."""
    detector, crops, severe = FaceDetector(), [], []
    for turn in range(PER_END):
        for step in (0, SEVERITY_STEPS - 1):
            try:
                crops.append(make_crop(draw_photo(turn * SEVERITY_STEPS + step), spec, detector).crop)
            except PhotoError:
                continue  # a face that the quality limits refuse is no witness
            severe.append(step > 0)
    return np.stack(crops), np.array(severe)


def check_witnesses(p_no_depression: NDArray[np.float32], severe: NDArray[np.bool_], *, chance_allowed: bool) -> None:
    """Those drawn with severity 1 must get the lower p_no_depression on the mean.

    Args:
        p_no_depression: Answers for the witnesses, [n].
        severe: Drawn with severity 1, [n].
        chance_allowed: The version will say that it knows nothing: refused only where the ranks are clearly upside down.

    Raises:
        PolarityReversed: they do not.
    """
    mean_severe, mean_not = (float(p_no_depression[chosen].mean()) for chosen in (severe, ~severe))
    area = auroc(severe, 1.0 - p_no_depression.astype(np.float64))
    if area < CLEARLY_REVERSED if chance_allowed else mean_severe >= mean_not:
        message = (
            f"faces drawn with severity 1 get p_no_depression {mean_severe:.3f}, those drawn with severity 0 get "
            f"{mean_not:.3f} (AUROC {area:.3f}): the polarity is reversed. Look for swapped class folders or labels."
        )
        raise PolarityReversed(message)
