"""Training, validation and test: no subject in two of them, labels in the same share, the same for the same seed.

A face model that has met a person once recognises the person, so photos of one subject never straddle a split (the
paper's own test figures above its validation figures are what such a leak looks like, `seed` item E).
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
    from collections.abc import Sequence
    from pathlib import Path

    from training.data.manifest import Photo

SplitName = Literal["train", "validation", "test"]
SPLIT_NAMES: tuple[SplitName, ...] = ("train", "validation", "test")
SHARES = (0.70, 0.15, 0.15)
SPLIT_SCHEMA = "symmetra.split/1"


@dataclass(frozen=True, slots=True)
class Split:
    """Subject identifiers by split, sorted, and what they were drawn from."""

    seed: int
    subjects: dict[SplitName, tuple[str, ...]]
    data_digest: str | None
    """`digest_subjects` of the photos that it was drawn from; None in a file of an earlier release."""

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
        wanted = set(self.subjects[name])
        return tuple(photo for photo in photos if photo.subject_id in wanted)

    def save(self, path: Path) -> None:
        """Write `split.json`."""
        content = {
            "schema": SPLIT_SCHEMA,
            "seed": self.seed,
            "data_digest": self.data_digest,
            "subjects": self.subjects,
        }
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Split:
        """Read `split.json`.

        Raises:
            RunInvalid: missing, or not a split.
            SplitLeaks: a subject stands in two splits.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["schema"] != SPLIT_SCHEMA:
                raise ValueError(content["schema"])
            subjects = {name: tuple(content["subjects"][name]) for name in SPLIT_NAMES}
            return cls(int(content["seed"]), subjects, content.get("data_digest"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"{path} is not a split of schema {SPLIT_SCHEMA}: {error}"
            raise RunInvalid(message) from error


def digest_subjects(photos: Sequence[Photo]) -> str:
    """SHA-256 of the subjects and their labels: another data set gives another digest, more photos of the same do not."""
    subjects = sorted({(photo.subject_id, photo.label) for photo in photos})
    return hashlib.sha256(json.dumps(subjects).encode()).hexdigest()


def draw_split(photos: Sequence[Photo], seed: int) -> Split:
    """Draw 70/15/15 of the subjects, stratified by label.

    A subject with photos of both labels counts to the label of most of its photos (ties: depressed).

    Raises:
        SplitImpossible: fewer than three subjects of a label.
    """
    votes: dict[str, list[int]] = {}
    for photo in photos:
        votes.setdefault(photo.subject_id, []).append(photo.label)
    rng = np.random.default_rng(seed)
    subjects: dict[SplitName, list[str]] = {name: [] for name in SPLIT_NAMES}
    for label in (0, 1):
        stratum = sorted(
            subject for subject, labels in votes.items() if (2 * sum(labels) >= len(labels)) == bool(label)
        )
        if len(stratum) < len(SPLIT_NAMES):
            message = (
                f"label {label} has {len(stratum)} subject(s); a split into three needs at least three of each label"
            )
            raise SplitImpossible(message)
        shuffled = [stratum[index] for index in rng.permutation(len(stratum))]
        held_out = max(1, round(SHARES[1] * len(stratum)))
        subjects["validation"] += shuffled[:held_out]
        subjects["test"] += shuffled[held_out : 2 * held_out]
        subjects["train"] += shuffled[2 * held_out :]
    drawn = {name: tuple(sorted(members)) for name, members in subjects.items()}
    return Split(seed, drawn, digest_subjects(photos))
