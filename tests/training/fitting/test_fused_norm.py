import keras
import numpy as np
import pytest
import tensorflow as tf

from training.fitting.fused_norm import FusedBatchNormalization

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def pair():
    """The same layer in both implementations, with other than fresh weights."""
    rng = np.random.default_rng(1)
    weights = [rng.uniform(0.5, 1.5, 5).astype(np.float32) for _ in range(4)]
    layers = []
    for kind in (keras.layers.BatchNormalization, FusedBatchNormalization):
        layer = kind(momentum=0.9)
        layer.build((None, 6, 6, 5))
        layer.set_weights(weights)
        layers.append(layer)
    return layers


def test_training_step_is_the_same_as_in_keras(pair):
    inputs = tf.constant(np.random.default_rng(2).normal(3.0, 2.0, (4, 6, 6, 5)).astype(np.float32))
    results = []
    for layer in pair:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=True)
            loss = tf.reduce_sum(outputs**3)
        gradients = tape.gradient(loss, [inputs, layer.gamma.value, layer.beta.value])
        results.append([outputs, *gradients, *layer.get_weights()])
    for theirs, ours in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-3)


def test_running_statistics_decide_outside_training(pair):
    inputs = np.random.default_rng(3).normal(size=(2, 6, 6, 5)).astype(np.float32)
    theirs, ours = (np.asarray(layer(inputs, training=False)) for layer in pair)
    np.testing.assert_array_equal(ours, theirs)
