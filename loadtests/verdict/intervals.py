"""How sure a figure of one run is: 95 % intervals without assumptions about the shape of the distribution."""

from __future__ import annotations

import math
from typing import Final

from loadtests.histogram import Histogram

Z: Final = 1.959964
"""Two-sided 95 % of the normal distribution."""


def share_interval(count: int, total: int) -> tuple[float, float]:
    """Wilson's interval of a share; (0, 1) where nothing was seen."""
    if not total:
        return 0.0, 1.0
    share = count / total
    middle = share + Z * Z / (2 * total)
    half = Z * math.sqrt(share * (1 - share) / total + Z * Z / (4 * total * total))
    scale = 1 + Z * Z / total
    return max((middle - half) / scale, 0.0), min((middle + half) / scale, 1.0)


def percentile_interval(histogram: Histogram, percent: float) -> tuple[float, float]:
    """Seconds between which a percentile lies, by the ranks that the binomial distribution allows.

    It takes the latencies as independent of each other, which they are not while a queue stands; a comparison of runs of the same kind
    must ask how far apart those lie too.
    """
    share, count = percent / 100, histogram.count
    if not count:
        return 0.0, 0.0
    half = Z * math.sqrt(count * share * (1 - share))
    lowest = max(share * count - half, 0.0) / count
    highest = min(share * count + half + 1, count) / count
    return histogram.percentile(100 * lowest), histogram.percentile(100 * highest)
