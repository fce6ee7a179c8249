"""What a model answered on the photos of a split, asked batch by batch so that memory stays flat in the data-set size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from serving.contract.jitter import JITTER_COPIES, jitter_crops
from serving.contract.quality import Quality, measure_light_and_focus
from training.data.manifest import GROUP_COLUMNS
from training.evaluation.scoring import BATCH_SIZE, mirror_crops, scorer_of
from training.polarity import DEPRESSED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import keras
    from numpy.typing import NDArray

    from training.data.manifest import Photo
    from training.data.shards import CropStore

QUALITY_NAMES = ("luminance", "contrast", "sharpness")
"""Measures of `serving.contract.quality.Quality` that a crop alone shows; abstention may limit them."""


@dataclass(frozen=True, slots=True)
class Answers:
    """One row per photo of a split, in order."""

    depressed: NDArray[np.bool_]
    subjects: tuple[str, ...]
    p: NDArray[np.float32]
    """p_no_depression."""
    p_mirrored: NDArray[np.float32]
    """The same for the mirrored crops."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Column of the manifest -> its value for each photo, "" where it says nothing."""
    logits: NDArray[np.float32] | None = None
    """Inputs of the last sigmoid, [n]."""
    p_jittered: NDArray[np.float32] | None = None
    """p_no_depression of each crop's jittered copies (`serving.contract.jitter`), [n, copies]."""
    quality: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """Measure of the crop -> its value for each photo, [n]."""


def answer(
    model: keras.Model, store: CropStore, photos: Sequence[Photo], *, jittered: bool = False, aligned: bool = True
) -> Answers:
    """Ask a model about photos and about their mirror images.

    Args:
        model: Ends in Dense(1, sigmoid).
        store: Where the crops are.
        photos: Whose; only a batch of crops is in memory at a time.
        jittered: Ask about the jittered copies too, which costs `JITTER_COPIES` more crops per photo, and measure the
            quality: what abstention is decided by.
        aligned: The crops are aligned faces; their quality is measured in an oval, as the gateway does.
    """
    scorer, count = scorer_of(model), len(photos)
    geometry = Quality() if aligned else None
    p, p_mirrored, logits = (np.empty(count, np.float32) for _ in range(3))
    p_jittered = np.empty((count, JITTER_COPIES if jittered else 0), np.float32)
    quality = {name: np.empty(count) for name in (QUALITY_NAMES if jittered else ())}
    for start in range(0, count, BATCH_SIZE):
        rows = slice(start, start + BATCH_SIZE)
        crops = store.read([photo.path for photo in photos[rows]])
        p[rows], logits[rows] = scorer.score(crops)
        p_mirrored[rows] = scorer.score(mirror_crops(crops))[0]
        if jittered:
            copies = jitter_crops(crops)
            p_jittered[rows] = scorer.score(copies.reshape(-1, *crops.shape[1:]))[0].reshape(copies.shape[:2])
            measured = [measure_light_and_focus(crop, geometry).as_dict() for crop in crops]
            for name, column in quality.items():
                column[rows] = [values[name] for values in measured]
    return Answers(
        depressed=np.array([photo.label == DEPRESSED for photo in photos], bool),
        subjects=tuple(photo.subject_id for photo in photos),
        p=p,
        p_mirrored=p_mirrored,
        groups={name: tuple(getattr(photo, name) for photo in photos) for name in GROUP_COLUMNS},
        logits=logits,
        p_jittered=p_jittered if jittered else None,
        quality=quality,
    )
