"""Keras model -> SavedModel for inference: named tensors, a batch dimension everywhere, no Keras needed to run it.

    serving_default   crop uint8 [n, size, size, 3]  ->  p_no_depression float32 [n], logit float32 [n]
    explain           crop uint8 [n, size, size, 3]  ->  the same, attribution float32 [n, 32, 32],
                                                         asymmetry float32 [n, regions]
    metadata          request int32 [n]              ->  metadata string [n], the contract's JSON repeated

`metadata` has a dummy input and a repeated answer because server-side batching needs a batch dimension on both sides
(tensorflow/serving #494, #2043). p = sigmoid(logit). The weights are constants inside `saved_model.pb`
(`inference_graph`), so `variables/` holds those of layers that could not be rewritten, usually none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from serving.contract.model import (
    EXPLAIN_SIGNATURE,
    INPUT_TENSOR,
    LOGIT_TENSOR,
    METADATA_SIGNATURE,
    PROBABILITY_TENSOR,
    SERVING_SIGNATURE,
)
from training.export.explanation import explain
from training.export.folding import fold
from training.export.inference_graph import InferenceGraph

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from serving.contract.regions import Region
    from training.export.inference_graph import Precision
    from training.export.network import Network

METADATA_INPUT = "request"
METADATA_OUTPUT = "metadata"


class ServedModel(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """The functions that become signatures.

    Args:
        network: As it was read from Keras.
        regions: Of the asymmetry measures.
        precision: Of the trunk.
        metadata: The contract's JSON.

    Raises:
        LayerUnsupported: the network has no feature map to explain at.
    """

    def __init__(
        self, network: Network, regions: Sequence[Region], precision: Precision = "float32", metadata: str = ""
    ) -> None:
        super().__init__()
        answering = InferenceGraph(fold(network), precision)
        explaining = InferenceGraph(fold(network, clamps_behind_pools=False), precision)
        # Only the raw variables are attributes: a Keras object among them would be walked into and saved, layer by layer.
        self.weights = answering.variables

        def predict(crop: tf.Tensor) -> dict[str, tf.Tensor]:
            return _named(answering.compute(crop)[0])

        def account(crop: tf.Tensor) -> dict[str, tf.Tensor]:
            logit, explanation = explain(explaining, crop, regions)
            return _named(logit) | explanation

        def describe(request: tf.Tensor) -> dict[str, tf.Tensor]:
            return {METADATA_OUTPUT: tf.repeat(tf.constant(metadata), tf.shape(request)[0], name=METADATA_OUTPUT)}

        crops = [tf.TensorSpec([None, network.crop_size, network.crop_size, 3], tf.uint8, name=INPUT_TENSOR)]
        requests = [tf.TensorSpec([None], tf.int32, name=METADATA_INPUT)]
        self.predict = tf.function(predict, input_signature=crops, autograph=False)
        self.explain = tf.function(account, input_signature=crops, autograph=False)
        self.describe = tf.function(describe, input_signature=requests, autograph=False)

    def save(self, folder: Path) -> None:
        """Write `saved_model.pb` and `variables/` into `folder`."""
        # A module of the variables alone: functions that are attributes would be saved a second time, constants and all.
        saved = tf.Module()
        saved.weights = self.weights
        tf.saved_model.save(
            saved,
            str(folder),
            signatures={
                SERVING_SIGNATURE: self.predict.get_concrete_function(),
                EXPLAIN_SIGNATURE: self.explain.get_concrete_function(),
                METADATA_SIGNATURE: self.describe.get_concrete_function(),
            },
        )


def _named(logit: tf.Tensor) -> dict[str, tf.Tensor]:
    logit = tf.identity(logit, name=LOGIT_TENSOR)
    return {PROBABILITY_TENSOR: tf.sigmoid(logit, name=PROBABILITY_TENSOR), LOGIT_TENSOR: logit}
