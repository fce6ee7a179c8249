"""What a band means in numbers: how many depressed subjects of a hold-out were in it, and how many in it are depressed.

The second depends on how many are depressed where the photo was taken (Bayes): with a = P(band | depressed),
b = P(band | not depressed) and prevalence q it is q a / (q a + (1 - q) b). Never max(p, 1 - p), which speaks of the network.

Interval of a share: Wilson's score interval (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927, 209-212), which stays inside 0 and 1
and holds near them, by subject: photos of one person are no evidence of their own. Subjects that count by the share of their
photos vary less than whole ones, so it errs on the wide side. For the second figure a and b each get an interval of 97.5 %, so
that both hold in 95 % of samples whatever ties them (Bonferroni), and their worst ends are combined: it rises with a and falls
with b.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from serving.contract.band_counts import BandCounts
from serving.contract.severity import Band

Z_95: Final = 1.959963984540054
"""Of the normal distribution: 95 % lie within so many standard deviations."""
Z_97_5: Final = 2.241402727604947
PREVALENCES_PERCENT: Final = (5, 10, 20, 50)
"""Where a site does not say its own; those of the model card."""
ROUNDING_SLACK: Final = 1e-9
"""So that 0.29 of 100, which is 28.999999999999996, is 29."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Ends of an interval of a share, 0 to 1."""

    low: float
    high: float

    @property
    def of_100(self) -> tuple[int, int]:
        """The ends as whole numbers of 100, rounded outwards: never narrower than what was measured."""
        return math.floor(100 * self.low + ROUNDING_SLACK), math.ceil(100 * self.high - ROUNDING_SLACK)


def wilson_interval(count: float, total: int, z: float = Z_95) -> Interval:
    """Wilson's score interval of a share.

    Args:
        count: How many had it; not whole where subjects count by shares.
        total: Of how many, at least 1.
        z: Half the width, in standard deviations of the normal distribution.

    >>> interval = wilson_interval(0, 10)
    >>> interval.low, round(interval.high, 4)
    (0.0, 0.2775)
    """
    centre = (count + z * z / 2) / (total + z * z)
    half = z / (total + z * z) * math.sqrt(max(0.0, count * (total - count)) / total + z * z / 4)
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def can_tell(counts: BandCounts) -> bool:
    """Whether there were subjects of both kinds to count."""
    return counts.depressed_subjects > 0 and counts.not_depressed_subjects > 0


def depressed_in(band: Band, counts: BandCounts) -> Interval:
    """Share of the depressed subjects who were in a band, with 95 %; of the lowest band it is the miss rate."""
    return wilson_interval(counts.depressed[band], counts.depressed_subjects)


def depressed_among(band: Band, counts: BandCounts, prevalence: float) -> Interval:
    """Share of the depressed among those in a band, with at least 95 %.

    Args:
        band: The band.
        counts: Of a hold-out, with subjects of both kinds (`can_tell`).
        prevalence: Share of the depressed among all who are photographed, between 0 and 1.
    """
    ill = wilson_interval(counts.depressed[band], counts.depressed_subjects, Z_97_5)
    well = wilson_interval(counts.not_depressed[band], counts.not_depressed_subjects, Z_97_5)
    return Interval(_posterior(ill.low, well.high, prevalence), _posterior(ill.high, well.low, prevalence))


def _posterior(band_if_depressed: float, band_if_not: float, prevalence: float) -> float:
    depressed, others = prevalence * band_if_depressed, (1 - prevalence) * band_if_not
    return depressed / (depressed + others)
