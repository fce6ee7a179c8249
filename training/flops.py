"""Floating-point operations of one forward pass over one crop, counted layer by layer.

Convention: a multiply-add is two; a bias or an addition is one; inference batch-norm is two (multiply, add); pooling is one
per value read. Activations, scaling, flips and joins are not counted. Exact by this convention, so that architectures
compare; it is no measure of time.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from keras import Model, Sequential, layers

if TYPE_CHECKING:
    from collections.abc import Callable


def count_flops(model: Model) -> int:
    """FLOPs of one forward pass over one crop; a sub-model called twice counts twice."""
    return sum(_calls(model, layer) * _layer_flops(layer) for layer in model.layers)


def _calls(model: Model, layer: layers.Layer) -> int:
    if isinstance(model, Sequential):
        return 1
    entry = next(entry for entry in model.get_config()["layers"] if entry["name"] == layer.name)
    return len(entry["inbound_nodes"])


def _layer_flops(layer: layers.Layer) -> int:
    if isinstance(layer, Model):
        return count_flops(layer)
    outputs = math.prod(layer.output.shape[1:])
    for kind, count in _PER_OUTPUT.items():
        if isinstance(layer, kind):
            return int(count(layer) * outputs)
    return 0


def _weighted(products: int, layer: layers.Layer) -> int:
    return 2 * products + int(layer.use_bias)


_PER_OUTPUT: dict[type[layers.Layer], Callable[[Any], float]] = {
    # The depthwise kind stands before its base class, Conv2D.
    layers.DepthwiseConv2D: lambda layer: _weighted(math.prod(layer.kernel.shape[:2]), layer),
    layers.Conv2D: lambda layer: _weighted(math.prod(layer.kernel.shape[:3]), layer),
    layers.Dense: lambda layer: _weighted(layer.kernel.shape[0], layer),
    layers.BatchNormalization: lambda _: 2,
    layers.MaxPooling2D: lambda layer: math.prod(layer.pool_size),
    layers.GlobalAveragePooling2D: lambda layer: math.prod(layer.input.shape[1:3]),
    layers.Add: lambda _: 1,
}
"""FLOPs per value of a layer's output."""
