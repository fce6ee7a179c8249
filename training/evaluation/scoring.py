"""Answers of a Keras model for many crops, in batches that fit in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH_SIZE = 64


def score(model: keras.Model, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """p_no_depression of each crop, float32 [n].

    The same crops in the same order give the same bits; in another order or batch, the last bits can differ.
    """
    return _predict(model, crops).reshape(-1)


def score_logits(model: keras.Model, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Logit of p_no_depression, float32 [n]: the input of the final sigmoid."""
    head = model.layers[-1]
    features = _predict(keras.Model(model.inputs, head.input), crops)
    kernel, bias = (np.asarray(value, np.float32) for value in head.get_weights())
    return np.asarray(features @ kernel + bias, dtype=np.float32).reshape(-1)


def mirror_crops(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Left and right swapped."""
    return np.ascontiguousarray(crops[:, :, ::-1])


def _predict(model: keras.Model, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    # `Model.predict` builds a tf.data pipeline per call, which costs more than the network for a few crops.
    batches = [crops[start : start + BATCH_SIZE] for start in range(0, len(crops), BATCH_SIZE)]
    return np.concatenate([np.asarray(model.predict_on_batch(batch), dtype=np.float32) for batch in batches])
