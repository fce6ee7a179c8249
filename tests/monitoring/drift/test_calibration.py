"""Bets against a model's probabilities, and what CBPE says and does not."""

import math

import numpy as np
import pytest

from monitoring.drift.calibration import CHANCE, CalibrationTest
from monitoring.drift.errors import CountsUnusable
from monitoring.drift.estimated_performance import estimate


def outcomes(number, rng, offset=0.0):
    """(p, not depressed), where the true log-odds lie `offset` beside those of p."""
    logits = rng.normal(0.0, 1.5, number)
    truth = 1 / (1 + np.exp(-(logits + offset)))
    return zip(1 / (1 + np.exp(-logits)), rng.random(number) < truth, strict=True)


def test_a_calibrated_model_is_left_alone():
    rng = np.random.default_rng(1)
    alarms = 0
    for _ in range(100):
        test = CalibrationTest()
        alarms += any(test.add(p, not_depressed=bool(y)) >= math.log(1 / CHANCE) for p, y in outcomes(400, rng))
    assert alarms <= 2, "a thousandth of 100 is none; two would come by chance once in 200 runs"


@pytest.mark.parametrize("offset", [1.5, -1.5])
def test_one_that_is_off_is_found(offset):
    test = CalibrationTest()
    for p, y in outcomes(400, np.random.default_rng(2), offset):
        test.add(p, not_depressed=bool(y))
    assert test.alarmed


def test_asking_the_high_bands_alone_does_not_make_a_false_alarm():
    rng, alarms = np.random.default_rng(3), 0
    for _ in range(100):
        test = CalibrationTest()
        for p, y in outcomes(800, rng):
            if p < 0.4:
                test.add(p, not_depressed=bool(y))
        alarms += test.alarmed
    assert alarms <= 2


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_what_is_no_probability_is_refused(p):
    with pytest.raises(CountsUnusable):
        CalibrationTest().add(p, not_depressed=True)


P_OF_BINS = (0.97, 0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1, 0.03)


def test_estimates_are_right_where_calibration_holds():
    rng = np.random.default_rng(4)
    bins = rng.integers(0, 10, 200_000)
    p = np.array(P_OF_BINS)[bins]
    well = rng.random(len(bins)) < p
    found = estimate(np.bincount(bins, minlength=10), P_OF_BINS, photos_quiet=True, answers_quiet=True)
    assert found.accuracy == pytest.approx(np.mean((p >= 0.5) == well), abs=0.005)
    assert found.sensitivity == pytest.approx(np.mean(p[~well] < 0.5), abs=0.005)
    assert found.prevalence == pytest.approx(np.mean(~well), abs=0.005)
    assert found.valid


@pytest.mark.parametrize("quiet", [(True, False), (False, True), (False, False)])
def test_no_estimate_is_valid_while_something_changes(quiet):
    assert not estimate([100] * 10, P_OF_BINS, photos_quiet=quiet[0], answers_quiet=quiet[1]).valid


def test_few_photos_make_no_valid_estimate():
    assert not estimate([10] * 10, P_OF_BINS, photos_quiet=True, answers_quiet=True).valid


@pytest.mark.parametrize(
    ("counts", "p"), [([0] * 10, P_OF_BINS), ([1] * 9, P_OF_BINS), ([-1] + [1] * 9, P_OF_BINS), ([1, 1], (1.2, 0.1))]
)
def test_what_cannot_be_estimated_from_is_refused(counts, p):
    with pytest.raises(CountsUnusable):
        estimate(counts, p, photos_quiet=True, answers_quiet=True)
