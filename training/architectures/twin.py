"""The mirror twin: one trunk f sees the crop x and its mirror image Rx, and the answer cannot tell which was which.

A = f(x), B = R f(Rx) are two views of the same places of the face. S = A + B says what is there, D = |A - B| how much the
two halves differ: an explicit measure of asymmetry. For Rx instead of x, A and B become RB and RA, so S and D are only
mirrored, and their means over the picture stay. Side is not identifiable from uploads (front cameras mirror selfies), so
nothing is lost.

**Exact to the last bit, not only in mathematics.** Floating-point sums depend on their order, so a plain mean of a mirrored
map can differ in its last bit. S + RS is the same array for S and for RS (addition commutes exactly), so the mean is taken
of that. The trunk is called twice on equal batch shapes instead of once on a joined batch, so that every crop is computed
at the same batch position whichever way round it comes.

Trunk: depthwise-separable residual blocks; 238,017 parameters in all, a tenth of the paper's, at a seventh of its FLOPs.
"""

from __future__ import annotations

import keras
from keras import layers, ops

STEM_FILTERS = 24
STAGE_FILTERS = (48, 96, 192, 256)
DENSE_UNITS = 64
NORM_MOMENTUM = 0.9
"""Keras' 0.99 needs hundreds of steps before validation means anything; a small data set has some 40 per epoch."""
WIDTH_AXIS = 2


def build(size: int = 128, norm: type[layers.BatchNormalization] = layers.BatchNormalization) -> keras.Model:
    """The network for uint8 crops [n, size, size, 3]."""
    crop = keras.Input((size, size, 3), dtype="uint8", name="crop")
    scaled = layers.Rescaling(1 / 255, name="scale")(crop)
    trunk = build_trunk(size, norm)
    here = trunk(scaled)
    there = mirror(trunk(mirror(scaled)))
    same = mirror_mean(0.5 * (here + there), "same")
    different = mirror_mean(ops.absolute(here - there), "different")
    hidden = layers.Dense(DENSE_UNITS, activation="relu", name="dense")(
        layers.Concatenate(name="pair")([same, different])
    )
    p_no_depression = layers.Dense(1, activation="sigmoid", dtype="float32", name="p_no_depression")(hidden)
    return keras.Model(crop, p_no_depression, name="twin")


def build_trunk(size: int, norm: type[layers.BatchNormalization]) -> keras.Model:
    """f: float [n, size, size, 3] in [0, 1] -> [n, size / 32, size / 32, 256]."""
    image = keras.Input((size, size, 3), name="image")
    x = layers.Conv2D(STEM_FILTERS, 3, strides=2, padding="same", use_bias=False, name="stem")(image)
    x = layers.ReLU(name="stem_relu")(norm(momentum=NORM_MOMENTUM, name="stem_norm")(x))
    for number, filters in enumerate(STAGE_FILTERS, start=1):
        x = layers.ReLU(name=f"down{number}_relu")(_separable(x, filters, 2, norm, f"down{number}"))
        x = layers.Add(name=f"same{number}_add")([x, _separable(x, filters, 1, norm, f"same{number}")])
        x = layers.ReLU(name=f"same{number}_relu")(x)
    return keras.Model(image, x, name="trunk")


def mirror(image: keras.KerasTensor) -> keras.KerasTensor:
    """R: left and right swapped."""
    return ops.flip(image, axis=WIDTH_AXIS)


def mirror_mean(features: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """The mean over the picture, bit for bit the same for `features` and their mirror image."""
    return layers.GlobalAveragePooling2D(name=name)(0.5 * (features + mirror(features)))


def _separable(
    x: keras.KerasTensor, filters: int, strides: int, norm: type[layers.BatchNormalization], name: str
) -> keras.KerasTensor:
    x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False, name=f"{name}_depth")(x)
    x = layers.ReLU(name=f"{name}_depth_relu")(norm(momentum=NORM_MOMENTUM, name=f"{name}_depth_norm")(x))
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_point")(x)
    return norm(momentum=NORM_MOMENTUM, name=f"{name}_norm")(x)
