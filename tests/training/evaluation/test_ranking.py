import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from tests.support.training_answers import noisy_answers
from training.evaluation.ranking import SPECIFICITIES, auroc, auroc_interval, ranking_statistic

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=2, max_size=40)


def figures(depressed, p, weights=None):
    times = np.ones((1, len(p))) if weights is None else np.array([weights], float)
    return {name: values[0] for name, values in ranking_statistic(depressed, p)(times).items()}


@given(ROWS)
def test_areas_agree_with_scikit_learn_also_where_scores_tie(rows):
    depressed, p = np.array([row[0] for row in rows]), np.array([row[1] / 10 for row in rows])
    found = figures(depressed, p)
    if depressed.any() and not depressed.all():
        assert found["auroc"] == pytest.approx(metrics.roc_auc_score(depressed, 1 - p))
        assert found["auroc"] == pytest.approx(auroc(depressed, 1 - p))
        assert found["auprc"] == pytest.approx(metrics.average_precision_score(depressed, 1 - p))
    else:
        assert math.isnan(found["auroc"])


@given(ROWS)
def test_sensitivity_at_a_specificity_is_the_best_point_of_scikit_learns_curve(rows):
    depressed, p = np.array([row[0] for row in rows]), np.array([row[1] / 10 for row in rows])
    if not depressed.any() or depressed.all():
        return
    false_alarms, hits, _ = metrics.roc_curve(depressed, 1 - p, drop_intermediate=False)
    found = figures(depressed, p)
    for place, specificity in enumerate(SPECIFICITIES):
        assert found["sensitivity"][place] == pytest.approx(hits[1 - false_alarms >= specificity - 1e-9].max())
        assert found["reached"][place] >= specificity - 1e-9


def test_threshold_of_a_specificity_gives_that_sensitivity_and_specificity():
    answers = noisy_answers(2.0, 1000)
    found = figures(answers.depressed, answers.p)
    for place, specificity in enumerate(SPECIFICITIES):
        called = answers.p.astype(float) <= found["p_below"][place] + 1e-12
        assert called[answers.depressed].mean() == pytest.approx(found["sensitivity"][place])
        assert 1 - called[~answers.depressed].mean() == pytest.approx(found["reached"][place])
        assert specificity <= found["reached"][place] < specificity + 0.01


def test_where_no_threshold_is_specific_enough_nobody_is_called():
    found = figures([True, False], np.array([0.9, 0.1]))
    assert found["sensitivity"].tolist() == [0.0, 0.0]
    assert found["reached"].tolist() == [1.0, 1.0]


def test_the_smallest_probabilities_still_have_an_order():
    p, depressed = np.array([1e-30, 1e-20, 1e-25, 0.5], np.float32), [1, 0, 1, 0]
    assert ranking_statistic(depressed, p)(np.ones((1, 4)))["auroc"][0] == 1.0


def test_weights_count_a_photo_several_times():
    depressed, p = np.array([1, 0, 0, 1]), np.array([0.4, 0.3, 0.9, 0.5])
    weighted = figures(depressed, p, [1, 2, 1, 0])
    repeated = figures(depressed[[0, 1, 1, 2]], p[[0, 1, 1, 2]])
    assert {name: weighted[name] for name in ("auroc", "auprc")} == {
        name: repeated[name] for name in ("auroc", "auprc")
    }


def test_interval_holds_the_area():
    answers = noisy_answers(1.0)
    low, high = auroc_interval(answers.subjects, answers.depressed, answers.p)
    assert low < auroc(answers.depressed, 1 - answers.p) < high
    assert 0.05 < high - low < 0.25
