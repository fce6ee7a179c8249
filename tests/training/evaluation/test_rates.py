import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from training.evaluation.rates import (
    PREVALENCES,
    RATE_NAMES,
    confusion,
    predictive_values,
    rate_statistic,
    rates,
    share_of_bayes,
)

PAPER = {"tp": 898, "fp": 101, "fn": 182, "tn": 930}
COUNTS = st.integers(0, 40)


def test_the_papers_figures_come_out_of_its_confusion_matrix():
    found = {name: float(value) for name, value in rates(**PAPER).items()}
    stated = {"accuracy": 0.8659403126, "precision": 0.8988988989, "recall": 0.8314814815, "f1": 0.8638768639}
    assert {name: found[name] for name in stated} == pytest.approx(stated, abs=1e-9)
    implied = {"specificity": 0.9020, "balanced_accuracy": 0.8668, "mcc": 0.734, "kappa": 0.732}
    assert {name: found[name] for name in implied} == pytest.approx(implied, abs=5e-4)
    assert found["likelihood_ratio_positive"] == pytest.approx(8.49, abs=0.005)
    assert found["likelihood_ratio_negative"] == pytest.approx(0.187, abs=0.0005)


@pytest.mark.parametrize(("prevalence", "ppv", "npv"), [(0.05, 0.309, 0.990), (0.1, 0.485, 0.980), (0.2, 0.680, 0.955)])
def test_the_papers_predictive_values_fall_with_the_prevalence(prevalence, ppv, npv):
    found = predictive_values(898 / 1080, 930 / 1031, prevalence)
    assert [float(value) for value in found] == pytest.approx([ppv, npv], abs=5e-4)


def test_predictive_values_at_the_papers_own_prevalence_are_its_precision():
    ppv, npv = predictive_values(898 / 1080, 930 / 1031, 1080 / 2111)
    assert float(ppv) == pytest.approx(898 / 999)
    assert float(npv) == pytest.approx(930 / 1112)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_rates_of_counts_agree_with_scikit_learn(tp, fp, fn, tn):
    truth = [1] * (tp + fn) + [0] * (fp + tn)
    called = [1] * tp + [0] * fn + [1] * fp + [0] * tn
    found = rates(tp, fp, fn, tn)
    if tp + fn and fp + tn:
        assert float(found["balanced_accuracy"]) == pytest.approx(metrics.balanced_accuracy_score(truth, called))
        assert float(found["kappa"]) == pytest.approx(metrics.cohen_kappa_score(truth, called))
    if tp + fp and fn + tn and tp + fn and fp + tn:
        assert float(found["mcc"]) == pytest.approx(metrics.matthews_corrcoef(truth, called))
    else:
        assert math.isnan(found["mcc"])


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=2, max_size=40))
def test_confusion_agrees_with_scikit_learn(rows):
    depressed, p = np.array([row[0] for row in rows]), np.array([row[1] / 10 for row in rows])
    counts = confusion(depressed, p)
    assert [[counts.tn, counts.fp], [counts.fn, counts.tp]] == metrics.confusion_matrix(
        depressed, p < 0.5, labels=[False, True]
    ).tolist()


def test_rate_without_cases_is_undefined():
    assert math.isnan(rates(tp=0, fp=0, fn=3, tn=4)["precision"])


def test_weights_count_a_photo_several_times():
    depressed, p = np.array([1, 0, 0, 1]), np.array([0.1, 0.2, 0.9, 0.7])
    weighted = rate_statistic(depressed, p)(np.array([[1.0, 2.0, 1.0, 0.0]]))
    repeated = rate_statistic(depressed[[0, 1, 1, 2]], p[[0, 1, 1, 2]])(np.ones((1, 4)))
    for name in RATE_NAMES:
        np.testing.assert_array_equal(weighted[name], repeated[name])
    assert weighted["ppv"].shape == (1, len(PREVALENCES))


def test_share_of_bayes_is_zero_for_a_coin_and_one_for_the_best_reader():
    assert share_of_bayes(0.5, 0.88) == 0.0
    assert share_of_bayes(0.88, 0.88) == 1.0
