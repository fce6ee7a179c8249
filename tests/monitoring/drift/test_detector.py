"""The detector: the same for any division among replicas, silent without change, quick with one, and resumed where it was."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.drift.alternatives import log_ratios, tilted_shares
from monitoring.drift.budget import log_alarm_height
from monitoring.drift.detector import Detector, combined, log_mean_exp, loudest
from monitoring.drift.errors import BudgetUnusable, CountsUnusable, ReferenceUnusable
from monitoring.drift.reference import LEAST_PHOTOS, Reference

COUNTS = (272, 291, 219, 177, 160, 165, 184, 220, 255, 168)
"""Of 2,111 photos: a spread-out score."""
MIDDLES = tuple((number + 0.5) / 10 for number in range(10))


@pytest.fixture
def reference():
    return Reference.from_counts(COUNTS, MIDDLES)


def draw(shares, photos, rng):
    return rng.multinomial(photos, shares)


def tilted(reference, by):
    shares = reference.shares * np.exp(by * reference.positions)
    return shares / shares.sum()


@given(
    counts=st.lists(st.lists(st.integers(0, 60), min_size=10, max_size=10), min_size=1, max_size=20),
    replicas=st.integers(1, 16),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=50, deadline=None)
def test_the_statistic_is_the_same_however_photos_are_divided_among_replicas(counts, replicas, seed):
    reference = Reference.from_counts(COUNTS, MIDDLES)
    rng = np.random.default_rng(seed)
    one, merged = Detector(reference), Detector(reference)
    for update in counts:
        parts = np.zeros((replicas, len(update)), np.int64)
        for place, count in enumerate(update):
            parts[:, place] = rng.multinomial(count, np.full(replicas, 1 / replicas))
        assert merged.update(parts[rng.permutation(replicas)].sum(axis=0)) == pytest.approx(
            one.update(update), abs=1e-9
        )


def test_without_a_change_alarms_come_no_more_often_than_the_budget_says(reference):
    """4,000 updates at A = 50 could give 80; the guard and the mixture leave far fewer."""
    rng, detector, alarms = np.random.default_rng(5), Detector(reference), 0
    for _ in range(4_000):
        if detector.update(draw(reference.shares, 50, rng)) >= math.log(50):
            alarms += 1
            detector.restart()
    assert alarms <= 80


@pytest.mark.parametrize("by", [2.0, -2.0])
def test_a_shift_is_seen_soon_in_either_direction(reference, by):
    rng, detector = np.random.default_rng(6), Detector(reference)
    for _ in range(100):
        detector.update(draw(reference.shares, 50, rng))
    shifted = tilted(reference, by)
    updates = next(n for n in range(1, 50) if detector.update(draw(shifted, 50, rng)) >= math.log(200))
    assert updates <= 10


def test_a_change_of_spread_alone_is_seen(reference):
    """The mean stays; a detector of the mean would never see it."""
    middle = float((reference.shares * reference.positions).sum())
    narrow = reference.shares * np.exp(-6.0 * (reference.positions - middle) ** 2)
    narrow /= narrow.sum()
    rng, detector = np.random.default_rng(7), Detector(reference)
    assert any(detector.update(draw(narrow, 50, rng)) >= math.log(200) for _ in range(20))


def test_photos_of_one_person_that_share_a_weight_do_not_alarm(reference):
    """Three times the same photo, each with a third of the weight, is one photo; with full weights it is an alarm."""
    rng = np.random.default_rng(8)
    weighted, plain = Detector(reference), Detector(reference)
    highest = {"weighted": -np.inf, "plain": -np.inf}
    for _ in range(600):
        people = draw(reference.shares, 17, rng)
        highest["weighted"] = max(highest["weighted"], weighted.update(3 * people * (1 / 3)))
        highest["plain"] = max(highest["plain"], plain.update(3 * people))
    assert highest["weighted"] < math.log(600)
    assert highest["plain"] > math.log(600)


def test_it_goes_on_where_it_was_kept(reference):
    rng = np.random.default_rng(9)
    batches = [draw(reference.shares, 50, rng) for _ in range(10)]
    whole, first = Detector(reference), Detector(reference)
    for batch in batches:
        whole.update(batch)
    for batch in batches[:4]:
        first.update(batch)
    kept = json.loads(json.dumps(first.state()))
    again = Detector.resumed(reference, kept["log_statistics"], kept["updates"])
    for batch in batches[4:]:
        again.update(batch)
    assert again.log_mean == whole.log_mean
    assert again.updates == whole.updates


@pytest.mark.parametrize("kept", [[0.0], [math.nan] * 12])
def test_a_state_of_another_detector_is_not_taken(reference, kept):
    with pytest.raises(CountsUnusable):
        Detector.resumed(reference, kept, 3)


@pytest.mark.parametrize(
    "counts",
    [[1] * 9, [1] * 11, [-1] + [1] * 9, [math.nan] + [1] * 9, [math.inf] + [1] * 9],
)
def test_counts_that_no_photos_give_change_nothing(reference, counts):
    detector = Detector(reference)
    detector.update([1] * 10)
    before = detector.log_statistics.copy()
    with pytest.raises(CountsUnusable):
        detector.update(counts)
    np.testing.assert_array_equal(detector.log_statistics, before)
    assert detector.updates == 1


def test_an_update_without_photos_is_an_update(reference):
    """It adds no evidence; the statistic still grows by one for each, as its bound counts them."""
    detector = Detector(reference)
    for number in range(1, 6):
        assert math.exp(detector.update([0] * 10)) == pytest.approx(number)


def test_thousands_of_strange_photos_do_not_overflow(reference):
    detector = Detector(reference)
    for _ in range(200):
        detector.update([0] * 9 + [100_000])
    assert math.isfinite(detector.log_mean)


def test_the_mean_over_signals_is_one_alarm(reference):
    other = Reference.from_counts([100] * 5)
    detectors = {"severity": Detector(reference), "luminance": Detector(other)}
    detectors["severity"].update([5] * 10)
    detectors["luminance"].update([50, 0, 0, 0, 0])
    logs = np.array([detectors[name].log_mean for name in detectors])
    assert combined(detectors) == pytest.approx(math.log(np.exp(logs).mean()))
    assert loudest(detectors) == "luminance"
    assert combined({"severity": Detector(reference)}) == -np.inf


def test_the_alternatives_are_distributions_and_none_is_the_reference(reference):
    rows = tilted_shares(reference)
    assert rows.shape == (12, 10)
    np.testing.assert_allclose(rows.sum(axis=1), 1.0)
    assert (np.abs(rows - reference.shares).max(axis=1) > 0.005).all()


def test_under_the_reference_one_photo_is_worth_at_most_one(reference):
    """The expectation of the likelihood ratio: 1 without the guard, below it with; so the bound on false alarms holds."""
    plain = (reference.shares * np.exp(log_ratios(reference, guard=0.0))).sum(axis=1)
    np.testing.assert_allclose(plain, 1.0)
    assert ((reference.shares * np.exp(log_ratios(reference))).sum(axis=1) < 1.0).all()


@pytest.mark.parametrize(
    ("counts", "positions"),
    [
        ([500], None),
        ([LEAST_PHOTOS - 1, 0], None),
        ([-1, 500], None),
        ([200, 300], [1.0, 1.0]),
        ([200, 300], [1.0]),
        ([math.nan, 300], None),
    ],
)
def test_a_reference_that_cannot_be_compared_with_is_refused(counts, positions):
    with pytest.raises((ReferenceUnusable, ValueError)):
        Reference.from_counts(counts, positions)


def test_the_height_follows_from_traffic_and_budget():
    assert math.exp(log_alarm_height(2_000, 90, 50)) == pytest.approx(3_600)
    assert log_alarm_height(50, 90, 50) == pytest.approx(math.log(90))


@pytest.mark.parametrize("budget", [(0, 90, 50), (2_000, 0, 50), (2_000, 90, math.nan), (1, 1, 50)])
def test_a_budget_that_no_traffic_keeps_is_refused(budget):
    with pytest.raises(BudgetUnusable):
        log_alarm_height(*budget)


def test_log_mean_exp_is_what_it_says():
    assert log_mean_exp(np.log(np.array([1.0, 3.0]))) == pytest.approx(math.log(2.0))
    assert log_mean_exp(np.array([-np.inf, -np.inf])) == -np.inf
    assert log_mean_exp(np.array([1000.0, 1000.0])) == pytest.approx(1000.0)
