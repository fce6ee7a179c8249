"""What a report may say of the data: numbers only. No photo, no path of one, no subject's name leaves the data set here."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from training.data.manifest import GROUP_COLUMNS
from training.data.split import SPLIT_NAMES
from training.evaluation.subgroups import MINIMUM_PHOTOS, MINIMUM_SUBJECTS
from training.polarity import DEPRESSED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training.data.manifest import Photo
    from training.data.split import Split, SplitName

GROUPS_MAX: Final = 20
"""A column with more values is said to have many: it may be a name or a date."""
NOT_STATED: Final = "not stated"


def describe_parts(
    parts: Mapping[SplitName, Sequence[Photo]], split: Split, refused: Mapping[str, str]
) -> dict[str, Any]:
    """Counts by split, by label and by group, and refused photos by code.

    Args:
        parts: Photos with a crop, by split.
        split: Where they come from.
        refused: Photo -> code of the reason; only the codes are kept.
    """
    return {
        "split_seed": split.seed,
        "subjects_digest": split.data_digest,
        "photos_with_crop": sum(len(photos) for photos in parts.values()),
        "refused": dict(Counter(refused.values()).most_common()),
        "splits": {name: _count(parts[name]) for name in SPLIT_NAMES},
        "groups": _count_groups(parts),
    }


def _count(photos: Sequence[Photo]) -> dict[str, Any]:
    depressed = [photo for photo in photos if photo.label == DEPRESSED]
    subjects, subjects_depressed = ({photo.subject_id for photo in some} for some in (photos, depressed))
    return {
        "photos": len(photos),
        "subjects": len(subjects),
        "depressed_photos": len(depressed),
        "depressed_share": len(depressed) / len(photos) if photos else None,
        "subjects_depressed": len(subjects_depressed),
        "photos_per_subject": len(photos) / len(subjects) if subjects else None,
    }


def _count_groups(parts: Mapping[SplitName, Sequence[Photo]]) -> dict[str, Any]:
    """Column -> group -> photos and depressed share; a column without values is missing, one with many has only a count.

    Groups too small to be measured (`training.evaluation.subgroups`) are counted and not named: a folder can be a person.
    """
    photos = [photo for part in parts.values() for photo in part]
    found: dict[str, Any] = {}
    for column in GROUP_COLUMNS:
        by_value: dict[str, list[Photo]] = {}
        for photo in photos:
            by_value.setdefault(getattr(photo, column) or NOT_STATED, []).append(photo)
        if set(by_value) == {NOT_STATED}:
            continue
        if len(by_value) > GROUPS_MAX:
            found[column] = {"values": len(by_value), "groups": []}
            continue
        small = [members for value, members in by_value.items() if value != NOT_STATED and not _is_crowd(members)]
        found[column] = {
            "values": len(by_value),
            "groups": [
                {
                    "group": value,
                    "photos": len(members),
                    "depressed_share": sum(photo.label == DEPRESSED for photo in members) / len(members),
                }
                for value, members in sorted(by_value.items())
                if value == NOT_STATED or _is_crowd(members)
            ],
            "unnamed": {"groups": len(small), "photos": sum(len(members) for members in small)},
        }
    return found


def _is_crowd(photos: Sequence[Photo]) -> bool:
    """Whether these are too many people for the group's name to be one of theirs."""
    ill = {photo.subject_id for photo in photos if photo.label == DEPRESSED}
    others = {photo.subject_id for photo in photos if photo.label != DEPRESSED}
    return len(photos) >= MINIMUM_PHOTOS and min(len(ill), len(others)) >= MINIMUM_SUBJECTS
