"""Inspect a data set: every check, on crops made once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from training.data.dataset import Dataset
from training.data.inspection.checks import (
    check_balance,
    check_confounds,
    check_near_duplicates,
    check_refused,
    check_rows,
    check_subjects,
)
from training.data.inspection.confounds import NOT_GIVEN, separate_all
from training.data.inspection.findings import Inspection, RejectedPhoto, sort_findings
from training.data.inspection.image_facts import read_image_facts
from training.data.manifest import GROUP_COLUMNS, Photo
from training.data.near_duplicates import find_near_duplicates
from training.data.shards import CropStore
from training.data.subjects import name_subjects

_LABELS = ("not_depressed", "depressed")


def inspect_dataset(data_dir: Path, dataset: Dataset, missing: Mapping[str, str], store: CropStore) -> Inspection:
    """Look for everything that makes a training worthless, or its figures wrong.

    Args:
        data_dir: Where the photos lie.
        dataset: What it lists.
        missing: Photos whose files cannot be read, with the reason.
        store: Crops of all other photos.
    """
    photos = tuple(photo for photo in dataset.photos if photo.path not in missing)
    pairs = find_near_duplicates(store, [photo.path for photo in photos if photo.path in store])
    if not dataset.subjects_known:
        photos = name_subjects(photos, pairs)
    usable = tuple(photo for photo in photos if photo.path in store)
    paths = [photo.path for photo in usable]
    categories, numbers = read_image_facts(data_dir, paths)
    groups = {name: [getattr(photo, name) for photo in usable] for name in GROUP_COLUMNS}
    given = {name: values for name, values in groups.items() if any(values)}
    names = {**given, **categories}
    measures = {name: values for name, values in store.quality(paths).items() if values.any()} if paths else {}
    columns = separate_all(names, {**numbers, **measures}, usable)
    refused_or_not = ["refused" if photo.path in store.refused else "used" for photo in photos]
    refused_column = separate_all({"refused": refused_or_not}, {}, photos)
    balance = _balance(usable, given)
    findings = [
        *check_rows(dataset.manifest, missing),
        *check_near_duplicates({photo.path: photo for photo in usable}, pairs),
        *check_subjects(usable, known=dataset.subjects_known),
        *check_confounds(columns, names, usable),
        *check_confounds(refused_column, {"refused": refused_or_not}, photos),
        *check_refused(store.refused),
        *check_balance(balance),
    ]
    return Inspection(
        photos=len(dataset.photos),
        crops=len(usable),
        subjects=len({photo.subject_id for photo in usable}),
        subjects_known=dataset.subjects_known,
        balance=balance,
        columns=[column.as_dict() for column in [*refused_column, *columns]],
        rejected=_list_rejected(dataset, missing, store, photos),
        findings=sort_findings(findings),
    )


def _balance(photos: Sequence[Photo], groups: Mapping[str, Sequence[str]]) -> dict[str, dict[str, dict[str, int]]]:
    balance = {"all": {"all": dict.fromkeys(_LABELS, 0)}}
    for column, values in {"all": ["all"] * len(photos), **groups}.items():
        counts = balance.setdefault(column, {})
        for value, photo in zip(values, photos, strict=True):
            counts.setdefault(value or NOT_GIVEN, dict.fromkeys(_LABELS, 0))[_LABELS[photo.label]] += 1
    return {column: dict(sorted(counts.items())) for column, counts in balance.items()}


def _list_rejected(
    dataset: Dataset, missing: Mapping[str, str], store: CropStore, photos: Sequence[Photo]
) -> list[RejectedPhoto]:
    subject = {photo.path: photo.subject_id for photo in (*dataset.photos, *photos)}
    bad_rows = dataset.manifest.bad_rows if dataset.manifest else ()
    return [
        *(RejectedPhoto(row.line, row.path, "", "bad_row", row.reason) for row in bad_rows),
        *(RejectedPhoto(None, path, subject[path], "file_missing", reason) for path, reason in missing.items()),
        *(RejectedPhoto(None, path, subject[path], code, "no crop") for path, code in store.refused.items()),
    ]
