"""Distances and their thresholds, held against SciPy and against theory."""

import math

import numpy as np
import pytest
from scipy import stats

from monitoring.drift.distances import (
    chi_square_quantile,
    chi_square_tail,
    jensen_shannon,
    population_stability_index,
    psi_threshold,
    smoothed_shares,
    wasserstein,
)
from monitoring.drift.errors import CountsUnusable
from monitoring.drift.reference import Reference

SHARES = np.array([0.129, 0.138, 0.104, 0.084, 0.076, 0.078, 0.087, 0.104, 0.121, 0.079])


def psis(photos, streams=4_000, reference_photos=2_111):
    """PSI of so many photos against references drawn anew, without any change."""
    rng = np.random.default_rng(photos)
    for _ in range(streams):
        reference = Reference.from_counts(rng.multinomial(reference_photos, SHARES).tolist())
        yield population_stability_index(rng.multinomial(photos, SHARES), reference), reference


@pytest.mark.parametrize("photos", [200, 500, 5_000])
def test_psi_without_a_change_is_what_theory_says(photos):
    found = np.array([psi for psi, _ in psis(photos)])
    assert found.mean() / (9 * (1 / photos + 1 / 2_111)) == pytest.approx(1.0, abs=0.1)


def test_psi_exceeds_its_threshold_as_often_as_asked():
    over = np.mean([psi > psi_threshold(500, reference, chance=0.05) for psi, reference in psis(500)])
    assert over == pytest.approx(0.05, abs=0.015)


def test_the_sum_of_replicas_is_compared_and_not_each():
    """500 photos over eight replicas: each alone looks far away, their sum does not (drift.md, 4a)."""
    rng = np.random.default_rng(3)
    reference = Reference.from_counts(rng.multinomial(2_111, SHARES).tolist())
    parts = rng.multinomial(62, SHARES, size=8)
    alone = np.mean([population_stability_index(part, reference) for part in parts])
    assert alone > 3 * population_stability_index(parts.sum(axis=0), reference)


@pytest.mark.parametrize("degrees", range(1, 13))
def test_chi_square_is_scipys(degrees):
    for value in (0.0, 0.1, 1.0, 10.0, 30.0, 80.0):
        assert chi_square_tail(value, degrees) == pytest.approx(stats.chi2.sf(value, degrees), rel=1e-9, abs=1e-300)
    for probability in (0.5, 0.95, 0.999):
        assert chi_square_quantile(probability, degrees) == pytest.approx(
            stats.chi2.ppf(probability, degrees), abs=1e-6
        )


def test_the_others_are_what_their_names_say():
    reference = Reference.from_counts([100, 200, 300, 400], [0.0, 1.0, 2.0, 4.0])
    counts = [400, 300, 200, 100]
    q = smoothed_shares(counts)
    middle = (q + reference.shares) / 2
    assert jensen_shannon(counts, reference) == pytest.approx(
        (stats.entropy(q, middle) + stats.entropy(reference.shares, middle)) / 2
    )
    assert wasserstein(counts, reference) == pytest.approx(
        stats.wasserstein_distance(reference.positions, reference.positions, q, reference.shares)
    )
    assert population_stability_index(counts, reference) == pytest.approx(
        stats.entropy(q, reference.shares) + stats.entropy(reference.shares, q)
    )


def test_equal_shares_are_not_apart():
    reference = Reference.from_counts([1_000] * 4)
    for distance in (population_stability_index, jensen_shannon, wasserstein):
        assert distance([1_000] * 4, reference) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("counts", [[-1, 2], [math.nan, 2]])
def test_counts_that_no_photos_give_are_refused(counts):
    with pytest.raises(CountsUnusable):
        smoothed_shares(counts)
