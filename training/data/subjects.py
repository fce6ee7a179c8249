"""Who is on which photo, as far as the pictures tell: subjects that share a picture, and subjects nobody has named."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from training.data.manifest import Photo
from training.data.near_duplicates import cluster
from training.data.split import SPLIT_NAMES, Split
from training.errors import SplitLeaks

Pair = tuple[str, str]
SOURCES_MIN: Final = 20
"""Of each label, before whole sources are divided instead of photos: 15 % of fewer are too few to judge a model on."""
SOURCE_SHARE_MAX: Final = 0.15
"""Of the photos; a larger source fills a split by itself."""


def name_subjects(photos: Sequence[Photo], pairs: Iterable[Pair]) -> tuple[Photo, ...]:
    """Give photos without a known subject one: photos of the same picture share the path of the first of them.

    This is the fallback where nobody lists subjects (`seed`, section 2): a near-duplicate cluster, and in the split its
    source too (`pair_sources`). Two different photos of one person still count as two subjects, so intervals are too
    narrow and, where sources cannot be kept apart, held-out figures too good; the report of `inspect` says so.
    """
    first = cluster((photo.path for photo in photos if photo.subject_id == photo.path), pairs)
    return tuple(dataclasses.replace(photo, subject_id=first.get(photo.path, photo.subject_id)) for photo in photos)


def pair_sources(photos: Sequence[Photo]) -> list[Pair]:
    """Where subjects are not known: each photo with the first of its source, so that a source stays in one split.

    A person is met again in the same source sooner than in another. Nothing where a subject is known, a photo has no
    source, a label has fewer than `SOURCES_MIN` sources, or one source holds more than `SOURCE_SHARE_MAX` of the photos:
    sources cannot be divided then.
    """
    paths = {photo.path for photo in photos}
    if not all(photo.subject_id in paths and photo.source for photo in photos):
        return []
    sizes = Counter(photo.source for photo in photos)
    fewest = min(len({photo.source for photo in photos if photo.label == label}) for label in (0, 1))
    if fewest < SOURCES_MIN or max(sizes.values()) > SOURCE_SHARE_MAX * len(photos):
        return []
    first: dict[str, str] = {}
    return [(first.setdefault(photo.source, photo.path), photo.path) for photo in photos]


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
