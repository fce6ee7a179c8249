"""The part of an inspection that `fit` repeats: what forbids training and can be told without opening a photo again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training.data.inspection.checks import check_confounds, check_near_duplicates
from training.data.inspection.confounds import separate_all
from training.data.inspection.findings import Weight
from training.data.manifest import GROUP_COLUMNS
from training.data.near_duplicates import find_near_duplicates
from training.errors import TrainingForbidden

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.data.manifest import Photo
    from training.data.shards import CropStore


def check_forbidding(photos: Sequence[Photo], store: CropStore, despite: str | None) -> dict[str, Any]:
    """Refuse to train where a column of the manifest, or being refused, tells the labels apart, or a picture has both.

    Bad rows, swapped labels, missing files and too few subjects are refused elsewhere. What only the files tell (format,
    size, camera) needs `inspect`.

    Args:
        photos: Of the data set, with their subjects.
        store: Their crops.
        despite: Why training goes on nevertheless; None where it does not.

    Returns:
        For `run.json`: the reason and the codes of the findings under "despite_inspection"; nothing where nothing forbids.

    Raises:
        TrainingForbidden: something forbids training, and no reason was given.
    """
    usable = tuple(photo for photo in photos if photo.path in store)
    groups = {name: [getattr(photo, name) for photo in usable] for name in GROUP_COLUMNS}
    given = {name: values for name, values in groups.items() if any(values)}
    refused = {"refused": ["refused" if photo.path in store.refused else "used" for photo in photos]}
    pairs = find_near_duplicates(store, [photo.path for photo in usable])
    findings = [
        *check_near_duplicates({photo.path: photo for photo in usable}, pairs),
        *check_confounds(separate_all(given, {}, usable), given, usable),
        *check_confounds(separate_all(refused, {}, photos), refused, photos),
    ]
    forbidding = [finding for finding in findings if finding.weight is Weight.FORBIDS]
    if not forbidding:
        return {}
    if despite is None:
        # Without the findings' own sentences: these name folders, which may be people, and logs travel.
        listed = "; ".join(f"{finding.code}: {finding.advice}" for finding in forbidding)
        message = (
            f"{len(forbidding)} finding(s) forbid training on these data. {listed} `python -m training inspect` shows them; "
            "--despite-inspection WHY trains nevertheless, and the run keeps your reason"
        )
        raise TrainingForbidden(message)
    return {"despite_inspection": {"why": despite, "findings": [finding.code for finding in forbidding]}}
