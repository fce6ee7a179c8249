"""What a split by photo would have pretended: the same cheap learners, once on people they met before, once on strangers.

With several photos of a person, a random split by photo puts the person into training and test; whoever recognises the
person knows the label. The gap is what such a split adds for nothing (`seed` E and protocol).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from training.evaluation.bootstrap import CONFIDENCE, resample_subjects
from training.evaluation.probes.figures import worth
from training.evaluation.probes.learners import PHOTOS_MAX, LinearReader, colour_pixels, copy_nearest
from training.evaluation.probes.streaming import count, describe, labels_of, subjects_of, thin_out
from training.polarity import called_depressed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.data.split import SplitName

    Learner = Callable[[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]], NDArray[np.float32]]


def probe_leakage(store: CropStore, parts: Mapping[SplitName, Sequence[Photo]], seed: int = 0) -> dict[str, Any]:
    """Accuracy of 1-nearest-neighbour and logistic regression on 32x32: split by photo minus split by subject.

    Both splits share the photos of training and test, and the numbers of both.

    Args:
        store: The crops.
        parts: The subject-disjoint split.
        seed: Of the split by photo.
    """
    train, test = (thin_out(parts[name], PHOTOS_MAX, seed) for name in ("train", "test"))
    pool = (*train, *test)
    features, depressed = describe(store, pool, colour_pixels), labels_of(pool)
    subjects = np.array(subjects_of(pool))
    by_subject = np.arange(len(pool))
    by_photo = np.random.default_rng(seed).permutation(len(pool))
    learners: dict[str, Learner] = {"nearest_neighbour": copy_nearest, "logistic_regression": _read_linearly}
    found: dict[str, Any] = {
        "learned_from": count(train),
        "tested_on": count(test),
        "photos_per_subject": len(pool) / len(set(subjects)),
    }
    for name, learner in learners.items():
        sides, right = [], []
        for order in (by_photo, by_subject):
            fit, asked = order[: len(train)], order[len(train) :]
            p = learner(features[fit], depressed[fit], features[asked])
            sides.append(worth(subjects[asked].tolist(), depressed[asked], p))
            right.append((subjects[asked].tolist(), called_depressed(p) == depressed[asked]))
        found[name] = {"image_random": sides[0], "subject_disjoint": sides[1], "accuracy_gap": _gap(*right)}
    return found


def _gap(one: tuple[list[str], NDArray[np.bool_]], other: tuple[list[str], NDArray[np.bool_]]) -> dict[str, Any]:
    """Accuracy of the one minus the other's; the test photos differ, so the subjects of each are resampled on their own."""
    values = one[1].mean() - other[1].mean()
    drawn = [_accuracies(subjects, right, seed) for seed, (subjects, right) in enumerate((one, other))]
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(drawn[0] - drawn[1], [tail, 1.0 - tail])
    return {"value": float(values), "interval_95": [float(low), float(high)]}


def _accuracies(subjects: list[str], right: NDArray[np.bool_], seed: int) -> NDArray[np.float64]:
    return np.concatenate([weights @ right / weights.sum(axis=1) for weights in resample_subjects(subjects, seed=seed)])


def _read_linearly(
    features: NDArray[np.float32], depressed: NDArray[np.bool_], asked: NDArray[np.float32]
) -> NDArray[np.float32]:
    nothing = np.empty((0, features.shape[1]), np.float32)
    return LinearReader(features, depressed, nothing, np.empty(0, bool)).p_no_depression(asked)
