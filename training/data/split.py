"""Training, validation and test: no subject in two of them, labels in the same share, the same for the same seed.

A face model that has met a person once recognises the person, so photos of one subject never straddle a split (the
paper's own test figures above its validation figures are what such a leak looks like, `seed` item E). Subjects that share
a picture (`training.data.subjects`) count as one here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np

from training.errors import RunInvalid, SplitImpossible, SplitLeaks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from training.data.manifest import Photo

SplitName = Literal["train", "validation", "test"]
SPLIT_NAMES: tuple[SplitName, ...] = ("train", "validation", "test")
SHARES = (0.70, 0.15, 0.15)
SPLIT_SCHEMA = "symmetra.split/2"
_READABLE_SCHEMAS = ("symmetra.split/1", SPLIT_SCHEMA)
"""The first had no photos left out."""


@dataclass(frozen=True, slots=True)
class Split:
    """Subject identifiers by split, sorted, and what they were drawn from."""

    seed: int
    subjects: dict[SplitName, tuple[str, ...]]
    data_digest: str | None
    """`digest_subjects` of the photos that it was drawn from; None in a file of an earlier release."""
    left_out: tuple[str, ...] = ()
    """Photos of no split, by path: those beyond an exact count whose subject's other photos are in the test."""

    def __post_init__(self) -> None:
        """Refuse a split that leaks.

        Raises:
            SplitLeaks: a subject stands in two splits.
        """
        for one, other in combinations(SPLIT_NAMES, 2):
            both = set(self.subjects[one]) & set(self.subjects[other])
            if both:
                message = (
                    f"{len(both)} subject(s) stand in both {one} and {other} (first: {min(both)}). "
                    "Delete split.json to draw a new split, or correct subject_id in the manifest."
                )
                raise SplitLeaks(message)

    def photos(self, photos: Sequence[Photo], name: SplitName) -> tuple[Photo, ...]:
        """The photos of one split, in the manifest's order."""
        wanted, left_out = set(self.subjects[name]), set(self.left_out)
        return tuple(photo for photo in photos if photo.subject_id in wanted and photo.path not in left_out)

    def save(self, path: Path) -> None:
        """Write `split.json`, in one step."""
        content = {
            "schema": SPLIT_SCHEMA,
            "seed": self.seed,
            "data_digest": self.data_digest,
            "subjects": self.subjects,
            "left_out": self.left_out,
        }
        temporary = path.with_name(path.name + ".tmp")
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> Split:
        """Read `split.json`.

        Raises:
            RunInvalid: missing, or not a split.
            SplitLeaks: a subject stands in two splits.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["schema"] not in _READABLE_SCHEMAS:
                raise ValueError(content["schema"])
            subjects = {name: tuple(content["subjects"][name]) for name in SPLIT_NAMES}
            left_out = tuple(content.get("left_out", ()))
            return cls(int(content["seed"]), subjects, content.get("data_digest"), left_out)
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"{path} is not a split of schema {SPLIT_SCHEMA}: {error}"
            raise RunInvalid(message) from error


def digest_subjects(photos: Sequence[Photo]) -> str:
    """SHA-256 of the subjects and their labels: another data set gives another digest, more photos of the same do not."""
    subjects = sorted({(photo.subject_id, photo.label) for photo in photos})
    return hashlib.sha256(json.dumps(subjects).encode()).hexdigest()


def draw_split(photos: Sequence[Photo], seed: int, links: Mapping[str, str] | None = None) -> Split:
    """Draw 70/15/15 of the subjects, stratified by label.

    A subject with photos of both labels counts to the label of most of its photos (ties: depressed).

    Args:
        photos: With their subjects.
        seed: The same gives the same split.
        links: Subject -> name of the group that stays together; a subject that is missing stands alone.

    Raises:
        SplitImpossible: fewer than three subjects (or groups) of a label.
    """
    groups = group_photos(photos, links or {})
    rng = np.random.default_rng(seed)
    drawn: dict[SplitName, list[str]] = {name: [] for name in SPLIT_NAMES}
    for label in (0, 1):
        stratum = sorted(name for name, members in groups.items() if majority_label(members) == label)
        if len(stratum) < len(SPLIT_NAMES):
            message = (
                f"label {label} has {len(stratum)} subject(s); a split into three needs at least three of each label"
            )
            raise SplitImpossible(message)
        shuffled = [stratum[index] for index in rng.permutation(len(stratum))]
        held_out = max(1, round(SHARES[1] * len(stratum)))
        drawn["validation"] += shuffled[:held_out]
        drawn["test"] += shuffled[held_out : 2 * held_out]
        drawn["train"] += shuffled[2 * held_out :]
    return assemble_split(seed, drawn, groups, photos, [])


def group_photos(photos: Sequence[Photo], links: Mapping[str, str]) -> dict[str, list[Photo]]:
    """Photos by what stays together, those of a group by path."""
    groups: dict[str, list[Photo]] = {}
    for photo in sorted(photos, key=lambda photo: photo.path):
        groups.setdefault(links.get(photo.subject_id, photo.subject_id), []).append(photo)
    return groups


def majority_label(members: Sequence[Photo]) -> int:
    """The label of most photos; of both alike: depressed."""
    return int(2 * sum(photo.label for photo in members) >= len(members))


def assemble_split(
    seed: int,
    drawn: Mapping[SplitName, Sequence[str]],
    groups: Mapping[str, Sequence[Photo]],
    photos: Sequence[Photo],
    left_out: Sequence[str],
) -> Split:
    """The split of whole groups, by the subjects in them.

    Args:
        seed: That drew it.
        drawn: Names of groups by split.
        groups: As `group_photos` gave them.
        photos: Everything that it was drawn from.
        left_out: Paths of photos of no split.

    Raises:
        SplitLeaks: a subject stands in two splits.
    """
    subjects = {
        name: tuple(sorted({photo.subject_id for group in members for photo in groups[group]}))
        for name, members in drawn.items()
    }
    return Split(seed, subjects, digest_subjects(photos), tuple(sorted(left_out)))
