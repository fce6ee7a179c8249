"""Keras model -> SavedModel for inference: named tensors, a batch dimension everywhere, no Keras needed to run it.

    serving_default   crop uint8 [n, size, size, 3]  ->  p_no_depression float32 [n], logit float32 [n]
    metadata          request int32 [n]              ->  metadata string [n], the contract's JSON repeated

`metadata` has a dummy input and a repeated answer because server-side batching needs a batch dimension on both sides
(tensorflow/serving #494, #2043). p = sigmoid(logit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from serving.contract.model import INPUT_TENSOR, LOGIT_TENSOR, METADATA_SIGNATURE, PROBABILITY_TENSOR, SERVING_SIGNATURE

if TYPE_CHECKING:
    from pathlib import Path

METADATA_INPUT = "request"
METADATA_OUTPUT = "metadata"


class ServedModel(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """The functions that become signatures.

    Args:
        model: Ends in `Dense(1, sigmoid)`.
        metadata: The contract's JSON.
    """

    def __init__(self, model: keras.Model, metadata: str) -> None:
        super().__init__()
        head = model.layers[-1]
        features = keras.Model(model.inputs, head.input)
        kernel, bias = head.kernel.value, head.bias.value
        # Only the raw variables are attributes: a Keras object among them would be walked into and saved, layer by layer.
        self.weights = [variable.value for variable in model.variables]

        def predict(crop: tf.Tensor) -> dict[str, tf.Tensor]:
            products = tf.linalg.matmul(features(crop, training=False), kernel)
            logit = tf.reshape(products + bias, [-1], name=LOGIT_TENSOR)
            return {PROBABILITY_TENSOR: tf.sigmoid(logit, name=PROBABILITY_TENSOR), LOGIT_TENSOR: logit}

        def describe(request: tf.Tensor) -> dict[str, tf.Tensor]:
            return {METADATA_OUTPUT: tf.repeat(tf.constant(metadata), tf.shape(request)[0], name=METADATA_OUTPUT)}

        shape = [None, *model.inputs[0].shape[1:]]
        self.predict = tf.function(predict, input_signature=[tf.TensorSpec(shape, tf.uint8, name=INPUT_TENSOR)])
        self.describe = tf.function(describe, input_signature=[tf.TensorSpec([None], tf.int32, name=METADATA_INPUT)])


def save_graph(model: keras.Model, metadata: str, folder: Path) -> None:
    """Write `saved_model.pb` and `variables/` into `folder`."""
    served = ServedModel(model, metadata)
    tf.saved_model.save(
        served,
        str(folder),
        signatures={
            SERVING_SIGNATURE: served.predict.get_concrete_function(),
            METADATA_SIGNATURE: served.describe.get_concrete_function(),
        },
    )
