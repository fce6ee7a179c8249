"""p_no_depression -> severity in parts per million -> band.

Polarity: the model's sigmoid is the probability of NOT being depressed (paper, section III). Severity is `1 - p`, kept
as an integer so that every reader (band, histogram, page, API) uses the same number and the paper's boundaries hold:
p = 0.7 is "none", p = 0.4 is "mild", in float32 too, although float32(0.7) is below 0.7 once widened.

Severity is not a PHQ-9 score, not a confidence and not a diagnosis; the paper has no severity labels, so mild and high
are cut-points of a binary score.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import SupportsFloat

from serving.contract.errors import ContractInvalid, ModelAnswerInvalid

PARTS_PER_MILLION = 1_000_000
PPM_PER_PERCENT = 10_000
ROUNDING_RULE = "p is widened to float64; severity_ppm = round((1 - p) * 1_000_000), half to even"
"""Stored in every model contract, because a reader who rounds otherwise moves the band edges."""


class Band(enum.StrEnum):
    """The three bands of the paper (section III): score bands, not clinical grades."""

    NONE = "none"
    MILD = "mild"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Upper ends, inclusive, of the bands none and mild, in severity parts per million.

    The defaults are the paper's 0.7 and 0.4 on p_no_depression.

    Raises:
        ContractInvalid: not 0 < none < mild < 1,000,000, or no whole percent lies in the band mild.
    """

    none_max_ppm: int = 300_000
    mild_max_ppm: int = 600_000

    def __post_init__(self) -> None:
        """Refuse thresholds that would leave a band empty or reversed."""
        if not 0 < self.none_max_ppm < self.mild_max_ppm < PARTS_PER_MILLION:
            message = f"thresholds must rise: 0 < {self.none_max_ppm} < {self.mild_max_ppm} < {PARTS_PER_MILLION}"
            raise ContractInvalid(message)
        if self.mild_max_ppm // PPM_PER_PERCENT * PPM_PER_PERCENT <= self.none_max_ppm:
            message = (
                f"no whole percent lies above {self.none_max_ppm} and up to {self.mild_max_ppm}: whole percent are shown, and those "
                "of a neighbour would contradict the band"
            )
            raise ContractInvalid(message)


PAPER_THRESHOLDS = Thresholds()


def severity_ppm(p_no_depression: SupportsFloat) -> int:
    """Severity in parts per million, 0 to 1,000,000.

    Args:
        p_no_depression: Probability of NOT being depressed, in [0, 1]; Python or NumPy float of any width.

    Raises:
        ModelAnswerInvalid: NaN, infinite, or outside [0, 1]. The naive comparison chain would call NaN "high".

    >>> import numpy as np
    >>> severity_ppm(0.7), severity_ppm(np.float32(0.7)), severity_ppm(0.4)
    (300000, 300000, 600000)
    """
    p = float(p_no_depression)
    if not math.isfinite(p) or not 0.0 <= p <= 1.0:
        message = f"the model answered {p!r}, which is not a probability"
        raise ModelAnswerInvalid(message)
    return round((1.0 - p) * PARTS_PER_MILLION)


def band_of(severity: int, thresholds: Thresholds = PAPER_THRESHOLDS) -> Band:
    """The band of a severity in parts per million.

    >>> band_of(300_000), band_of(300_001), band_of(600_000), band_of(600_001)
    (<Band.NONE: 'none'>, <Band.MILD: 'mild'>, <Band.MILD: 'mild'>, <Band.HIGH: 'high'>)
    """
    if severity <= thresholds.none_max_ppm:
        return Band.NONE
    if severity <= thresholds.mild_max_ppm:
        return Band.MILD
    return Band.HIGH
