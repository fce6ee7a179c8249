"""The gates of the drift test plan, each test named after its gate; streams and seeds are not those of the benchmark.

Elsewhere: (iv) `test_detector.test_the_statistic_is_the_same_however_photos_are_divided_among_replicas`, (v)
`test_distances.test_psi_without_a_change_is_what_theory_says`, (vi) `rules/test_drift_rules.test_promql_is_numpy_to_a_thousandth`, (vii)
`python -m tests.bench.drift.cost`, (viii) `controller/test_null_behaviour`, (ix) `test_detector.test_counts_that_no_photos_give_change_nothing`
and the gateway's `symmetra_non_finite_observations_total`.
"""

import math

import numpy as np
import pytest

from monitoring.drift.alternatives import log_ratios
from monitoring.drift.outlook import Situation, days_until_alarm
from monitoring.drift.reference import Reference
from tests.bench.drift.streams import NOTHING, SHIFTS, count_bins, draw_severities

BATCH, PHOTOS, REFERENCE_PHOTOS = 50, 50_000, 2_111
STREAMS = 300
SEED = 90_210


def shares_of(shift):
    counts = count_bins(draw_severities(1_000_000, shift, np.random.default_rng(5)))
    return counts / counts.sum()


@pytest.fixture(scope="module")
def reference():
    """The true shares, worth as many photos as a profile; each stream draws its own reference from it."""
    return Reference(np.arange(10.0), shares_of(NOTHING), REFERENCE_PHOTOS)


def photos_until_alarm(reference, shares, height, photos, seed):
    updates = photos // BATCH
    per_day = updates / 90  # so that the longest stream is as long as asked
    situation = Situation(BATCH * per_day, per_day, math.log(height))
    days, _ = days_until_alarm(reference, shares, situation, streams=STREAMS, seed=(SEED, seed))
    return days * per_day * BATCH


@pytest.mark.parametrize(("height", "most"), [(200, 0.25), (1_000, 0.08)])
def test_gate_i_false_alarms_in_50_000_independent_photos(reference, height, most):
    found = photos_until_alarm(reference, reference.shares, height, PHOTOS, 1)
    assert np.isfinite(found).mean() <= most


def test_gate_ii_three_photos_of_each_person_with_a_weight(reference):
    """A second and third photo fall into the bin of the first nine times of ten, into any otherwise."""
    rng, streams, people = np.random.default_rng((SEED, 2)), 100, 17
    alarms = {weight: np.full(streams, -np.inf) for weight in (1 / 3, 1.0)}
    ratios = np.array([
        log_ratios(Reference.from_counts(rng.multinomial(REFERENCE_PHOTOS, reference.shares).tolist()))
        for _ in range(streams)
    ])  # fmt: skip
    statistics = {weight: np.full(ratios.shape[:2], -np.inf) for weight in alarms}
    cumulated = np.cumsum(reference.shares)
    for _ in range(PHOTOS // (3 * people)):
        bins = np.searchsorted(cumulated, rng.random((streams, people, 3)).clip(max=1 - 1e-12))
        same = rng.random((streams, people, 3)) < 0.9
        bins = np.where(same, bins[:, :, :1], bins).reshape(streams, -1)
        counts = np.zeros((streams, 10))
        np.add.at(counts, (np.arange(streams)[:, None], bins), 1.0)
        evidence = np.einsum("skb,sb->sk", ratios, counts)
        for weight, highest in alarms.items():
            statistics[weight] = np.logaddexp(0.0, statistics[weight]) + weight * evidence
            np.maximum(highest, np.logaddexp.reduce(statistics[weight], axis=1) - math.log(12), out=highest)
    assert np.mean(alarms[1 / 3] >= math.log(200)) <= 0.30
    assert np.mean(alarms[1.0] >= math.log(200)) >= 0.9, "without the weight it is an alarm"


@pytest.mark.parametrize(
    ("shift", "most"),
    [("camera", 200), ("blur", 200), ("prevalence 20 %", 200), ("prevalence 65 %", 600), ("dark", 600)],
)
def test_gate_iii_median_delay(reference, shift, most):
    found = photos_until_alarm(reference, shares_of(SHIFTS[shift]), 200, 10_000, 3)
    assert np.median(found) <= most


def test_gate_iii_power_where_a_third_of_the_photos_changes(reference):
    found = photos_until_alarm(reference, shares_of(SHIFTS["30 % of photos"]), 200, 10_000, 4)
    assert np.isfinite(found).mean() >= 0.85
