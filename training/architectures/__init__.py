"""The networks, by name. Keras layers and ops only, so that they train on any Keras backend.

Each takes uint8 crops [n, 128, 128, 3] (scaling to [0, 1] is its first layer) and ends in `Dense(1, sigmoid)`, whose
output is p_no_depression. A new one is a module with `build(size) -> keras.Model` and one line in `ARCHITECTURES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.architectures import paper, twin

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras

ARCHITECTURES: dict[str, Callable[[int], keras.Model]] = {"paper": paper.build, "twin": twin.build}
DEFAULT_ARCHITECTURE = "paper"


def build(name: str, size: int = 128) -> keras.Model:
    """A fresh network with random weights (Keras' global seed decides which).

    Raises:
        KeyError: no such architecture.
    """
    return ARCHITECTURES[name](size)
