"""Answers of a Keras model for many crops, in batches that fit in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import keras
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH_SIZE = 64


class Scorer:
    """Asks a model for p_no_depression and the logit in one pass.

    Args:
        model: Ends in Dense(1, sigmoid).
    """

    def __init__(self, model: keras.Model) -> None:
        self._head = model.layers[-1]
        self._both = keras.Model(model.inputs, [model.outputs[0], self._head.input])

    def score(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """p_no_depression and its logit, the input of the final sigmoid, float32 [n] each.

        The same crops in the same order give the same bits; in another order or batch, the last bits can differ.
        """
        kernel, bias = (np.asarray(value, np.float32) for value in self._head.get_weights())
        p, logits = np.empty(len(crops), np.float32), np.empty(len(crops), np.float32)
        for start in range(0, len(crops), BATCH_SIZE):
            rows = slice(start, start + BATCH_SIZE)
            # `Model.predict` builds a tf.data pipeline per call, which costs more than the network for a few crops.
            answers, features = self._both.predict_on_batch(crops[rows])
            p[rows] = np.asarray(answers, np.float32).reshape(-1)
            logits[rows] = (np.asarray(features, np.float32) @ kernel + bias).reshape(-1)
        return p, logits


def score(model: keras.Model, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """p_no_depression of each crop, float32 [n]."""
    return scorer_of(model).score(crops)[0]


def score_logits(model: keras.Model, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Logit of p_no_depression, float32 [n]: the input of the final sigmoid."""
    return scorer_of(model).score(crops)[1]


_SCORERS: WeakKeyDictionary[keras.Model, Scorer] = WeakKeyDictionary()


def scorer_of(model: keras.Model) -> Scorer:
    """One for each model: the first pass of a new one is traced, which takes seconds where the pass takes milliseconds."""
    if model not in _SCORERS:
        _SCORERS[model] = Scorer(model)
    return _SCORERS[model]


def mirror_crops(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Left and right swapped."""
    return np.ascontiguousarray(crops[:, :, ::-1])
