"""A folded `Network` as TensorFlow operations: constants instead of variables, in float32 or bfloat16.

Constants, because TensorFlow prepares constant kernels once (their layout for oneDNN) but variable ones in every run, and
because they leave it free to fuse a convolution with its bias and ReLU.

In bfloat16 the trunk (convolutions, pools, the wide dense layer behind a flattening) computes in bfloat16; means over the
picture, merges and the last layer in float32, so that the logit keeps its digits.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

import numpy as np
import tensorflow as tf

from training.export.folding import fold
from training.export.network_reading import read_network

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import keras
    from numpy.typing import NDArray

    from training.export.network import Kind, Network, Step

    Constants = dict[str, tf.Tensor]

Precision = Literal["float32", "bfloat16"]
_FULL = ("mean", "absolute", "add", "subtract", "multiply", "concatenate", "plain", "activation")
"""Computed in float32 whatever the trunk's precision, except that sums inside a bfloat16 trunk stay bfloat16."""


class InferenceGraph:
    """Answers crops. Call it inside a `tf.function`, or eagerly.

    Args:
        network: Folded or not.
        precision: Of the trunk.
    """

    def __init__(self, network: Network, precision: Precision = "float32") -> None:
        self.network = network
        self.precision = precision
        self.variables = [variable for step in network.steps.values() for variable in step.variables]
        self._trunk = tf.as_dtype(precision)

    def compute(self, crop: tf.Tensor, wanted: Collection[str] = ()) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The logit of each crop, and what some steps gave on the way.

        Args:
            crop: uint8 [n, size, size, 3].
            wanted: Names of steps.

        Returns:
            float32 [n], and the tensors of `wanted` by name.
        """
        constants: dict[tuple[str, str], tf.Tensor] = {}
        values: dict[str, tf.Tensor] = {}
        for name, step in self.network.steps.items():
            if step.kind == "input":
                values[name] = tf.cast(crop, self._trunk)
            else:
                inputs = [values[read] for read in step.inputs]
                values[name] = self._run(step, inputs, constants, last=name == self.network.output)
        return tf.reshape(values[self.network.output], [-1]), {name: values[name] for name in wanted}

    def _run(
        self, step: Step, inputs: list[tf.Tensor], constants: dict[tuple[str, str], tf.Tensor], *, last: bool
    ) -> tf.Tensor:
        in_trunk = step.kind == "add" and all(len(x.shape) == 4 and x.dtype == self._trunk for x in inputs)
        if last or (step.kind in _FULL and not in_trunk):
            inputs = [tf.cast(x, tf.float32) for x in inputs]
        arrays = {name: _constant(array, inputs[0].dtype, constants) for name, array in step.arrays.items()}
        return _RUN[step.kind](step, inputs, arrays)


def optimise(model: keras.Model, precision: Precision = "float32") -> InferenceGraph:
    """The inference graph of a Keras model.

    Raises:
        LayerUnsupported: see `read_network`.
    """
    return InferenceGraph(fold(read_network(model)), precision)


def _linear(step: Step, inputs: list[tf.Tensor], arrays: Constants) -> tf.Tensor:
    x, kernel = inputs[0], arrays["kernel"]
    if step.kind == "dense":
        products = tf.linalg.matmul(x, kernel)
    elif step.kind == "conv":
        products = tf.nn.conv2d(x, kernel, step.options["strides"], step.options["padding"])
    else:
        products = tf.nn.depthwise_conv2d(x, kernel, [1, *step.options["strides"], 1], step.options["padding"])
    return tf.nn.bias_add(products, arrays["bias"])


def _affine(step: Step, inputs: list[tf.Tensor], arrays: Constants) -> tf.Tensor:
    x = inputs[0]
    if not (step.arrays["scale"] == 1.0).all():
        x = x * arrays["scale"]
    if not step.arrays["shift"].any():
        return x
    # `bias_add` has a kernel of its own, four times as fast as the general broadcast of `+`.
    return tf.nn.bias_add(x, arrays["shift"]) if step.arrays["shift"].ndim == 1 else x + arrays["shift"]


def _clamp(_: Step, inputs: list[tf.Tensor], arrays: Constants) -> tf.Tensor:
    return tf.minimum(tf.maximum(inputs[0], arrays["low"]), arrays["high"])


def _max_pool(step: Step, inputs: list[tf.Tensor], _: Constants) -> tf.Tensor:
    return tf.nn.max_pool2d(inputs[0], step.options["size"], step.options["strides"], step.options["padding"])


_RUN: dict[Kind, Callable[[Step, list[tf.Tensor], Constants], tf.Tensor]] = {
    "conv": _linear,
    "depthwise": _linear,
    "dense": _linear,
    "affine": _affine,
    "relu": lambda _step, inputs, _: tf.nn.relu(inputs[0]),
    "clamp": _clamp,
    "activation": lambda step, inputs, _: getattr(tf.nn, step.options["name"])(inputs[0]),
    "max_pool": _max_pool,
    "mean": lambda _step, inputs, _: tf.reduce_mean(inputs[0], [1, 2]),
    "flatten": lambda _step, inputs, _: tf.reshape(inputs[0], [-1, int(np.prod(inputs[0].shape[1:]))]),
    "flip": lambda step, inputs, _: tf.reverse(inputs[0], [step.options["axis"]]),
    "absolute": lambda _step, inputs, _: tf.abs(inputs[0]),
    "add": lambda _step, inputs, _: inputs[0] + inputs[1],
    "subtract": lambda _step, inputs, _: inputs[0] - inputs[1],
    "multiply": lambda _step, inputs, _: inputs[0] * inputs[1],
    "concatenate": lambda _step, inputs, _: tf.concat(inputs, -1),
    "plain": lambda step, inputs, _: step.call(*inputs) if step.call else inputs[0],
}


def _constant(array: NDArray[np.float64], dtype: tf.DType, constants: dict[tuple[str, str], tf.Tensor]) -> tf.Tensor:
    """The array rounded once, from float64; equal arrays (a trunk that runs twice) become one constant."""
    key = (dtype.name, hashlib.sha256(str(array.shape).encode() + np.ascontiguousarray(array).tobytes()).hexdigest())
    if key not in constants:
        constants[key] = tf.constant(array.astype(dtype.as_numpy_dtype))
    return constants[key]
