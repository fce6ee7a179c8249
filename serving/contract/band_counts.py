"""Which bands the subjects of a version's hold-out fell into, by what they were: what a band means at a prevalence follows from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from serving.contract.errors import ContractInvalid
from serving.contract.severity import PAPER_THRESHOLDS, Band, Thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping

SUM_TOLERANCE = 1e-3
"""Of subjects: shares are written with six digits."""


@dataclass(frozen=True, slots=True)
class BandCounts:
    """Subjects by band. Each counts once: one with photos in two bands counts for both, by the share of the photos.

    Every photo of the hold-out that got an answer counts, also one for which a policy would decline to give a band.

    Attributes:
        depressed: Band -> subjects who were depressed.
        not_depressed: Band -> subjects who were not.
        depressed_subjects: How many there were.
        not_depressed_subjects: Likewise.
        thresholds: Of the bands; under others the counts say nothing.

    Raises:
        ContractInvalid: a band is missing or unknown, a count is negative, or they do not add up to the subjects.
    """

    depressed: dict[str, float]
    not_depressed: dict[str, float]
    depressed_subjects: int
    not_depressed_subjects: int
    thresholds: Thresholds = PAPER_THRESHOLDS

    def __post_init__(self) -> None:
        """Hold the counts against each other."""
        for counts, total in (
            (self.depressed, self.depressed_subjects),
            (self.not_depressed, self.not_depressed_subjects),
        ):
            if set(counts) != set(Band):
                message = f"band_counts must count the bands {', '.join(Band)}, and no other"
                raise ContractInvalid(message)
            if not all(count >= 0 for count in counts.values()) or not math.isclose(
                sum(counts.values()), total, abs_tol=SUM_TOLERANCE
            ):
                message = f"band_counts do not add up to {total} subjects: {counts}"
                raise ContractInvalid(message)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """From a JSON object.

        Raises:
            ContractInvalid: counts that cannot be.
            KeyError, TypeError: a missing or unknown member, or a value of another type.
        """
        return cls(**{**fields, "thresholds": Thresholds(**fields["thresholds"])})
