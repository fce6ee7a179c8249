"""The networks as the paper and DESIGN describe them. One build of each; TensorFlow runs for real."""

import ast
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from tests.support.keras_warnings import KERAS_COPIES
from training import architectures
from training.architectures import ARCHITECTURES, build
from training.evaluation.scoring import mirror_crops, score
from training.fitting.fused_norm import FusedBatchNormalization
from training.flops import count_flops

pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings(KERAS_COPIES)]


@pytest.fixture(scope="module")
def crops():
    return np.random.default_rng(13).integers(0, 256, (5, 128, 128, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def networks(crops):
    """Both networks with every weight perturbed, batch-norm statistics included, so that nothing cancels by chance.

    The last layer then spreads these crops over (0, 1), because saturated answers would hide differences.
    """
    keras.utils.set_random_seed(11)
    found = {name: build(name) for name in ARCHITECTURES}
    rng = np.random.default_rng(12)
    for model in found.values():
        for variable in model.weights:
            variable.assign(np.array(variable) + np.abs(rng.normal(0.0, 0.03, variable.shape)))
        head = model.layers[-1]
        features = keras.Model(model.inputs, head.input).predict_on_batch(crops).astype(np.float64)
        kernel = np.linalg.pinv(features - features.mean(axis=0)) @ np.linspace(-2.0, 2.0, len(crops))
        head.set_weights([kernel[:, None], np.array([-features.mean(axis=0) @ kernel])])
    return found


def test_paper_network_is_the_papers_order_of_layers(networks):
    block = [layers.Conv2D, layers.BatchNormalization, layers.MaxPooling2D]
    expected = [layers.Rescaling, *(block * 4), layers.Flatten, layers.Dense, layers.Dropout, layers.Dense]
    assert [type(layer) for layer in networks["paper"].layers] == expected
    convolutions = [layer for layer in networks["paper"].layers if isinstance(layer, layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [32, 64, 128, 256]
    assert all(layer.activation is keras.activations.relu and layer.padding == "same" for layer in convolutions)


@pytest.mark.parametrize(
    ("name", "parameters", "flops"), [("paper", 2_487_745, 489_423_233), ("twin", 238_017, 67_240_129)]
)
def test_parameters_and_operations_are_as_counted_by_hand(networks, name, parameters, flops):
    assert networks[name].count_params() == parameters
    assert count_flops(networks[name]) == flops


def test_twin_costs_at_most_a_fifth_of_the_papers_network(networks):
    assert 5 * count_flops(networks["twin"]) <= count_flops(networks["paper"])


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_network_takes_raw_bytes_and_ends_in_one_probability(networks, crops, name):
    model = networks[name]
    assert model.inputs[0].dtype == "uint8"
    assert model.layers[-1].activation is keras.activations.sigmoid
    assert model.output_shape == (None, 1)
    p = score(model, crops)
    assert p.dtype == np.float32
    assert ((p >= 0) & (p <= 1)).all()


def test_scaling_to_the_unit_interval_is_the_first_layer(networks, crops):
    first = networks["paper"].layers[0]
    np.testing.assert_allclose(np.asarray(first(crops)), crops / 255.0, atol=1e-6)


@pytest.mark.parametrize("batch", [1, 3, 5])
def test_twin_answers_a_mirrored_crop_with_the_same_bits(networks, crops, batch):
    plain, mirrored = score(networks["twin"], crops[:batch]), score(networks["twin"], mirror_crops(crops[:batch]))
    assert plain.tobytes() == mirrored.tobytes()


def test_twin_still_tells_crops_apart_and_the_papers_network_sees_the_mirror(networks, crops):
    assert np.ptp(score(networks["twin"], crops)) > 0.1
    paper = networks["paper"]
    assert np.abs(score(paper, crops) - score(paper, mirror_crops(crops))).max() > 1e-3


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_keras_file_loads_without_our_code(networks, crops, name, tmp_path):
    networks[name].save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(score(loaded, crops), score(networks[name], crops))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_one_training_step_moves_every_weight(crops, name):
    keras.utils.set_random_seed(1)
    model = build(name, 128, FusedBatchNormalization)
    model.compile(keras.optimizers.Adam(1e-3), loss="binary_crossentropy", run_eagerly=True)
    before = model.get_weights()
    model.train_on_batch(crops, np.array([[0.0], [1.0], [1.0], [0.0], [1.0]], np.float32))
    unmoved = [
        variable.path
        for variable, old in zip(model.weights, before, strict=True)
        if np.array_equal(old, np.array(variable)) and "seed" not in variable.path
    ]
    assert unmoved == []


def test_model_code_names_no_backend():
    for path in Path(architectures.__file__).parent.glob("*.py"):
        imported = {
            alias.name.split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in ([ast.alias(node.module or "")] if isinstance(node, ast.ImportFrom) else node.names)
        }
        assert imported <= {"__future__", "typing", "collections", "keras", "training"}
