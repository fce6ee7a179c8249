"""Who is on which photo, as far as the pictures tell: subjects that share a picture, and subjects nobody has named."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from training.data.manifest import Photo
from training.data.near_duplicates import cluster
from training.data.split import SPLIT_NAMES, Split
from training.errors import SplitLeaks

Pair = tuple[str, str]


def name_subjects(photos: Sequence[Photo], pairs: Iterable[Pair]) -> tuple[Photo, ...]:
    """Give photos without a known subject one: photos of the same picture share the path of the first of them.

    The path holds the source folder, so the name is that of a near-duplicate cluster and its source (`seed`, section 2:
    the fallback where nobody lists subjects). Two different photos of one person still count as two subjects: held-out
    figures of such data are too good, and the report of `inspect` says so.
    """
    first = cluster((photo.path for photo in photos if photo.subject_id == photo.path), pairs)
    return tuple(dataclasses.replace(photo, subject_id=first.get(photo.path, photo.subject_id)) for photo in photos)


def link_subjects(photos: Sequence[Photo], pairs: Iterable[Pair]) -> dict[str, str]:
    """Each subject that shares a picture with another -> the smallest name among all that hang together."""
    subject = {photo.path: photo.subject_id for photo in photos}
    links = [(subject[one], subject[other]) for one, other in pairs if subject[one] != subject[other]]
    return cluster({name for link in links for name in link}, links)


def check_near_duplicates(split: Split, photos: Sequence[Photo], pairs: Iterable[Pair]) -> None:
    """Refuse a split in which one picture stands on two sides, under whatever names.

    Raises:
        SplitLeaks: names the first pair, both subjects and splits, and says what to do.
    """
    side: Mapping[str, str] = {photo.path: name for name in SPLIT_NAMES for photo in split.photos(photos, name)}
    subject = {photo.path: photo.subject_id for photo in photos}
    leaks = [(one, other) for one, other in pairs if side.get(one) != side.get(other) and {one, other} <= side.keys()]
    if leaks:
        one, other = leaks[0]
        message = (
            f"{len(leaks)} pair(s) of photos show the same picture in two splits: {one} (subject {subject[one]}, "
            f"{side[one]}) and {other} (subject {subject[other]}, {side[other]}). Give both the same subject_id or remove "
            "one of them, then train into a new --out folder for a new split; `python -m training inspect` shows all pairs."
        )
        raise SplitLeaks(message)
