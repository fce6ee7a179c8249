"""Light only: can the label be read from how bright and how sharp the face is? Then the camera gives it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.evaluation.probes.figures import worth
from training.evaluation.probes.learners import PHOTOS_MAX, read_with_trees
from training.evaluation.probes.streaming import BATCH_PHOTOS, count, labels_of, subjects_of, thin_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.data.split import SplitName

MEASURES: Final = ("luminance", "shadows", "highlights", "contrast", "sharpness", "face_fraction")
"""Of `serving.contract.quality.Quality`, as measured when the crop was made."""


def probe_light(store: CropStore, parts: Mapping[SplitName, Sequence[Photo]], seed: int = 0) -> dict[str, Any]:
    """What a learner reads from the measures of light and focus alone; fitted on training, tested on test.

    Raises:
        CropsIncomplete: the store holds no quality measures.
    """
    train, test = thin_out(parts["train"], PHOTOS_MAX, seed), parts["test"]
    answers = read_with_trees(_measures(store, train), labels_of(train), _measures(store, test))
    return {
        **worth(subjects_of(test), labels_of(test), answers),
        "measures": list(MEASURES),
        "learned_from": count(train),
    }


def _measures(store: CropStore, photos: Sequence[Photo]) -> NDArray[np.float32]:
    """`MEASURES` of each photo, float32 [n, 6]."""
    rows = []
    for start in range(0, len(photos), BATCH_PHOTOS):
        found = store.quality([photo.path for photo in photos[start : start + BATCH_PHOTOS]])
        rows.append(np.stack([found[name] for name in MEASURES], axis=1))
    return np.concatenate(rows).astype(np.float32)
