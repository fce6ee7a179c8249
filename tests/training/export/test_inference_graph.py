"""The optimised graph answers as Keras does: on hostile batch-norm statistics, at borders, and mirrored."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from training.architectures import build
from training.errors import LayerUnsupported
from training.export.folding import fold
from training.export.inference_graph import InferenceGraph, optimise
from training.export.network_reading import read_network

pytestmark = pytest.mark.tensorflow
SIZE = 32


def hostile(model, seed=0, gammas=(-1.0, 1.5)):
    """Give a model batch-norm parameters that no rewrite by half can survive: negative and zero gammas, large shifts."""
    rng = np.random.default_rng(seed)
    for layer in model._flatten_layers():
        if isinstance(layer, layers.BatchNormalization):
            count = layer.moving_mean.shape[0]
            gamma = rng.uniform(*gammas, count)
            gamma[0] = 0.0
            layer.set_weights([gamma, rng.normal(0, 0.5, count), np.zeros(count), np.ones(count)])
            layer.momentum = 0.0
        elif isinstance(layer, (layers.Conv2D, layers.Dense)) and layer.use_bias:
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, rng.normal(0, 0.1, bias.shape)])
    model(tf.constant(crops(12)), training=True)  # statistics as training leaves them: those of the data
    return spread(model)


def spread(model):
    """Scale the last layer so that the answers neither saturate nor agree."""
    head = model.layers[-1]
    inputs = keras.Model(model.inputs[0], head.input).predict_on_batch(crops(12))
    kernel, _ = head.get_weights()
    logits = inputs @ kernel
    scale = 1.0 / max(float(logits.std()), 1e-6)
    head.set_weights([kernel * scale, np.array([-float(logits.mean()) * scale])])
    return model


def crops(count):
    """Coarse patterns, which differ from each other as faces do, with bright and dark borders among them; uint8."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, 256, (count, 4, 4, 3)).repeat(SIZE // 4, axis=1).repeat(SIZE // 4, axis=2)
    made = np.clip(coarse + rng.integers(-20, 21, coarse.shape), 0, 255).astype(np.uint8)
    made[1::4, 1:-1, 1:-1] //= 8
    made[2::4] //= 3
    return made


def answers_of(graph):
    return tf.function(lambda crop: graph.compute(crop)[0], autograph=False)


def check_as_keras(model, precision="float32", tolerance=1e-5):
    graph = optimise(model, precision)
    logit = answers_of(graph)(tf.constant(crops(12))).numpy()
    expected = model.predict_on_batch(crops(12))[:, 0]
    assert expected.std() > 0.05
    np.testing.assert_allclose(1 / (1 + np.exp(-logit.astype(float))), expected, atol=tolerance, rtol=0)
    return graph


@pytest.mark.parametrize("gammas", [(-1.0, 1.5), (0.1, 1.5), (-1.5, -0.1)])
@pytest.mark.parametrize("name", ["paper", "twin"])
def test_answers_as_keras_whatever_the_signs_of_gamma(name, gammas):
    keras.utils.set_random_seed(1)
    graph = check_as_keras(hostile(build(name, SIZE), gammas=gammas))
    kinds = [step.kind for step in graph.network.steps.values()]
    assert graph.network.plain_steps == ()
    # What is left of the batch norm: a shift behind each pool of the paper's but the last, and the twin's two halvings.
    assert kinds.count("affine") == 3
    assert ("clamp" in kinds) == (name == "paper" and gammas[0] < 0)


def test_mirrored_crop_gets_the_same_bits_from_the_twin():
    keras.utils.set_random_seed(1)
    model = hostile(build("twin", SIZE))
    for precision in ("float32", "bfloat16"):
        answer = answers_of(optimise(model, precision))
        np.testing.assert_array_equal(answer(crops(8)).numpy(), answer(crops(8)[:, :, ::-1].copy()).numpy())


def test_bfloat16_stays_near_float32():
    # Ten times what an export allows a trained network: 8 bits of mantissa, answers spread to logits of deviation 1, and
    # random weights, whose sums cancel. That it computes the right thing, not how exactly: the export's gate does that.
    keras.utils.set_random_seed(1)
    check_as_keras(hostile(build("paper", SIZE), gammas=(0.5, 1.5)), "bfloat16", tolerance=0.05)


def test_network_of_ones_own_keeps_unknown_layers_plain_and_answers_as_keras():
    keras.utils.set_random_seed(2)
    crop = keras.Input((SIZE, SIZE, 3), dtype="uint8")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(crop)  # its shift must not fold into a kernel that pads with zeros
    x = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="valid", activation="gelu")(x))
    x = layers.GroupNormalization(groups=2, name="unknown")(x)
    y = layers.SeparableConv2D(8, 3, padding="same", name="separable")(x)
    x = layers.Multiply()([ops.absolute(x - y), 1.5 - y])
    x = layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(x))
    p = layers.Dense(1, activation="sigmoid")(layers.BatchNormalization()(layers.Dense(8, activation="tanh")(x)))
    graph = check_as_keras(hostile(keras.Model(crop, p)))
    assert set(graph.network.plain_steps) == {"unknown", "separable"}
    assert len(graph.variables) == 5


@pytest.mark.parametrize("units", [2, 1])
def test_network_without_the_agreed_end_is_refused(units):
    end = layers.Dense(units, activation="sigmoid" if units == 2 else None)
    model = keras.Sequential([keras.Input((8, 8, 3), dtype="uint8"), layers.Flatten(), end])
    with pytest.raises(LayerUnsupported, match=r"must end in Dense\(1, sigmoid\)"):
        read_network(model)


def test_clamps_can_be_left_before_the_pools():
    keras.utils.set_random_seed(1)
    network = read_network(hostile(build("paper", SIZE)))
    kinds = [step.kind for step in fold(network, clamps_behind_pools=False).steps.values()]
    assert kinds.index("clamp") < kinds.index("max_pool")
    graphs = [InferenceGraph(fold(network, clamps_behind_pools=behind)) for behind in (True, False)]
    one, other = (answers_of(graph)(crops(8)).numpy() for graph in graphs)
    np.testing.assert_allclose(one, other, atol=1e-4)
