"""Candidate and champion on the same hold-out, over all of it and in each subgroup: figures, gains and changed bands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from training.approval.figures import estimate_figures
from training.data.manifest import GROUP_COLUMNS
from training.evaluation.band_rule import bands_of
from training.evaluation.bootstrap import Estimate
from training.evaluation.calibration_curve import calibrated_ece
from training.evaluation.rates import paired_difference
from training.evaluation.subgroups import MINIMUM_SUBJECTS
from training.polarity import DEPRESSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from serving.contract.severity import Thresholds
    from training.data.manifest import Photo

OVER_TWO = 2
"""From none to high, or back."""
Figures = dict[str, dict[str, Estimate]]
"""Side (candidate, champion, gain) -> figure -> estimate."""


@dataclass(frozen=True, slots=True)
class HoldOut:
    """What both models are asked about.

    Attributes:
        depressed: [n].
        subjects: Whose each photo is, [n].
        groups: Column of the manifest -> its value for each photo, "" where it says nothing.
        digest: sha256 over path, subject and label of every photo, in hexadecimal.
    """

    depressed: NDArray[np.bool_]
    subjects: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    digest: str

    @classmethod
    def of_photos(cls, photos: Sequence[Photo]) -> HoldOut:
        """Of the photos of a split, in their order."""
        rows = sorted((photo.path, photo.subject_id, photo.label) for photo in photos)
        return cls(
            depressed=np.array([photo.label == DEPRESSED for photo in photos], bool),
            subjects=tuple(photo.subject_id for photo in photos),
            groups={name: tuple(str(getattr(photo, name, "")) for photo in photos) for name in GROUP_COLUMNS},
            digest=hashlib.sha256(json.dumps(rows).encode()).hexdigest(),
        )


@dataclass(frozen=True, slots=True)
class Group:
    """One subgroup. `figures` is None where it has too few photos to say anything."""

    column: str
    value: str
    photos: int
    subjects: int
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything measured.

    Attributes:
        photos: Of the hold-out.
        subjects: Of the hold-out.
        depressed_share: Of the photos.
        figures: Over the whole hold-out.
        groups: By column and value.
        share_changed: Of photos whose band differs from the champion's; None without a champion.
        share_over_two: Of photos whose band differs by two; None without a champion.
        gain_over_prevalence: Accuracy above always naming the more frequent label.
        calibrated_ece: Mean ECE that a perfectly calibrated model would show on as many photos.
    """

    photos: int
    subjects: int
    depressed_share: float
    figures: Figures
    groups: tuple[Group, ...]
    share_changed: float | None
    share_over_two: float | None
    gain_over_prevalence: Estimate
    calibrated_ece: float

    def as_dict(self) -> dict[str, Any]:
        """As JSON: figures as `{"value": v, "interval_95": [low, high]}`, None where undefined."""
        return {
            "photos": self.photos,
            "subjects": self.subjects,
            "depressed_share": self.depressed_share,
            "figures": _plain(self.figures),
            "subgroups": [
                {
                    "column": group.column,
                    "value": group.value,
                    "photos": group.photos,
                    "subjects": group.subjects,
                    "figures": None if group.figures is None else _plain(group.figures),
                }
                for group in self.groups
            ],
            "share_of_bands_changed": self.share_changed,
            "share_of_bands_changed_over_two": self.share_over_two,
            "ece_of_a_calibrated_model": self.calibrated_ece,
            "accuracy_gain_over_prevalence": self.gain_over_prevalence.figure(),
        }


def compare(
    hold_out: HoldOut,
    p_candidate: NDArray[np.float32],
    p_champion: NDArray[np.float32] | None,
    thresholds: Thresholds,
    smallest_photos: int,
) -> Comparison:
    """Measure a candidate, beside the champion where there is one.

    Args:
        hold_out: The photos.
        p_candidate: p_no_depression by the candidate, [n].
        p_champion: By the champion, [n]; None for a first version.
        thresholds: Of the bands, those in force.
        smallest_photos: Subgroups with fewer get no figures, nor those with fewer than `MINIMUM_SUBJECTS` of a label.
    """
    depressed, subjects = hold_out.depressed, hold_out.subjects
    share = float(depressed.mean())
    always = np.full(len(depressed), 0.0 if share > 0.5 else 1.0, np.float32)
    changed = None if p_champion is None else _band_steps(p_candidate, p_champion, thresholds)
    groups = [
        _measure_group(hold_out, (p_candidate, p_champion), column, value, smallest_photos)
        for column, values in hold_out.groups.items()
        for value in sorted(set(values) - {""})
    ]
    return Comparison(
        photos=len(depressed),
        subjects=len(set(subjects)),
        depressed_share=share,
        figures=estimate_figures(subjects, depressed, p_candidate, p_champion),
        groups=tuple(groups),
        share_changed=None if changed is None else float((changed > 0).mean()),
        share_over_two=None if changed is None else float((changed >= OVER_TWO).mean()),
        gain_over_prevalence=paired_difference(subjects, depressed, p_candidate, always),
        calibrated_ece=calibrated_ece(subjects, p_candidate)[0],
    )


def _measure_group(
    hold_out: HoldOut,
    answers: tuple[NDArray[np.float32], NDArray[np.float32] | None],
    column: str,
    value: str,
    smallest_photos: int,
) -> Group:
    member = np.array([group == value for group in hold_out.groups[column]])
    subjects = [subject for subject, inside in zip(hold_out.subjects, member, strict=True) if inside]
    depressed = {
        subject for subject, marked in zip(hold_out.subjects, member & hold_out.depressed, strict=True) if marked
    }
    others = {
        subject for subject, marked in zip(hold_out.subjects, member & ~hold_out.depressed, strict=True) if marked
    }
    figures = None
    # Many photos of few people say little: an interval over one subject of a label would have no width at all.
    if len(subjects) >= smallest_photos and min(len(depressed), len(others)) >= MINIMUM_SUBJECTS:
        p_candidate, p_champion = answers
        champion = None if p_champion is None else p_champion[member]
        figures = estimate_figures(subjects, hold_out.depressed[member], p_candidate[member], champion)
    return Group(column, value, len(subjects), len(set(subjects)), figures)


def _band_steps(one: NDArray[np.float32], other: NDArray[np.float32], thresholds: Thresholds) -> NDArray[np.intp]:
    return np.asarray(np.abs(bands_of(one, thresholds) - bands_of(other, thresholds)), np.intp)


def _plain(figures: Figures) -> dict[str, dict[str, Any]]:
    return {side: {name: estimate.figure() for name, estimate in found.items()} for side, found in figures.items()}
