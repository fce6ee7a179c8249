"""The network that a training starts from, and the file that it ends in; on any Keras backend."""

from __future__ import annotations

import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras

from training.architectures import build
from training.errors import ExperimentInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from training.fitting.recipe import Precision, Recipe

UNREADABLE = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error)
"""What Keras raises for a `.keras` file that is missing, cut off, or holds something else."""


def save_model(model: keras.Model, path: Path) -> None:
    """Write a `.keras` file, replacing an older one in one step."""
    temporary = path.with_name(f"tmp-{path.name}")
    model.save(temporary)
    temporary.replace(path)


def build_plain(recipe: Recipe, size: int) -> keras.Model:
    """The network that is saved: plain Keras layers in float32, with the weights that training starts from.

    Raises:
        ExperimentInvalid: the model to start from cannot be read, or has other weights.
    """
    model = build(recipe.architecture, size)
    if recipe.initial_model is None:
        return model
    try:
        start = keras.saving.load_model(recipe.initial_model, compile=False).get_weights()
    except UNREADABLE as error:
        message = f"the model to start from, {recipe.initial_model}, cannot be read: {error}"
        raise ExperimentInvalid(message) from error
    if [value.shape for value in start] != [value.shape for value in model.get_weights()]:
        message = (
            f"{recipe.initial_model} is no {recipe.architecture} network for crops of {size} pixels: other weights"
        )
        raise ExperimentInvalid(message)
    model.set_weights(start)
    return model


@contextmanager
def precision_of(precision: Precision) -> Iterator[None]:
    """Keras' dtype policy while layers are made; it is global, and the models made afterwards must not inherit it."""
    before: Any = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32" if precision == "float32" else f"mixed_{precision}")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
