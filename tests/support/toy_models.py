"""Small SavedModels for the model server's tests. Needs TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

if TYPE_CHECKING:
    from pathlib import Path

CROP_SIZE = 8


class Toys(tf.Module):
    """One signature per kind of tensor and of trouble. `serving_default` is y = x / 2 + offset, with offset a variable."""

    def __init__(self, offset: float) -> None:
        super().__init__()
        self.offset = tf.Variable(offset)
        self.kernel = tf.Variable(tf.random.stateless_uniform([3, 3, 3, 2], [1, 2]))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def half_plus(self, x):
        return {"y": x / 2 + self.offset}

    @tf.function(input_signature=[tf.TensorSpec([None, CROP_SIZE, CROP_SIZE, 3], tf.uint8, name="crop")])
    def crops(self, crop):
        features = tf.nn.conv2d(tf.cast(crop, tf.float32) / 255, self.kernel, 1, "SAME")
        logit = tf.reduce_mean(features, [1, 2, 3]) - 1
        return {"logit": logit, "p_no_depression": tf.sigmoid(logit)}

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.float32, name="a"), tf.TensorSpec([None], tf.int64, name="b")]
    )
    def two_inputs(self, a, b):
        return {"sum": a + tf.cast(b, tf.float32), "b": b}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def text(self, text):
        return {"upper": tf.strings.upper(text)}

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32, name="x")])
    def scalar(self, x):
        return {"y": x + 1}

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="rows")])
    def row_sums(self, rows):
        return {"sum": tf.reduce_sum(rows, 1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def only_finite(self, x):
        return {"y": tf.debugging.check_numerics(x, "this model takes finite numbers only")}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float64, name="seconds")])
    def slow(self, seconds):
        """Busy for the largest of the given times."""
        end = tf.timestamp() + tf.reduce_max(seconds)
        turns = tf.while_loop(lambda _: tf.timestamp() < end, lambda turns: [turns + 1], [tf.constant(0)])[0]
        return {"seconds": seconds, "turns": tf.fill(tf.shape(seconds), turns)}


def save_toys(directory: Path, offset: float) -> None:
    """Write one version whose default signature is y = x / 2 + offset."""
    toys = Toys(offset)
    signatures = {
        "serving_default": toys.half_plus,
        "crops": toys.crops,
        "two_inputs": toys.two_inputs,
        "text": toys.text,
        "scalar": toys.scalar,
        "row_sums": toys.row_sums,
        "only_finite": toys.only_finite,
        "slow": toys.slow,
    }
    tf.saved_model.save(toys, str(directory), signatures=signatures)


def save_tensorflow_1_toy(directory: Path) -> None:
    """Write y = x / 2 + 3 as TensorFlow 1 wrote models: a graph, a session, no functions."""
    tf1 = tf.compat.v1
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None], name="x")
        offset = tf1.get_variable("offset", initializer=3.0, use_resource=False)
        y = x / 2 + offset
        session.run(tf1.global_variables_initializer())
        signature = tf1.saved_model.predict_signature_def({"x": x}, {"y": y})
        builder = tf1.saved_model.Builder(str(directory))
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
