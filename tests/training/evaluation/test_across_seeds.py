"""Architectures over several seeds, on answers whose figures are known."""

import numpy as np
import pytest

from training.evaluation.across_seeds import pool_accuracy, pool_difference
from training.evaluation.answers import Answers


def answers_with(accuracy, seed, subjects=200):
    """Two photos per subject; a subject's photos are both right or both wrong."""
    rng = np.random.default_rng(seed)
    right = np.repeat(rng.random(subjects) < accuracy, 2)
    depressed = np.repeat(rng.random(subjects) < 0.5, 2)
    p = np.where(depressed == right, 0.2, 0.8).astype(np.float32)
    return Answers(depressed, tuple(f"s{number // 2}" for number in range(2 * subjects)), p, p)


def test_pooled_accuracy_is_that_of_all_answers_and_its_share_of_what_is_possible():
    runs = [answers_with(0.8, seed) for seed in range(3)]
    pooled = pool_accuracy(runs, bayes_accuracy=0.9)
    by_hand = np.mean([(answers.p < 0.5) == answers.depressed for answers in runs])
    low, high = pooled["accuracy"]["interval_95"]
    assert pooled["accuracy"]["value"] == pytest.approx(by_hand)
    assert low < by_hand < high
    assert pooled["share_of_bayes"]["value"] == pytest.approx((by_hand - 0.5) / 0.4)
    assert pooled["accuracy_sd_over_seeds"] == pytest.approx(np.std(pooled["accuracy_by_seed"], ddof=1))


def test_subject_of_several_seeds_counts_as_one_subject():
    same = answers_with(0.8, 0)
    once = pool_accuracy([same], 0.9)["accuracy"]["interval_95"]
    thrice = pool_accuracy([same, same, same], 0.9)["accuracy"]["interval_95"]
    assert thrice == pytest.approx(once)


def test_better_network_is_better_by_its_gain_over_the_common_seeds():
    good = {seed: answers_with(0.9, seed) for seed in (1, 2)}
    poor = {seed: Answers(a.depressed, a.subjects, 1 - a.p, 1 - a.p) for seed, a in good.items()}
    poor[3] = answers_with(0.5, 3)
    found = pool_difference(good, poor)
    assert found["seeds"] == [1, 2]
    assert found["accuracy_difference"]["value"] == pytest.approx(np.mean(found["by_seed"]))
    assert found["accuracy_difference"]["interval_95"][0] > 0.5


def test_equal_networks_differ_by_nothing():
    runs = {1: answers_with(0.8, 1)}
    assert pool_difference(runs, runs)["accuracy_difference"] == {"value": 0.0, "interval_95": [0.0, 0.0]}


def test_networks_without_a_common_seed_or_asked_about_other_photos_are_not_compared():
    one = {1: answers_with(0.8, 1)}
    other = {1: answers_with(0.8, 1, subjects=100)}
    for against in ({2: answers_with(0.8, 1)}, other):
        with pytest.raises(ValueError, match="same photos of the same seeds"):
            pool_difference(one, against)
