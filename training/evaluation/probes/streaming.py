"""Crops of many photos, some at a time: answers, features, and a bounded sample of whole subjects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from training.polarity import DEPRESSED

if TYPE_CHECKING:
    from training.data.manifest import Photo
    from training.data.shards import CropStore

BATCH_PHOTOS = 256
"""12 MB of 128x128 crops."""

Scorer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Crops uint8 [n, size, size, 3] -> p_no_depression float32 [n]."""
Change = Callable[[NDArray[np.uint8], int], NDArray[np.uint8]]
"""Crops and the place of the first of them in the split -> changed crops, same shape; the same for any batch size."""
Describe = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Crops -> features float32 [n, d]."""


def read_batches(store: CropStore, photos: Sequence[Photo]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield the place of each batch's first photo, and its crops."""
    for start in range(0, len(photos), BATCH_PHOTOS):
        yield start, store.read([photo.path for photo in photos[start : start + BATCH_PHOTOS]])


def ask(scorer: Scorer, store: CropStore, photos: Sequence[Photo], change: Change | None = None) -> NDArray[np.float32]:
    """p_no_depression of each photo's crop, changed or as it is; float32 [n], n > 0."""
    return np.concatenate(
        [scorer(crops if change is None else change(crops, start)) for start, crops in read_batches(store, photos)]
    )


def describe(store: CropStore, photos: Sequence[Photo], describer: Describe) -> NDArray[np.float32]:
    """Features of each photo's crop, float32 [n, d], n > 0; the caller bounds n (`thin_out`)."""
    return np.concatenate([describer(crops) for _, crops in read_batches(store, photos)])


def labels_of(photos: Sequence[Photo]) -> NDArray[np.bool_]:
    """True where depressed, [n]."""
    return np.array([photo.label == DEPRESSED for photo in photos], bool)


def subjects_of(photos: Sequence[Photo]) -> tuple[str, ...]:
    """Whose each photo is."""
    return tuple(photo.subject_id for photo in photos)


def thin_out(photos: Sequence[Photo], photos_max: int, seed: int) -> tuple[Photo, ...]:
    """All photos, or those of randomly drawn whole subjects until `photos_max` is reached; in the given order.

    At least one subject is kept, however many photos it has.
    """
    if len(photos) <= photos_max:
        return tuple(photos)
    counts: dict[str, int] = {}
    for photo in photos:
        counts[photo.subject_id] = counts.get(photo.subject_id, 0) + 1
    names = sorted(counts)
    kept: set[str] = set()
    total = 0
    for place in np.random.default_rng(seed).permutation(len(names)):
        if kept and total + counts[names[place]] > photos_max:
            continue
        kept.add(names[place])
        total += counts[names[place]]
    return tuple(photo for photo in photos if photo.subject_id in kept)


def count(photos: Sequence[Photo]) -> dict[str, Any]:
    """Photos and subjects, as JSON."""
    return {"photos": len(photos), "subjects": len(set(subjects_of(photos)))}
