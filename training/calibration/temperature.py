"""One number that makes p mean what it says: p = sigmoid(logit / T), with T from the validation split alone.

Training until the validation loss rises leaves most networks too sure of themselves; T > 1 takes that back without
changing the order of two photos (`seed`, protocol: T = argmin NLL on validation). It is folded into the last layer, so
that every later reader sees p = sigmoid(logit) and `logit` is after the temperature (issue 3).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import keras
import numpy as np

from training.errors import CalibrationImpossible

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SMALLEST_TEMPERATURE: Final = 0.05
LARGEST_TEMPERATURE: Final = 20.0
_HALVINGS: Final = 60


def choose_temperature(logits: ArrayLike, targets: ArrayLike) -> float:
    """The T, from 0.05 to 20, under which the targets are likeliest.

    The negative log-likelihood is convex in 1/T, so its slope changes sign once: found by halving, the same on every
    machine. At a bound there is no minimum inside: logits that separate the labels want T = 0, wrong ones want infinity.

    Args:
        logits: Before the temperature, [n].
        targets: 1 where NOT depressed (`training.polarity`), [n].

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
    towards = np.where(target == 1, logit, -logit)
    low, high = 1.0 / LARGEST_TEMPERATURE, 1.0 / SMALLEST_TEMPERATURE
    if _slope(towards, low) >= 0:
        return LARGEST_TEMPERATURE
    if _slope(towards, high) <= 0:
        return SMALLEST_TEMPERATURE
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _slope(towards, middle) > 0 else (middle, high)
    return 2.0 / (low + high)


def fold_temperature(model: keras.Model, temperature: float) -> keras.Model:
    """Divide kernel and bias of the last layer by T, in place: the model then answers sigmoid(logit / T).

    Args:
        model: Ends in Dense(1, sigmoid).
        temperature: More than 0.

    Returns:
        The same model.

    Raises:
        CalibrationImpossible: it ends otherwise, or T is not a positive number.
    """
    if not (math.isfinite(temperature) and temperature > 0):
        message = f"a temperature is a positive number, not {temperature}"
        raise CalibrationImpossible(message)
    head = model.layers[-1]
    if not isinstance(head, keras.layers.Dense) or head.units != 1 or head.activation is not keras.activations.sigmoid:
        message = f"{model.name} does not end in Dense(1, sigmoid), so the temperature has no place in it"
        raise CalibrationImpossible(message)
    head.set_weights([np.asarray(value, np.float64) / temperature for value in head.get_weights()])
    return model


def _slope(towards: NDArray[np.float64], inverse: float) -> float:
    """Derivative of the mean negative log-likelihood in 1/T; `towards` is the logit, signed towards the truth."""
    return float(np.mean(-towards / (1.0 + np.exp(np.minimum(inverse * towards, 700.0)))))
