"""Calibrate a trained model on its validation split: temperature into the last layer, then the limits of abstention.

Before that, what the class weights of the training did to p is taken back (`training.calibration.temperature`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from serving.contract.policy import Abstention
from training.calibration.abstention import STATED_COVERAGE, choose_abstention, describe_abstention
from training.calibration.temperature import (
    LARGEST_TEMPERATURE,
    SMALLEST_TEMPERATURE,
    choose_temperature,
    class_weight_shift,
    fold_temperature,
)
from training.errors import CalibrationImpossible
from training.evaluation.answers import answer
from training.evaluation.bootstrap import defined
from training.evaluation.calibration_curve import calibration_statistic
from training.polarity import targets_from_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import keras

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.evaluation.answers import Answers

CALIBRATION_SCHEMA: Final = "symmetra.calibration/1"
_FIGURES: Final = ("nll", "brier", "ece", "mean_error")


def calibrate(
    model: keras.Model,
    store: CropStore,
    validation: Sequence[Photo],
    *,
    coverage: float = STATED_COVERAGE,
    aligned: bool = True,
    class_weights: Mapping[int, float] | None = None,
    abstains: bool = True,
) -> tuple[keras.Model, dict[str, Any]]:
    """Take the class weights back, choose the temperature, fold both in, choose the abstention of the calibrated model.

    Where the validation photos do not determine a temperature (the model separates their labels, or gets them wrong
    throughout), it stays 1 and the result says so: sharpening a model because a small split was easy would make every
    later p extreme. The class weights are known, not learned from the validation photos, and are taken back even then.

    Args:
        model: As trained; changed in place.
        store: Crops of the photos.
        validation: Photos of the validation split, never of the test split.
        coverage: Share of the photos that is to keep its band.
        aligned: The crops are aligned faces, whose quality is measured in an oval as the gateway does.
        class_weights: Of the training loss, by target: 0 depressed, 1 not depressed; None where it had none.
        abstains: Choose an abstention, for which the model is asked about eight jittered copies of each photo.

    Returns:
        The calibrated model, and the content of `calibration.json`.

    Raises:
        CalibrationImpossible: photos of one label only, another last layer, logits that are not finite, or a class
            weight that is not a positive number.
    """
    raw = answer(model, store, validation)
    targets = targets_from_labels(raw.depressed)
    shift = class_weight_shift(class_weights)
    temperature = choose_temperature(np.empty(0) if raw.logits is None else raw.logits, targets, shift)
    is_determined = SMALLEST_TEMPERATURE < temperature < LARGEST_TEMPERATURE
    fold_temperature(model, temperature if is_determined else 1.0, shift)
    answers = answer(model, store, validation, jittered=abstains, aligned=aligned)
    abstention = describe_abstention(answers, choose_abstention(answers, coverage)) if abstains else None
    return model, {
        "schema": CALIBRATION_SCHEMA,
        "method": "temperature" if is_determined else "none",
        "temperature": temperature if is_determined else 1.0,
        "temperature_is_determined": is_determined,
        "chosen_on": "validation split",
        "class_weight_shift": {
            "subtracted_from_logit": shift,
            "says": "log(w1 / w0) of the class weights in training, taken back so that p means the data's own share of labels",
        },
        "photos": len(validation),
        "subjects": len(set(answers.subjects)),
        "before": _figures(raw),
        "after": _figures(answers),
        "abstention": abstention,
    }


def read_abstention(calibration: Mapping[str, Any]) -> Abstention:
    """The chosen abstention in the content of a `calibration.json`.

    Raises:
        CalibrationImpossible: another schema, or no abstention in it (`calibrate(abstains=False)`).
        ContractInvalid: limits that cannot be.
    """
    if calibration.get("schema") != CALIBRATION_SCHEMA or "policy" not in (calibration.get("abstention") or {}):
        message = f"calibration.json is not of schema {CALIBRATION_SCHEMA}; run `python -m training fit` again"
        raise CalibrationImpossible(message)
    return Abstention.from_dict(calibration["abstention"]["policy"])


def _figures(answers: Answers) -> dict[str, float | None]:
    found = calibration_statistic(answers.depressed, answers.p)(np.ones((1, len(answers.p))))
    return {name: defined(float(found[name][0])) for name in _FIGURES}
