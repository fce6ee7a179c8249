"""The networks, by name. Keras layers and ops only, so that they train on any Keras backend.

Each takes uint8 crops [n, 128, 128, 3] (scaling to [0, 1] is its first layer) and ends in `Dense(1, sigmoid)`, whose
output is p_no_depression. A new one is a module with `build(size, norm)` and one line in `ARCHITECTURES`. `norm` is the
batch-normalisation layer's class, which training may replace by a faster one with the same weights. The last layer is
float32 whatever the precision of training: in bfloat16 a p of 0.998 is 1, and its loss has no gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras import layers

from training.architectures import paper, twin

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras

ARCHITECTURES: dict[str, Callable[[int, type[layers.BatchNormalization]], keras.Model]] = {
    "paper": paper.build,
    "twin": twin.build,
}
DEFAULT_ARCHITECTURE = "twin"


def build(name: str, size: int = 128, norm: type[layers.BatchNormalization] = layers.BatchNormalization) -> keras.Model:
    """A fresh network with random weights (Keras' global seed decides which).

    Raises:
        KeyError: no such architecture.
    """
    return ARCHITECTURES[name](size, norm)
