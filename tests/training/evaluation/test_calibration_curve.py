import dataclasses
import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss

from training.evaluation.bootstrap import bootstrap
from training.evaluation.calibration_curve import (
    BINS,
    calibrated_ece,
    calibration_section,
    calibration_statistic,
    equal_mass_bins,
    expected_calibration_error,
    logits_of,
    recalibration,
)


@dataclasses.dataclass
class Sample:
    p: np.ndarray
    depressed: np.ndarray
    subjects: tuple


def calibrated_sample(photos=4000, steepness=1.0, shift=0.0, seed=0):
    """p, and labels that come true as sigmoid(shift + steepness * logit p) says: 1 and 0 is a calibrated score."""
    rng = np.random.default_rng(seed)
    p = rng.beta(1.2, 1.0, photos)
    truth = 1 / (1 + np.exp(-(shift + steepness * logits_of(p))))
    return Sample(p, rng.random(photos) >= truth, tuple(str(number) for number in range(photos)))


def figures(sample):
    found = calibration_statistic(sample.depressed, sample.p)(np.ones((1, len(sample.p))))
    return {name: values[0] for name, values in found.items()}


def test_calibrated_score_has_slope_one_and_intercept_zero():
    found = figures(calibrated_sample())
    assert found["slope"] == pytest.approx(1.0, abs=0.08)
    assert found["intercept"] == pytest.approx(0.0, abs=0.08)
    assert found["mean_error"] == pytest.approx(0.0, abs=0.015)


def test_overconfident_score_has_a_slope_below_one_and_a_shifted_one_an_intercept():
    assert figures(calibrated_sample(steepness=0.5))["slope"] == pytest.approx(0.5, abs=0.05)
    assert figures(calibrated_sample(shift=0.8))["intercept"] == pytest.approx(0.8, abs=0.1)


def test_recalibration_is_scikit_learns_logistic_regression_without_penalty_also_weighted():
    sample = calibrated_sample(300, steepness=0.7)
    logit, target = logits_of(sample.p), (~sample.depressed).astype(float)
    weights = np.random.default_rng(1).integers(0, 4, (2, 300)).astype(float)
    slopes, intercepts = recalibration(weights, logit, target)
    for row, slope, intercept in zip(weights, slopes, intercepts, strict=True):
        fitted = LogisticRegression(C=np.inf, tol=1e-10).fit(logit[:, None], target, sample_weight=row)
        assert (slope, intercept) == pytest.approx((fitted.coef_[0, 0], fitted.intercept_[0]), rel=1e-4, abs=1e-5)


def test_recalibration_without_a_best_slope_is_undefined_and_spoils_no_other_resample():
    logit = np.array([-2.0, -1.0, 1.0, 2.0, 0.5])
    target = np.array([0.0, 0.0, 1.0, 1.0, 0.0])
    slopes, _ = recalibration(np.array([[1.0, 1, 1, 1, 0], [1, 1, 1, 1, 3], [1, 1, 0, 0, 1]]), logit, target)
    assert math.isnan(slopes[0])
    assert math.isnan(slopes[2])
    mixed = calibrated_sample(50)
    both = np.stack([np.ones(50), (~mixed.depressed).astype(float)])
    slopes, _ = recalibration(both, logits_of(mixed.p), (~mixed.depressed).astype(float))
    assert math.isfinite(slopes[0])
    assert math.isnan(slopes[1])


def test_brier_and_log_loss_agree_with_scikit_learn():
    sample = calibrated_sample(500)
    found = figures(sample)
    assert found["brier"] == pytest.approx(brier_score_loss(~sample.depressed, sample.p))
    assert found["nll"] == pytest.approx(log_loss(~sample.depressed, sample.p))


def test_bins_hold_equally_many_photos_and_equal_p_share_one():
    p = np.random.default_rng(0).random(1000)
    counts = np.bincount(equal_mass_bins(p), minlength=BINS)
    assert counts.max() - counts.min() <= 1
    np.testing.assert_array_equal(np.diff(np.sort(p)) >= 0, np.diff(equal_mass_bins(np.sort(p))) >= 0)
    assert len(set(equal_mass_bins(np.array([0.3] * 50 + [0.7] * 50)).tolist())) == 2


def test_error_is_the_mean_gap_of_the_bins_by_hand():
    p = np.repeat([0.2, 0.8], 10)
    depressed = np.concatenate([np.arange(10) < 5, np.arange(10) < 1])  # observed not depressed: 0.5 and 0.9
    assert expected_calibration_error(depressed, p, bins=2) == pytest.approx((0.3 + 0.1) / 2)
    assert expected_calibration_error(depressed[::-1], p[::-1], bins=2) == pytest.approx((0.3 + 0.1) / 2)


def test_calibrated_model_shows_about_the_error_that_is_stated_for_one_and_another_shows_more():
    sample = calibrated_sample(1500)
    mean, high = calibrated_ece(sample.subjects, sample.p)
    assert 0.01 < mean < high < 0.06
    assert expected_calibration_error(sample.depressed, sample.p) < high
    overconfident = calibrated_sample(1500, steepness=0.4)
    assert expected_calibration_error(overconfident.depressed, overconfident.p) > 2 * high


def test_photos_of_few_subjects_show_a_larger_error_by_chance():
    p = np.random.default_rng(0).random(1000)
    alone, shared = (calibrated_ece([str(number // photos) for number in range(1000)], p)[0] for photos in (1, 20))
    assert shared > 1.3 * alone


def test_section_lists_every_bin_with_its_photos():
    sample = calibrated_sample(600)
    found = bootstrap(sample.subjects, {"": calibration_statistic(sample.depressed, sample.p)}, resamples=50)[""]
    section = calibration_section(found, sample.subjects, sample.p)
    assert sum(row["photos"] for row in section["reliability"]) == 600
    means = [row["mean_p"] for row in section["reliability"]]
    assert means == sorted(means)
    low, high = section["slope"]["interval_95"]
    assert low < section["slope"]["value"] < high


def test_the_error_of_a_calibrated_model_is_the_same_in_chunks_that_memory_holds(monkeypatch):
    p = np.linspace(0.1, 0.9, 40)
    subjects = [f"s{number // 2}" for number in range(40)]
    at_once = calibrated_ece(subjects, p)
    monkeypatch.setattr("training.evaluation.calibration_curve.CHUNK_NUMBERS", 280)
    assert calibrated_ece(subjects, p) == pytest.approx(at_once, rel=1e-12)
