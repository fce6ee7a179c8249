"""Class report, decision curve, risk-coverage, mirrored bands, curves, and the comparison of splits."""

import dataclasses

import numpy as np
import pytest
from sklearn import metrics

from tests.support.training_answers import jittered_answers, noisy_answers
from training.evaluation.answers import Answers
from training.evaluation.band_rule import bands_of
from training.evaluation.bootstrap import bootstrap
from training.evaluation.class_report import class_report, class_report_statistic
from training.evaluation.curves import trace_curves
from training.evaluation.decision_curve import THRESHOLDS, decision_statistic
from training.evaluation.mirrored import mirrored_section, mirrored_statistic
from training.evaluation.risk_coverage import BY_EDGE, BY_JITTER, COVERAGES, risk_coverage_statistic, risk_of
from training.evaluation.split_exchange import compare_splits

ONE = np.ones((1, 200))


def simple_answers(depressed, p, p_jittered=None):
    p = np.asarray(p, np.float32)
    subjects = tuple(str(number) for number in range(len(p)))
    return Answers(np.asarray(depressed, bool), subjects, p, p, p_jittered=p_jittered)


def test_class_report_is_scikit_learns():
    answers = noisy_answers(1.0)
    found = bootstrap(answers.subjects, {"": class_report_statistic(answers.depressed, answers.p)}, resamples=20)[""]
    report = class_report(found, answers.depressed)
    expected = metrics.classification_report(answers.depressed, answers.p < 0.5, output_dict=True)
    names = {
        "not_depressed": "False",
        "depressed": "True",
        "macro_average": "macro avg",
        "weighted_average": "weighted avg",
    }
    for row, name in names.items():
        assert report[row]["precision"]["value"] == pytest.approx(expected[name]["precision"])
        assert report[row]["recall"]["value"] == pytest.approx(expected[name]["recall"])
        assert report[row]["f1"]["value"] == pytest.approx(expected[name]["f1-score"])
        assert report[row]["support"] == expected[name]["support"]


def test_net_benefit_is_the_textbooks_and_acting_on_everybody_costs_the_false_alarms():
    answers = noisy_answers(1.5)
    found = {name: values[0] for name, values in decision_statistic(answers.depressed, answers.p)(ONE).items()}
    prevalence = answers.depressed.mean()
    for place, threshold in enumerate(THRESHOLDS):
        acted = 1 - answers.p.astype(float) > threshold
        hits, false_alarms = (acted & answers.depressed).sum() / 200, (acted & ~answers.depressed).sum() / 200
        price = threshold / (1 - threshold)
        assert found["model"][place] == pytest.approx(hits - false_alarms * price)
        assert found["everybody"][place] == pytest.approx(prevalence - (1 - prevalence) * price)
    assert found["gain"][-1] == pytest.approx(found["model"][-1] - max(found["everybody"][-1], 0.0))
    assert (THRESHOLDS[0], THRESHOLDS[-1]) == (0.05, 0.5)


def test_risk_falls_when_the_restless_photos_are_the_wrong_ones_and_the_area_is_exact():
    # Eight right and steady, two wrong and restless: error 0.2 at full coverage, 0 up to 0.8.
    p = np.array([0.9] * 8 + [0.9] * 2)
    copies = np.stack([p, np.where(np.arange(10) < 8, p - 0.01, p - 0.2)], axis=1)
    answers = simple_answers([0] * 8 + [1] * 2, p, copies)
    found = risk_coverage_statistic(answers, np.zeros(10, bool))(np.ones((1, 10)))
    errors = dict(zip(COVERAGES, found["error"][0].tolist(), strict=True))
    assert errors[1.0] == pytest.approx(0.2)
    assert errors[0.9] == pytest.approx(0.1 / 0.9)
    assert errors[0.8] == pytest.approx(0.0)
    assert found["aurc"][0] == pytest.approx(0.2 * 0.2)


def test_photos_of_equal_unrest_are_kept_in_equal_parts_whatever_their_order():
    p = np.array([0.9, 0.9, 0.1, 0.1])
    answers = simple_answers([1, 0, 1, 0], p, np.stack([p, p], axis=1))
    found = risk_coverage_statistic(answers, np.zeros(4, bool))(np.ones((1, 4)))
    np.testing.assert_allclose(found["error"], 0.5)
    assert found["aurc"][0] == pytest.approx(0.5)


def test_weighted_risk_is_that_of_repeated_photos():
    answers = jittered_answers(1.0, photos=40)
    mild = bands_of(answers.p) == 1
    times = np.random.default_rng(0).integers(0, 3, 40)
    places = np.repeat(np.arange(40), times)
    repeated = simple_answers(answers.depressed[places], answers.p[places], answers.p_jittered[places])
    weighted = risk_coverage_statistic(answers, mild)(times[None].astype(float))
    found = risk_coverage_statistic(repeated, mild[places])(np.ones((1, len(places))))
    for name, values in weighted.items():
        np.testing.assert_allclose(values, found[name])


def test_without_jitter_photos_are_kept_by_their_distance_to_a_band_edge_never_by_confidence():
    answers = simple_answers([0, 0, 0], [0.69, 0.55, 0.99])
    name, risk = risk_of(answers)
    assert name == BY_EDGE
    assert np.argsort(risk).tolist() == [2, 1, 0]  # the middle of the mild band is kept before its edge
    assert risk_of(jittered_answers(1.0))[0] == BY_JITTER


def test_mirrored_bands_are_counted_with_those_that_jump_over_one():
    p = np.array([0.9, 0.9, 0.5, 0.1], np.float32)
    other = np.array([0.2, 0.6, 0.5, 0.1], np.float32)
    bands, bands_mirrored = bands_of(p), bands_of(other)
    found = bootstrap(list("abcd"), {"": mirrored_statistic(bands, bands_mirrored)}, resamples=20)[""]
    section = mirrored_section(found, bands, bands_mirrored, p, other)
    assert (section["band_flips"], section["flips_over_two_bands"]) == (2, 1)
    assert section["band_flip_share"]["value"] == 0.5
    assert section["largest_p_difference"] == pytest.approx(0.7)


def test_curves_and_histogram_hold_every_photo():
    answers = noisy_answers(2.0)
    found = trace_curves(answers.depressed, answers.p)
    last = found["points"][-1]
    assert (last["sensitivity"], last["false_positive_rate"], last["precision"]) == (1.0, 1.0, 0.5)
    middle = found["points"][50]
    called = answers.p <= np.float32(middle["p_below"])
    assert middle["sensitivity"] == pytest.approx(called[answers.depressed].mean())
    histogram = found["severity_histogram"]
    assert sum(histogram["depressed"]) == sum(histogram["not_depressed"]) == 100
    edges = trace_curves(np.array([True, True, False]), np.array([0.7, 0.4, 1.0], np.float32))["severity_histogram"]
    assert edges["depressed"][5] == edges["depressed"][11] == 1  # the band edge belongs to the lower band
    assert edges["not_depressed"][0] == 1
    assert {300_000, 600_000} <= set(edges["edges_ppm"])


def test_splits_drawn_alike_are_exchangeable_and_a_leaked_test_split_is_not():
    validation = noisy_answers(1.5, 600, seed=1)
    assert compare_splits(noisy_answers(1.5, 600, seed=2), validation)["exchangeable"] is True
    leaked = compare_splits(noisy_answers(3.5, 600, seed=2), validation)
    assert leaked["exchangeable"] is False
    assert leaked["standard_errors"] > 3.0
    assert leaked["difference"] == pytest.approx(
        leaked["accuracy_test"]["value"] - leaked["accuracy_validation"]["value"]
    )


def test_ten_copies_of_each_photo_make_no_difference_more_certain():
    answers = noisy_answers(1.5, 300, seed=1)
    places = np.repeat(np.arange(300), 10)
    copied = dataclasses.replace(
        answers,
        depressed=answers.depressed[places],
        subjects=tuple(answers.subjects[place] for place in places),
        p=answers.p[places],
        p_mirrored=answers.p[places],
    )
    as_if_strangers = dataclasses.replace(copied, subjects=tuple(str(number) for number in range(3000)))
    once, ten, strangers = (compare_splits(one, one)["standard_error"] for one in (answers, copied, as_if_strangers))
    assert ten == pytest.approx(once)
    assert strangers < 0.5 * once
