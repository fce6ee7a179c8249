"""One model is traced once however often it is asked, follows its weights, and is not kept alive."""

import gc
import weakref

import keras
import numpy as np
import pytest

from training.evaluation.scoring import score, score_logits


@pytest.fixture
def model():
    keras.utils.set_random_seed(3)
    inputs = keras.Input((8, 8, 3), dtype="uint8")
    features = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(features))


@pytest.fixture
def crops():
    return np.random.default_rng(1).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)


def test_a_model_that_learned_meanwhile_gives_its_new_answers(model, crops):
    score(model, crops)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([-kernel, bias + 1])
    p, logits = score(model, crops), score_logits(model, crops)
    np.testing.assert_allclose(p, 1 / (1 + np.exp(-logits)), atol=1e-6)
    np.testing.assert_allclose(p, np.asarray(model(crops)).reshape(-1), atol=1e-6)


def test_a_model_is_traced_once(model, crops, monkeypatch):
    made = []
    original = keras.Model.make_predict_function
    monkeypatch.setattr(
        keras.Model,
        "make_predict_function",
        lambda self, *given, **named: (
            made.append(self) if self.predict_function is None else None,
            original(self, *given, **named),
        )[1],
    )
    for _ in range(3):
        score(model, crops)
        score_logits(model, crops)
    assert len(made) == 1


def test_a_model_that_nobody_holds_goes(crops):
    inputs = keras.Input((8, 8, 3), dtype="uint8")
    features = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(features))
    score(model, crops)
    watched = weakref.ref(model)
    del model
    gc.collect()
    assert watched() is None
