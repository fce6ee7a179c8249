"""What a model must beat to be worth its trouble: the most frequent label, 32x32 pixels read linearly, the paper's CNN.

ML Test Score, Model 5: a simpler model must not be as good (issue 3). "Beaten" means that the paired 95 % interval of the
difference in accuracy lies above zero; a higher number alone does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.evaluation.probes.figures import gain, worth
from training.evaluation.probes.learners import PHOTOS_MAX, LinearReader, colour_pixels, grey_pixels
from training.evaluation.probes.streaming import describe, labels_of, subjects_of, thin_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.data.split import SplitName
    from training.evaluation.probes.streaming import Describe

BASELINES_SCHEMA = "symmetra.baselines/1"
BEATEN, NOT_SHOWN, NOT_BEATEN = "beaten", "not shown", "not beaten"
NOT_GIVEN, ITSELF = "not given", "the model itself"
NAMES: Final = {
    "prevalence": "Always the more frequent label of the training photos",
    "logistic_grey": "Logistic regression on 32x32 pixels, grey",
    "logistic_colour": "Logistic regression on 32x32 pixels, colour",
    "paper_cnn": "The paper's CNN, trained on the same split",
}


def compare_with_baselines(
    store: CropStore,
    parts: Mapping[SplitName, Sequence[Photo]],
    p_model: NDArray[np.float32],
    p_paper: NDArray[np.float32] | None,
    *,
    model_is_paper: bool = False,
) -> dict[str, Any]:
    """Accuracy and AUROC of each baseline on the test split, and the model's gain over it.

    Args:
        store: The crops.
        parts: Photos by split.
        p_model: The model's answers on the test split, [n].
        p_paper: The paper CNN's on the same photos, or None where no such run was given.
        model_is_paper: The model is the paper's CNN: then it is its own baseline.
    """
    test = parts["test"]
    subjects, depressed = subjects_of(test), labels_of(test)
    answers: dict[str, NDArray[np.float32] | None] = {
        "prevalence": np.full(len(test), 1.0 - labels_of(parts["train"]).mean(), np.float32),
        "logistic_grey": _read_pixels(store, parts, grey_pixels),
        "logistic_colour": _read_pixels(store, parts, colour_pixels),
        "paper_cnn": p_paper,
    }
    found: dict[str, Any] = {}
    for name, p in answers.items():
        if p is None:
            found[name] = {"name": NAMES[name], "verdict": ITSELF if model_is_paper else NOT_GIVEN}
            continue
        difference = gain(subjects, depressed, p_model, p)
        found[name] = {
            "name": NAMES[name],
            **worth(subjects, depressed, p),
            "accuracy_gain": difference,
            "verdict": _judge(*difference["interval_95"]),
        }
    return {"schema": BASELINES_SCHEMA, "model": worth(subjects, depressed, p_model), "baselines": found}


def _judge(low: float, high: float) -> str:
    if low > 0:
        return BEATEN
    return NOT_BEATEN if high < 0 else NOT_SHOWN


def _read_pixels(
    store: CropStore, parts: Mapping[SplitName, Sequence[Photo]], describer: Describe
) -> NDArray[np.float32]:
    train, validation = (thin_out(parts[name], PHOTOS_MAX, 0) for name in ("train", "validation"))
    reader = LinearReader(
        describe(store, train, describer),
        labels_of(train),
        describe(store, validation, describer),
        labels_of(validation),
    )
    test = parts["test"]
    return np.concatenate(
        [
            reader.p_no_depression(describe(store, test[start : start + PHOTOS_MAX], describer))
            for start in range(0, len(test), PHOTOS_MAX)
        ]
    )
