"""The paper's CNN (section II): Conv + ReLU, BatchNorm, MaxPool blocks, Flatten, Dense, Dropout, Dense(1, sigmoid).

The paper gives neither filter counts nor kernel size, depth, dense width or dropout rate; here they are 32-64-128-256,
3x3, four blocks, 128 and 0.5 (2,487,745 parameters). The order conv, ReLU, BatchNorm, pool is the paper's.

The momentum of the running statistics is open too. With Keras' 0.99 they lag hundreds of steps behind the weights, and a
network that already learned answers at chance in validation (drawn faces, second epoch: validation 0.57 at 0.99, 0.83 at
0.9, training 0.63 and 0.70).
"""

from __future__ import annotations

import keras
from keras import layers

FILTERS = (32, 64, 128, 256)
DENSE_UNITS = 128
DROPOUT = 0.5
NORM_MOMENTUM = 0.9


def build(size: int = 128, norm: type[layers.BatchNormalization] = layers.BatchNormalization) -> keras.Model:
    """The network for uint8 crops [n, size, size, 3]."""
    model = keras.Sequential(name="paper")
    model.add(keras.Input((size, size, 3), dtype="uint8", name="crop"))
    model.add(layers.Rescaling(1 / 255, name="scale"))
    for number, filters in enumerate(FILTERS, start=1):
        model.add(layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"conv{number}"))
        model.add(norm(momentum=NORM_MOMENTUM, name=f"norm{number}"))
        model.add(layers.MaxPooling2D(name=f"pool{number}"))
    model.add(layers.Flatten(name="flatten"))
    model.add(layers.Dense(DENSE_UNITS, activation="relu", name="dense"))
    model.add(layers.Dropout(DROPOUT, name="dropout"))
    model.add(layers.Dense(1, activation="sigmoid", dtype="float32", name="p_no_depression"))
    return model
