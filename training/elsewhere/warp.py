"""The augmentations of `training.fitting.augmentation` on any Keras backend, drawn by NumPy and applied where the network is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import keras
import numpy as np
from keras import ops

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.fitting.ranges import Augmentation


class Draws(NamedTuple):
    """What happens to each crop of a batch."""

    transforms: NDArray[np.float32]
    """[n, 8]: output pixel -> input pixel, as TensorFlow's ImageProjectiveTransformV3 has it."""
    brightness: NDArray[np.float32]
    """[n]: levels that are added."""


def draw(count: int, size: int, ranges: Augmentation, rng: np.random.Generator) -> Draws:
    """Draw rotation, zoom, flip and brightness for `count` crops of `size` pixels."""
    uniform = rng.uniform(-1.0, 1.0, (4, count))
    angle = uniform[0] * math.radians(ranges.rotation_degrees)
    zoom = 1.0 + uniform[1] * ranges.zoom_fraction
    side = np.where(uniform[2] < 0.0, -1.0, 1.0) if ranges.flip else np.ones(count)
    cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
    middle = (size - 1) / 2.0
    a0, a1, b0, b1 = side * cos, -sin, side * sin, cos
    nothing = np.zeros(count)
    transforms = np.stack([a0, a1, middle * (1 - a0 - a1), b0, b1, middle * (1 - b0 - b1), nothing, nothing], axis=1)
    brightness = uniform[3] * ranges.brightness_fraction * 255.0
    return Draws(transforms.astype(np.float32), brightness.astype(np.float32))


def draw_nothing(count: int) -> Draws:
    """Draws that leave crops as they are, to the last bit."""
    same = np.array([1, 0, 0, 0, 1, 0, 0, 0], np.float32)
    return Draws(np.tile(same, (count, 1)), np.zeros(count, np.float32))


class Warp(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """uint8 crops [n, size, size, 3], transforms [n, 8] and brightness [n] -> uint8 crops, rounded to whole levels."""

    def call(self, crops: Any, transforms: Any, brightness: Any) -> Any:  # noqa: ANN401 - tensors of whatever backend
        """Resample once, add light."""
        warped = ops.image.affine_transform(
            ops.cast(crops, "float32"), transforms, interpolation="bilinear", fill_mode="nearest"
        )
        lit = ops.round(warped + ops.reshape(brightness, (-1, 1, 1, 1)))
        return ops.cast(ops.clip(lit, 0.0, 255.0), "uint8")
