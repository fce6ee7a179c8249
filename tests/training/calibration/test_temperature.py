import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from training.calibration.temperature import (
    LARGEST_TEMPERATURE,
    SMALLEST_TEMPERATURE,
    choose_temperature,
    class_weight_shift,
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


def test_odds_learned_under_class_weights_are_taken_back_and_the_temperature_found():
    """At 15 % depressed; without the shift the temperature alone leaves p far from the share that is not depressed."""
    rng = np.random.default_rng(0)
    true = rng.normal(1.7, 1.5, 20_000)
    targets = (rng.random(len(true)) < 1 / (1 + np.exp(-true))).astype(float)
    shift = class_weight_shift({0: 0.5 / (1 - targets.mean()), 1: 0.5 / targets.mean()})
    learned = 2.0 * (true + shift)
    assert shift < -1.0
    assert choose_temperature(learned, targets, shift) == pytest.approx(2.0, rel=0.05)
    p = 1 / (1 + np.exp(-(learned / 2.0 - shift)))
    assert p.mean() == pytest.approx(targets.mean(), abs=0.01)


def test_equal_class_weights_shift_nothing_and_unequal_ones_by_the_logarithm_of_their_ratio():
    assert class_weight_shift(None) == class_weight_shift({0: 1.0, 1: 1.0}) == 0.0
    assert class_weight_shift({0: 3.0, 1: 0.6}) == pytest.approx(-np.log(5.0))


@pytest.mark.parametrize("weights", [{}, {0: 1.0}, {0: 1.0, 1: 0.0}, {0: float("nan"), 1: 1.0}])
def test_class_weights_that_cannot_be_are_refused(weights):
    with pytest.raises(CalibrationImpossible, match="class weights"):
        class_weight_shift(weights)


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


def test_folded_shift_is_subtracted_after_the_division():
    model, x = linear_model(), np.random.default_rng(0).normal(size=(8, 2)).astype(np.float32)
    logits = (x @ np.array([2.0, -1.0]) + 0.5) / 2.5 + 1.2
    found = np.asarray(fold_temperature(model, 2.5, -1.2).predict_on_batch(x)).ravel()
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-logits)), atol=1e-6)


@pytest.mark.parametrize("other", [{"activation": "relu"}, {"units": 2}])
def test_a_model_with_another_last_layer_is_refused(other):
    with pytest.raises(CalibrationImpossible, match="Dense"):
        fold_temperature(linear_model(**other), 2.0)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_that_is_not_a_positive_number_is_refused(temperature):
    with pytest.raises(CalibrationImpossible, match="positive"):
        fold_temperature(linear_model(), temperature)
