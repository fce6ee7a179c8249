"""One thing that an inspection found, and all of them together."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

INSPECTION_SCHEMA: Final = "symmetra.inspection/1"


class Weight(StrEnum):
    """What a finding means for a training on these data."""

    FORBIDS = "forbids"
    WARNS = "warns"
    NOTES = "notes"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes:
        code: Stable name of its kind.
        weight: What it means for a training.
        sentence: What was found, with figures.
        advice: What to do.
        examples: Photos that show it, by path; photos of one tuple belong side by side.
        rows: Every case, for `inspection.json`.
    """

    code: str
    weight: Weight
    sentence: str
    advice: str
    examples: tuple[tuple[str, ...], ...] = ()
    rows: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class RejectedPhoto:
    """A row or photo that no training uses, as a line of `bad_rows.csv`."""

    line: int | None
    """In the manifest; None for a photo that its row does not forbid."""
    path: str
    subject_id: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything found.

    Attributes:
        photos: Listed photos, bad rows not counted.
        crops: Of them, those that gave a crop.
        subjects: Of them, subjects.
        subjects_known: Whether the data set says whose photos they are.
        balance: Column -> value -> {"not_depressed": photos, "depressed": photos}; "all" is the whole data set.
        columns: How far each column alone tells the labels apart (`confounds.Separation.as_dict`).
        rejected: Every row and photo that is not used.
        findings: Those that forbid training first.
    """

    photos: int
    crops: int
    subjects: int
    subjects_known: bool
    balance: Mapping[str, Mapping[str, Mapping[str, int]]]
    columns: Sequence[Mapping[str, Any]]
    rejected: Sequence[RejectedPhoto] = ()
    findings: Sequence[Finding] = field(default_factory=tuple)

    @property
    def forbidding(self) -> tuple[Finding, ...]:
        """The findings that forbid training."""
        return tuple(finding for finding in self.findings if finding.weight is Weight.FORBIDS)

    def as_dict(self) -> dict[str, Any]:
        """The content of `inspection.json`."""
        return {"schema": INSPECTION_SCHEMA, "forbids_training": bool(self.forbidding), **dataclasses.asdict(self)}


def sort_findings(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those that forbid training first, then warnings, then notes; else in the order given."""
    order = list(Weight)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.weight)))
