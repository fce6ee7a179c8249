"""Which doubts keep an answer from becoming a band: the one rule that training chose limits with and the gateway applies.

Neither doubt asks how large p is (`serving.contract.policy.Abstention`). The spread is largest minus smallest severity over
the crop and its jittered copies; whether a band changes with it does not matter.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from serving.contract.policy import Abstention


class Doubt(enum.StrEnum):
    """Why no band is given; stable codes, which callers may store and count."""

    UNSTABLE_ANSWER = "unstable_answer"
    UNUSUAL_PHOTO_QUALITY = "unusual_photo_quality"


def spread_ppm(severities_ppm: Sequence[int]) -> int:
    """Largest minus smallest severity of one photo, parts per million.

    >>> spread_ppm([500_000, 510_000, 480_000])
    30000
    """
    return max(severities_ppm) - min(severities_ppm)


def doubts_about(
    abstention: Abstention, severities_ppm: Sequence[int], quality: Mapping[str, float]
) -> tuple[Doubt, ...]:
    """Every doubt that applies to one answer, in the order of `Doubt`; a band is given where there is none.

    Args:
        abstention: The limits of the policy.
        severities_ppm: Of the crop and of all its jittered copies.
        quality: Measures of the photo by name.

    Raises:
        KeyError: a measure that the policy limits is not there.
    """
    doubts = []
    if spread_ppm(severities_ppm) > abstention.instability_max_ppm:
        doubts.append(Doubt.UNSTABLE_ANSWER)
    if not all(limit.allows(quality[name]) for name, limit in abstention.quality.items()):
        doubts.append(Doubt.UNUSUAL_PHOTO_QUALITY)
    return tuple(doubts)
