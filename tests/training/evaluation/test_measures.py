import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from training.evaluation.measures import auroc, bootstrap_intervals, confusion, rates, share_of_bayes

PAPER = {"tp": 898, "fp": 101, "fn": 182, "tn": 930}


def test_the_papers_figures_come_out_of_its_confusion_matrix():
    found = {name: float(value) for name, value in rates(**PAPER).items()}
    assert found == pytest.approx(
        {
            "accuracy": 0.8659403126,
            "precision": 0.8988988989,
            "recall": 0.8314814815,
            "specificity": 0.9020368574,
            "f1": 0.8638768639,
        },
        abs=1e-9,
    )


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=2, max_size=40))
def test_figures_agree_with_scikit_learn(rows):
    depressed, p = np.array([row[0] for row in rows]), np.array([row[1] / 10 for row in rows])
    counts = confusion(depressed, p)
    assert [[counts.tn, counts.fp], [counts.fn, counts.tp]] == metrics.confusion_matrix(
        depressed, p < 0.5, labels=[False, True]
    ).tolist()
    if depressed.any() and not depressed.all():
        assert auroc(depressed, 1 - p) == pytest.approx(metrics.roc_auc_score(depressed, 1 - p))
    else:
        assert math.isnan(auroc(depressed, 1 - p))


def test_rate_without_cases_is_undefined():
    assert math.isnan(rates(tp=0, fp=0, fn=3, tn=4)["precision"])


def test_weights_count_a_photo_several_times():
    depressed, score = [1, 0, 0], [0.6, 0.7, 0.1]
    repeated = auroc([1, 0, 0, 0], [0.6, 0.7, 0.7, 0.1])
    assert auroc(depressed, score, weights=[1, 2, 1]) == pytest.approx(repeated)


def test_intervals_resample_subjects_so_copies_of_a_photo_do_not_narrow_them():
    rng = np.random.default_rng(1)
    depressed = rng.random(80) < 0.5
    p = np.where(rng.random(80) < 0.8, 1.0 - depressed, depressed).astype(float)
    once = bootstrap_intervals([str(n) for n in range(80)], depressed, p)
    copied = bootstrap_intervals(np.repeat([str(n) for n in range(80)], 5), np.repeat(depressed, 5), np.repeat(p, 5))
    assert copied["accuracy"] == pytest.approx(once["accuracy"])
    as_if_independent = bootstrap_intervals([str(n) for n in range(400)], np.repeat(depressed, 5), np.repeat(p, 5))
    width = once["accuracy"][1] - once["accuracy"][0]
    assert as_if_independent["accuracy"][1] - as_if_independent["accuracy"][0] < 0.6 * width


def test_interval_of_the_accuracy_is_near_the_normal_one_for_independent_photos():
    depressed = np.arange(1000) % 2 == 0
    p = np.where(np.arange(1000) % 10 == 0, depressed, ~depressed).astype(float)
    low, high = bootstrap_intervals([str(n) for n in range(1000)], depressed, p)["accuracy"]
    half = 1.96 * math.sqrt(0.9 * 0.1 / 1000)
    assert (low, high) == pytest.approx((0.9 - half, 0.9 + half), abs=0.004)


def test_share_of_bayes_is_zero_for_a_coin_and_one_for_the_best_reader():
    assert share_of_bayes(0.5, 0.88) == 0.0
    assert share_of_bayes(0.88, 0.88) == 1.0
