"""The paper's four augmentations (section II): rotation, zoom, horizontal flip, brightness. Training split only.

The ranges, and why they are these: `training.fitting.ranges`.

Rotation, zoom and flip are one affine warp of the batch, so a crop is resampled once and the cost stays under a
millisecond; Keras' own random layers resample once per augmentation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tensorflow as tf

if TYPE_CHECKING:
    from training.fitting.ranges import Augmentation


@dataclass(frozen=True, slots=True)
class Rows:
    """A part of a batch, as integer scalars of the graph: where it starts, and of how many rows."""

    first: tf.Tensor
    of: tf.Tensor


def augment(crops: tf.Tensor, seed: tf.Tensor, ranges: Augmentation, rows: Rows | None = None) -> tf.Tensor:
    """Augment a batch, or some rows of one as they would be in the whole.

    Args:
        crops: uint8 [n, size, size, 3].
        seed: integer [2]; the same seed gives the same result.
        ranges: How far to go.
        rows: Which rows of a larger batch `crops` are; None where they are all of it.

    Returns:
        uint8 [n, size, size, 3], rounded, because the served model also sees whole levels only.
    """
    count = tf.shape(crops)[0]
    size = tf.shape(crops)[1:3]
    drawn = tf.random.stateless_uniform([4, count if rows is None else rows.of], seed, -1.0, 1.0)
    draws = drawn if rows is None else drawn[:, rows.first : rows.first + count]
    angle = draws[0] * (ranges.rotation_degrees * math.pi / 180.0)
    zoom = 1.0 + draws[1] * ranges.zoom_fraction
    side = tf.where(draws[2] < 0.0, -1.0, 1.0) if ranges.flip else tf.ones([count])
    brightness = draws[3] * (ranges.brightness_fraction * 255.0)

    # Output pixel -> input pixel, about the middle: the eight coefficients of ImageProjectiveTransformV3.
    cos, sin = tf.cos(angle) / zoom, tf.sin(angle) / zoom
    middle = tf.cast(size[0] - 1, tf.float32) / 2.0
    a0, a1, b0, b1 = side * cos, -sin, side * sin, cos
    a2 = middle * (1.0 - a0 - a1)
    b2 = middle * (1.0 - b0 - b1)
    nothing = tf.zeros([count])
    transforms = tf.stack([a0, a1, a2, b0, b1, b2, nothing, nothing], axis=1)
    warped = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(crops, tf.float32),
        transforms=transforms,
        output_shape=size,
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
    lit = tf.round(warped + brightness[:, None, None, None])
    return tf.cast(tf.clip_by_value(lit, 0.0, 255.0), tf.uint8)
