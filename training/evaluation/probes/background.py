"""Background only: if the label can be read where there is no face, the data set teaches the wrong thing (`seed`, protocol).

A source that photographed the depressed in front of one wall and the others in front of another gives a splendid
accuracy that is worth nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.evaluation.probes.figures import worth
from training.evaluation.probes.learners import PHOTOS_MAX, SMALL_PIXELS, LinearReader, shrink
from training.evaluation.probes.streaming import ask, count, describe, labels_of, subjects_of, thin_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.data.split import SplitName
    from training.evaluation.probes.streaming import Scorer

AUROC_MAX: Final = 0.6
"""Above it the data set fails (`seed`, protocol)."""
_CENTRE_X, _CENTRE_Y, _HALF_WIDTH, _HALF_HEIGHT = 0.5, 0.5, 0.42, 0.52
"""In shares of the crop: forehead to chin and ear to ear of an aligned face, so that no feature looks out of it."""


def probe_background(
    scorer: Scorer, store: CropStore, parts: Mapping[SplitName, Sequence[Photo]], seed: int = 0
) -> dict[str, Any]:
    """What the model, and a learner made for it, read from the crops without their faces.

    Args:
        scorer: The model.
        store: The crops.
        parts: Photos by split; the learner is fitted on training, chosen on validation; both are tested on test.
        seed: Draws the training subjects where there are more photos than a learner takes.
    """
    test, train = parts["test"], thin_out(parts["train"], PHOTOS_MAX, seed)
    validation = thin_out(parts["validation"], PHOTOS_MAX, seed)
    subjects, depressed = subjects_of(test), labels_of(test)
    reader = LinearReader(
        describe(store, train, background_pixels),
        labels_of(train),
        describe(store, validation, background_pixels),
        labels_of(validation),
    )
    answers = np.concatenate(
        [
            reader.p_no_depression(describe(store, test[start : start + PHOTOS_MAX], background_pixels))
            for start in range(0, len(test), PHOTOS_MAX)
        ]
    )
    learner = worth(subjects, depressed, answers)
    found = learner["auroc"]["value"]
    return {
        "model": worth(subjects, depressed, ask(scorer, store, test, fill_faces)),
        "learner": {**learner, "learned_from": count(train)},
        "auroc_max": AUROC_MAX,
        "data_set_fails": None if found is None else found > AUROC_MAX,
        "face_share": float(face_oval(store.crop_size).mean()),
    }


def fill_faces(crops: NDArray[np.uint8], _first: int = 0) -> NDArray[np.uint8]:
    """Crops whose face oval has the mean colour of the rest: nothing of the face is left, not even how bright it was."""
    oval = face_oval(crops.shape[1])
    filled = crops.copy()
    filled[:, oval] = np.rint(crops[:, ~oval].mean(axis=1))[:, None].astype(np.uint8)
    return filled


def background_pixels(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The 32x32 pixels wholly outside the oval, float32 [n, d].

    The oval is filled first, so that the pixels on its edge cannot carry a rim of the face.
    """
    outside = ~face_oval(SMALL_PIXELS)
    return shrink(fill_faces(crops))[:, outside].reshape(len(crops), -1)


def face_oval(size: int) -> NDArray[np.bool_]:
    """True inside the face, bool [size, size]."""
    across = (np.arange(size) + 0.5) / size
    x, y = (across[None] - _CENTRE_X) / _HALF_WIDTH, (across[:, None] - _CENTRE_Y) / _HALF_HEIGHT
    return np.asarray(x**2 + y**2 < 1)
