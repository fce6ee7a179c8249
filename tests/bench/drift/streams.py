"""Streams of severities to test drift detectors on, as a simulation of logits; nothing in them is of people, or of our model.

The severity's logit is normal in each class, so that a model with the paper's sensitivity (0.8315) and specificity (0.9020) at 0.5
comes out, and 39 % of the photos in the high band (reference: drift.md, 4a and 5a). What a shift does is one line of `SHIFTS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MEAN_DEPRESSED: Final = 1.08
MEAN_NOT_DEPRESSED: Final = -1.457
DEVIATION: Final = 1.127
PREVALENCE: Final = 0.51
BINS: Final = 10
GRADUAL_PHOTOS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Shift:
    """How photos differ from those of the reference."""

    prevalence: float = PREVALENCE
    logit_added: float = 0.0
    logit_factor: float = 1.0
    share: float = 1.0
    """Of the photos that the two lines above happen to."""
    over_photos: int = 0
    """The change comes in gradually over so many photos."""


NOTHING: Final = Shift()
SHIFTS: Final = {
    "prevalence 65 %": Shift(prevalence=0.65),
    "prevalence 20 %": Shift(prevalence=0.20),
    "dark": Shift(logit_added=0.4),
    "blur": Shift(logit_factor=0.67),
    "camera": Shift(logit_added=0.8),
    "30 % of photos": Shift(logit_added=0.8, share=0.3),
    "gradual": Shift(logit_added=0.8, over_photos=GRADUAL_PHOTOS),
}


def draw_severities(photos: int, shift: Shift, rng: np.random.Generator) -> NDArray[np.float64]:
    """Severities, 0 to 1, float64 [photos]."""
    depressed = rng.random(photos) < shift.prevalence
    logits = rng.normal(np.where(depressed, MEAN_DEPRESSED, MEAN_NOT_DEPRESSED), DEVIATION)
    hit = rng.random(photos) < shift.share * np.minimum(1.0, (np.arange(photos) + 1) / max(1, shift.over_photos))
    logits = np.where(hit, logits * shift.logit_factor + shift.logit_added, logits)
    severities: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-logits))
    return severities


def count_bins(severities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Photos by bin of a tenth, upper edges inclusive, int64 [10]."""
    bins = np.clip(np.ceil(severities * BINS).astype(int) - 1, 0, BINS - 1)
    return np.bincount(bins, minlength=BINS)


Detect = Callable[[NDArray[np.float64], NDArray[np.float64]], list[int]]
"""(reference severities, stream) -> after how many photos each alarm came; the detector starts anew after each."""
