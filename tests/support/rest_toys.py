"""A SavedModel with a signature for every dtype and shape that REST treats in a way of its own. Needs TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

if TYPE_CHECKING:
    from pathlib import Path

ECHOED = (
    "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool", "string",
    "float16",
)  # fmt: skip


def save_rest_toys(directory: Path) -> None:
    """Write one version: `echo_<dtype>` gives any tensor back as `y`, and what the names of the others say."""
    module = tf.Module()

    def echo(x):
        return {"y": tf.identity(x)}

    def as_bytes(x):
        return {"text": tf.identity(x), "text_bytes": tf.identity(x)}

    def two(a, b):
        return {"sum": a + tf.cast(b, tf.float32), "twice": tf.stack([b, b], axis=-1)}

    signatures = {
        f"echo_{dtype}": tf.function(echo, input_signature=[tf.TensorSpec(None, dtype, name="x")]) for dtype in ECHOED
    }
    any_float = tf.TensorSpec([None], tf.float32, name="x")
    signatures |= {
        "serving_default": tf.function(lambda x: {"y": x / 2}, input_signature=[any_float]),
        "bytes": tf.function(as_bytes, input_signature=[tf.TensorSpec(None, tf.string, name="x")]),
        "two": tf.function(
            two,
            input_signature=[
                tf.TensorSpec([None], tf.float32, name="a"),
                tf.TensorSpec([None], tf.int64, name="b"),
            ],
        ),
        "uneven": tf.function(lambda x: {"a": tf.identity(x), "b": x[:1]}, input_signature=[any_float]),
        "without_batch": tf.function(lambda x: {"total": tf.reduce_sum(x)}, input_signature=[any_float]),
        "complex": tf.function(lambda x: {"y": tf.complex(x, x)}, input_signature=[any_float]),
        "bfloat16": tf.function(lambda x: {"y": tf.cast(x, tf.bfloat16), "x": x + 0}, input_signature=[any_float]),
        "crops": tf.function(
            lambda crop: {"mean": tf.reduce_mean(tf.cast(crop, tf.float32), [1, 2, 3])},
            input_signature=[tf.TensorSpec([None, 128, 128, 3], tf.uint8, name="crop")],
        ),
    }
    module.functions = list(signatures.values())
    tf.saved_model.save(module, str(directory), signatures=signatures)
