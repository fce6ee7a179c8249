"""One number that makes p mean what it says: p = sigmoid(logit / T - s), with T from the validation split alone.

Training until the validation loss rises leaves most networks too sure of themselves; T > 1 takes that back without
changing the order of two photos (`seed`, protocol: T = argmin NLL on validation). It is folded into the last layer, so
that every later reader sees p = sigmoid(logit) and `logit` is after the temperature (issue 3).

s is no choice: class weights make a network learn the odds of balanced labels, w1 / w0 times those of the data, and
s = log(w1 / w0) takes that back. It is 0 where the training labels are balanced. It is subtracted after the division by T:
what the network is too sure of are the weighted odds that it learned, and a large T must not wear the correction away.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import keras
import numpy as np

from training.errors import CalibrationImpossible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

SMALLEST_TEMPERATURE: Final = 0.05
LARGEST_TEMPERATURE: Final = 20.0
_HALVINGS: Final = 60


def class_weight_shift(weights: Mapping[int, float] | None) -> float:
    """By how much class weights raise the logit of p_no_depression that a network learns: log(w1 / w0).

    >>> class_weight_shift({0: 1.0, 1: 1.0}), class_weight_shift(None)
    (0.0, 0.0)

    Args:
        weights: Of target 0 (depressed) and 1 (not depressed) in the training loss; None where it had none.

    Raises:
        CalibrationImpossible: a weight is missing, or not a positive number.
    """
    if weights is None:
        return 0.0
    depressed, not_depressed = (weights.get(target, 0.0) for target in (0, 1))
    if not all(math.isfinite(weight) and weight > 0 for weight in (depressed, not_depressed)):
        message = f"class weights are positive numbers for the targets 0 and 1, not {dict(weights)}"
        raise CalibrationImpossible(message)
    return math.log(not_depressed / depressed)


def choose_temperature(logits: ArrayLike, targets: ArrayLike, shift: float = 0.0) -> float:
    """The T, from 0.05 to 20, under which the targets are likeliest.

    The negative log-likelihood is convex in 1/T, so its slope changes sign once: found by halving, the same on every
    machine. At a bound there is no minimum inside: logits that separate the labels want T = 0, wrong ones want infinity.

    Args:
        logits: Before the temperature, [n].
        targets: 1 where NOT depressed (`training.polarity`), [n].
        shift: Subtracted from logit / T, as `fold_temperature` does.

    Raises:
        CalibrationImpossible: fewer than both labels, or a logit that is not finite.
    """
    logit, target = np.asarray(logits, np.float64), np.asarray(targets)
    if not (target == 1).any() or not (target == 0).any():
        message = "a temperature needs validation photos of both labels; draw a larger validation split"
        raise CalibrationImpossible(message)
    if not np.isfinite(logit).all():
        message = "the model gives logits that are not finite, so no temperature can be chosen; train it again"
        raise CalibrationImpossible(message)
    towards, offset = np.where(target == 1, logit, -logit), np.where(target == 1, -shift, shift)
    low, high = 1.0 / LARGEST_TEMPERATURE, 1.0 / SMALLEST_TEMPERATURE
    if _slope(towards, offset, low) >= 0:
        return LARGEST_TEMPERATURE
    if _slope(towards, offset, high) <= 0:
        return SMALLEST_TEMPERATURE
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _slope(towards, offset, middle) > 0 else (middle, high)
    return 2.0 / (low + high)


def fold_temperature(model: keras.Model, temperature: float, shift: float = 0.0) -> keras.Model:
    """Divide kernel and bias of the last layer by T, in place: the model then answers sigmoid(logit / T - shift).

    Args:
        model: Ends in Dense(1, sigmoid).
        temperature: More than 0.
        shift: Of the class weights (`class_weight_shift`), subtracted from the bias.

    Returns:
        The same model.

    Raises:
        CalibrationImpossible: it ends otherwise, or T is not a positive number, or the shift not a number.
    """
    if not (math.isfinite(temperature) and temperature > 0 and math.isfinite(shift)):
        message = f"a temperature is a positive number and a shift a number, not {temperature} and {shift}"
        raise CalibrationImpossible(message)
    head = model.layers[-1]
    if not isinstance(head, keras.layers.Dense) or head.units != 1 or head.activation is not keras.activations.sigmoid:
        message = f"{model.name} does not end in Dense(1, sigmoid), so the temperature has no place in it"
        raise CalibrationImpossible(message)
    kernel, bias = (np.asarray(value, np.float64) / temperature for value in head.get_weights())
    head.set_weights([kernel, bias - shift])
    return model


def _slope(towards: NDArray[np.float64], offset: NDArray[np.float64], inverse: float) -> float:
    """Derivative of the mean negative log-likelihood in 1/T; `towards` and `offset` are signed towards the truth."""
    return float(np.mean(-towards / (1.0 + np.exp(np.minimum(inverse * towards + offset, 700.0)))))
