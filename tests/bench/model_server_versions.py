"""The versions that the model server's benchmark serves: each given one in float32 and bfloat16, and an empty one.

Speed and |dp| of bfloat16 are wanted also where `training export --precision bfloat16` refuses to publish, because a
golden crop moves too far; so the graph is made as the export makes it, without its gate.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import keras
import tensorflow as tf

from serving.contract.model import CropSpec
from serving.contract.regions import regions_of
from training.export.graph import ServedModel
from training.export.network_reading import read_network

NOTHING = "nothing"
"""A version with the tensors of the others that computes nothing: what a call of it costs, the server itself costs."""
KERAS_FILE = "assets.extra/model.keras"


class Nothing(tf.Module):
    """Answers with the first pixel."""

    @tf.function(input_signature=[tf.TensorSpec([None, 128, 128, 3], tf.uint8, name="crop")])
    def first_pixel(self, crop):
        pixel = tf.cast(crop[:, 0, 0, :1], tf.float32)
        return {"p_no_depression": pixel, "logit": pixel}


def prepare(versions: dict[str, Path], folder: Path) -> list[str]:
    """Lay out `folder/<model>/1`, keeping what is there, and return the names of the models.

    Args:
        versions: Name to published version directory.
        folder: Where to; made if need be.
    """
    for name, directory in versions.items():
        plain = folder / f"{name}-float32" / "1"
        if not plain.exists():
            staged = shutil.copytree(directory, plain.with_name("staged"), dirs_exist_ok=True)
            staged.rename(plain)
        rounded = folder / f"{name}-bfloat16" / "1"
        if not rounded.exists():
            model = keras.saving.load_model(directory / KERAS_FILE)
            staged = rounded.with_name("staged")
            ServedModel(read_network(model), regions_of(CropSpec()), "bfloat16").save(staged)
            staged.rename(rounded)
    empty = folder / NOTHING / "1"
    if not empty.exists():
        module = Nothing()
        staged = empty.with_name("staged")
        tf.saved_model.save(module, str(staged), signatures={"serving_default": module.first_pixel})
        staged.rename(empty)
    return [f"{name}-{precision}" for name in versions for precision in ("float32", "bfloat16")]
