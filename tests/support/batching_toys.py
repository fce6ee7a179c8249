"""A SavedModel that shows what was run together. Needs TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

if TYPE_CHECKING:
    from pathlib import Path

VECTOR = tf.TensorSpec([None], tf.float32, name="x")


class BatchingToys(tf.Module):
    """Each row is answered with the number of rows of its run, or with what the run was given."""

    @tf.function(input_signature=[VECTOR])
    def company(self, x):
        return {"same": x, "rows": tf.fill(tf.shape(x), tf.shape(x)[0]), "sum": tf.fill(tf.shape(x), tf.reduce_sum(x))}

    @tf.function(input_signature=[tf.TensorSpec([None, None, None], tf.float32, name="x")])
    def echo(self, x):
        """Flattened, because an answer may have one shape only."""
        rows = tf.reshape(tf.strings.as_string(x, precision=0), [tf.shape(x)[0], -1])
        return {"text": tf.strings.reduce_join(rows, 1, separator=",")}

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, name="x")])
    def any_rank(self, x):
        return {"same": x}

    @tf.function(input_signature=[VECTOR, tf.TensorSpec([None], tf.float32, name="y")])
    def two_inputs(self, x, y):
        return {"sum": x + y[: tf.shape(x)[0]]}

    @tf.function(input_signature=[VECTOR])
    def only_finite(self, x):
        return {"same": tf.debugging.check_numerics(x, "this model takes finite numbers only")}

    @tf.function(input_signature=[VECTOR])
    def total(self, x):
        return {"total": tf.reduce_sum(x)}

    @tf.function(input_signature=[VECTOR])
    def twice_the_rows(self, x):
        return {"rows": tf.concat([x, x], 0)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float64, name="seconds")])
    def slow(self, seconds):
        """Busy for the largest of the given times."""
        end = tf.timestamp() + tf.reduce_max(seconds)
        turns = tf.while_loop(lambda _: tf.timestamp() < end, lambda turns: [turns + 1], [tf.constant(0)])[0]
        return {"seconds": seconds, "turns": tf.fill(tf.shape(seconds), turns)}

    @tf.function(input_signature=[tf.TensorSpec([None, 32, 32, 8], tf.float32, name="image")])
    def convolved(self, image):
        kernel = tf.random.stateless_uniform([3, 3, 8, 64], [1, 2]) - 0.5
        features = tf.nn.relu(tf.nn.conv2d(image, kernel, 1, "SAME"))
        return {"mean": tf.reduce_mean(features, [1, 2])}


def save_batching_toys(directory: Path) -> None:
    """Write one version; `serving_default` is `company`."""
    toys = BatchingToys()
    names = ("echo", "any_rank", "two_inputs", "only_finite", "total", "twice_the_rows", "slow", "convolved")
    signatures = {"serving_default": toys.company} | {name: getattr(toys, name) for name in names}
    tf.saved_model.save(toys, str(directory), signatures=signatures)
