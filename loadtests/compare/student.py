"""Student's t: how far a mean of few runs can be off."""

from __future__ import annotations

import math
from typing import Final

_STEPS: Final = 200
_LARGEST: Final = 1e9


def student_quantile(share: float, degrees: int) -> float:
    """The value that a t with so many degrees of freedom exceeds with the probability `1 - share`; `share` from 0.5 up."""
    low, high = 0.0, _LARGEST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _share_below(middle, degrees) < share else (low, middle)
    return high


def _share_below(value: float, degrees: int) -> float:
    """P(T <= value) for a value from 0 up, by the finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    angle = math.atan(value / math.sqrt(degrees))
    cosine, sine = math.cos(angle), math.sin(angle)
    is_odd = degrees % 2 == 1
    term, total = (cosine if is_odd else 1.0), 0.0
    for step in range(degrees // 2):
        total += term
        odd = 2 * step + 1
        term *= cosine * cosine * ((odd + 1) / (odd + 2) if is_odd else odd / (odd + 1))
    within = 2 / math.pi * (angle + sine * total) if is_odd else sine * total
    return 0.5 + within / 2
