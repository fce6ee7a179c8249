import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from training.calibration.temperature import (
    LARGEST_TEMPERATURE,
    SMALLEST_TEMPERATURE,
    choose_temperature,
    fold_temperature,
)
from training.errors import CalibrationImpossible


def drawn(temperature, photos=20_000, seed=0):
    """Logits, and targets that come true as often as sigmoid(logit / temperature) says."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.3, 3.0, photos)
    return logits, (rng.random(photos) < 1 / (1 + np.exp(-logits / temperature))).astype(float)


def linear_model(kernel=(2.0, -1.0), bias=0.5, activation="sigmoid", units=1):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units, activation=activation)])
    model.layers[-1].set_weights([np.repeat(np.array(kernel)[:, None], units, axis=1), np.full(units, bias)])
    return model


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_the_temperature_that_made_the_labels_is_found_again(temperature):
    assert choose_temperature(*drawn(temperature)) == pytest.approx(temperature, rel=0.05)


def test_the_temperature_is_the_likeliest_one_as_scikit_learn_finds_it():
    logits, targets = drawn(1.7, photos=500, seed=3)
    found = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10).fit(logits[:, None], targets)
    assert choose_temperature(logits, targets) == pytest.approx(1 / found.coef_[0, 0], rel=1e-5)


def test_scaling_the_logits_scales_the_temperature():
    logits, targets = drawn(1.3, photos=300)
    assert choose_temperature(5 * logits, targets) == pytest.approx(5 * choose_temperature(logits, targets))


def test_logits_without_a_best_temperature_end_at_the_bounds():
    assert choose_temperature([-1.0, 1.0], [0, 1]) == SMALLEST_TEMPERATURE
    assert choose_temperature([1.0, -1.0], [0, 1]) == LARGEST_TEMPERATURE


@pytest.mark.parametrize(("logits", "targets"), [([1.0, 2.0], [1, 1]), ([], []), ([np.nan, 1.0], [0, 1])])
def test_what_says_nothing_about_a_temperature_is_refused(logits, targets):
    with pytest.raises(CalibrationImpossible):
        choose_temperature(logits, targets)


def test_folded_model_answers_with_the_divided_logit():
    model, x = linear_model(), np.random.default_rng(0).normal(size=(8, 2)).astype(np.float32)
    logits = x @ np.array([2.0, -1.0]) + 0.5
    found = np.asarray(fold_temperature(model, 2.5).predict_on_batch(x)).ravel()
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-logits / 2.5)), atol=1e-6)


@pytest.mark.parametrize("other", [{"activation": "relu"}, {"units": 2}])
def test_a_model_with_another_last_layer_is_refused(other):
    with pytest.raises(CalibrationImpossible, match="Dense"):
        fold_temperature(linear_model(**other), 2.0)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_that_is_not_a_positive_number_is_refused(temperature):
    with pytest.raises(CalibrationImpossible, match="positive"):
        fold_temperature(linear_model(), temperature)
