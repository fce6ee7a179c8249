"""The exported graph itself, loaded by TensorFlow."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from serving.repository import ModelRepository
from tests.support.tiny_version import tiny_repository

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def version():
    return ModelRepository(tiny_repository()).version_path(1)


@pytest.fixture(scope="module")
def loaded(version):
    return tf.saved_model.load(str(version))


def test_signatures_have_named_tensors_with_a_batch_dimension_and_no_output_0(loaded):
    assert set(loaded.signatures) == {"serving_default", "explain", "metadata"}
    described = {
        name: (
            {key: (spec.dtype, spec.shape.as_list()) for key, spec in signature.structured_input_signature[1].items()},
            {key: (spec.dtype, spec.shape.as_list()) for key, spec in signature.structured_outputs.items()},
        )
        for name, signature in loaded.signatures.items()
    }
    assert described == {
        "serving_default": (
            {"crop": (tf.uint8, [None, 128, 128, 3])},
            {"p_no_depression": (tf.float32, [None]), "logit": (tf.float32, [None])},
        ),
        "explain": (
            {"crop": (tf.uint8, [None, 128, 128, 3])},
            {
                "p_no_depression": (tf.float32, [None]),
                "logit": (tf.float32, [None]),
                "attribution": (tf.float32, [None, 32, 32]),
                "asymmetry": (tf.float32, [None, 4]),
            },
        ),
        "metadata": ({"request": (tf.int32, [None])}, {"metadata": (tf.string, [None])}),
    }


def test_metadata_is_the_contract_once_per_request(loaded, version):
    answer = loaded.signatures["metadata"](request=tf.zeros([3], tf.int32))["metadata"].numpy()
    contract = (version / "assets.extra" / "contract.json").read_bytes()
    assert answer.tolist() == [contract] * 3


def test_graph_answers_as_keras_does_on_fresh_crops(loaded, version):
    model = keras.saving.load_model(version / "assets.extra" / "model.keras")
    crops = np.random.default_rng(9).integers(0, 256, (7, 128, 128, 3), dtype=np.uint8)
    answers = loaded.signatures["serving_default"](crop=tf.constant(crops))
    expected = np.asarray(model.predict_on_batch(crops))[:, 0]
    np.testing.assert_allclose(answers["p_no_depression"], expected, atol=1e-5)
    np.testing.assert_allclose(tf.sigmoid(answers["logit"]), answers["p_no_depression"], atol=1e-7)


def test_graph_does_not_know_how_to_train(loaded):
    operations = {node.op for node in loaded.signatures["serving_default"].graph.as_graph_def().node}
    functions = loaded.signatures["serving_default"].graph.as_graph_def().library.function
    operations |= {node.op for function in functions for node in function.node_def}
    assert not {op for op in operations if op.startswith(("Assign", "Random", "Stateless"))}
