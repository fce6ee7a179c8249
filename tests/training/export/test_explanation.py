"""What `explain` answers: maps that follow the crop and the weights, measures that know no side."""

import keras
import numpy as np
import pytest

from serving.contract.model import CropSpec
from serving.contract.regions import regions_of
from training.architectures import build
from training.errors import ExplanationUnsound
from training.export import soundness
from training.export.graph import ServedModel
from training.export.network_reading import read_network
from training.export.soundness import check_explanation, correlate_maps

pytestmark = pytest.mark.tensorflow
REGIONS = regions_of(CropSpec())
CROPS = np.random.default_rng(3).integers(0, 256, (3, 128, 128, 3), dtype=np.uint8)
CROPS[:, :, 90:] //= 4


@pytest.fixture(scope="module", params=["paper", "twin"])
def model(request):
    keras.utils.set_random_seed(4)
    return build(request.param)


@pytest.fixture(scope="module")
def served(model):
    return ServedModel(read_network(model), REGIONS)


def explain(served, crops):
    return {name: tensor.numpy() for name, tensor in served.explain(np.ascontiguousarray(crops)).items()}


def test_asymmetry_is_the_same_for_the_mirrored_crop_and_zero_for_a_symmetric_one(served):
    here, there = explain(served, CROPS), explain(served, CROPS[:, :, ::-1])
    np.testing.assert_array_equal(here["asymmetry"], there["asymmetry"])
    assert (here["asymmetry"] > 0.01).all()
    assert (here["asymmetry"] < 1).all()
    halves = CROPS.copy()
    halves[:, :, 64:] = halves[:, :, 63::-1]
    np.testing.assert_array_equal(explain(served, halves)["asymmetry"], 0.0)


def test_map_of_a_twin_is_mirrored_with_the_crop_to_the_last_bit(model, served):
    here, there = explain(served, CROPS), explain(served, CROPS[:, :, ::-1])
    if model.name == "twin":
        np.testing.assert_array_equal(here["attribution"], there["attribution"][:, :, ::-1])
        np.testing.assert_array_equal(here["logit"], there["logit"])
    else:
        assert not np.array_equal(here["attribution"], there["attribution"][:, :, ::-1])


@pytest.mark.parametrize("model", ["paper"], indirect=True)  # the twin's branches have no single layer to compare with
def test_map_is_what_keras_own_gradient_gives(model, served):
    import tensorflow as tf  # noqa: PLC0415 - the other tests here do without

    head = model.layers[-1]
    below = keras.Model(model.inputs[0], model.get_layer("conv3").output)
    with tf.GradientTape() as tape:
        features = below(CROPS)
        tape.watch(features)
        x = features
        for layer in model.layers[model.layers.index(model.get_layer("conv3")) + 1 : -1]:
            x = layer(x, training=False)
        logit = x @ head.kernel + head.bias
    expected = -tf.reduce_sum(features * tape.gradient(logit, features), 3).numpy()
    np.testing.assert_allclose(explain(served, CROPS)["attribution"], expected, atol=1e-4 * np.abs(expected).max())


def test_gate_passes_a_map_that_changes_with_the_weights_and_refuses_one_that_does_not(model, served, monkeypatch):
    network, maps = read_network(model), explain(served, CROPS)["attribution"]
    assert check_explanation(network, REGIONS, CROPS, maps) < 0.3
    monkeypatch.setattr(soundness, "shuffle_kernels", lambda network, _seed: network)
    with pytest.raises(ExplanationUnsound, match=r"hardly changes .* correlation 1\.00"):
        check_explanation(network, REGIONS, CROPS, maps)


@pytest.mark.parametrize(("value", "said"), [(np.nan, "not finite"), (0.0, "constant for 1 of 3")])
def test_gate_refuses_a_map_that_says_nothing(value, said):
    maps = np.random.default_rng(1).normal(size=(3, 32, 32)).astype(np.float32)
    maps[1] = value
    with pytest.raises(ExplanationUnsound, match=said):
        soundness.check_maps(maps)


def test_correlation_of_a_map_with_itself_its_negative_and_a_constant():
    maps = np.random.default_rng(1).normal(size=(1, 32, 32)).astype(np.float32)
    found = [correlate_maps(maps, other)[0] for other in (maps, -maps, np.ones_like(maps))]
    np.testing.assert_allclose(found, [1.0, -1.0, 0.0], atol=1e-6)


def test_maps_that_only_turn_their_sign_with_the_weights_are_refused(model, served, monkeypatch):
    """Correlations of 1 and -1 have the mean 0: each crop's counts without its sign."""
    crops = CROPS[:2]
    turned = explain(served, crops)["attribution"] * np.float32([1.0, -1.0])[:, None, None]
    monkeypatch.setattr(soundness, "shuffle_kernels", lambda network, _seed: network)
    with pytest.raises(ExplanationUnsound, match=r"hardly changes .* correlation 1\.00"):
        check_explanation(read_network(model), REGIONS, crops, turned)
