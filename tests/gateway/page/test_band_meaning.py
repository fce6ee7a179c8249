"""The arithmetic behind "about X to Y of 100": Wilson's interval, Bayes, and ends that never come out too narrow."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.band_meaning import Z_97_5, Interval, can_tell, depressed_among, depressed_in, wilson_interval
from serving.contract.band_counts import BandCounts
from serving.contract.severity import Band

COUNTS = BandCounts({"none": 12.0, "mild": 18.0, "high": 70.0}, {"none": 160.0, "mild": 30.0, "high": 10.0}, 100, 200)


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998) 857-872, Table I: score method without continuity correction.
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718),
    ],
)  # fmt: skip
def test_the_interval_is_wilsons_as_published(count, total, low, high):
    interval = wilson_interval(count, total)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


def test_the_miss_rate_is_the_share_of_the_depressed_in_the_lowest_band():
    assert depressed_in(Band.NONE, COUNTS) == wilson_interval(12, 100)


def test_bayes_without_doubt_is_the_figure_of_the_textbook():
    many = 10**9
    counts = BandCounts(
        {"none": 0.1 * many, "mild": 0.2 * many, "high": 0.7 * many},
        {"none": 0.8 * many, "mild": 0.15 * many, "high": 0.05 * many},
        many,
        many,
    )
    interval = depressed_among(Band.HIGH, counts, 0.1)
    assert interval.low == pytest.approx(0.07 / 0.115, abs=1e-3)
    assert interval.high == pytest.approx(0.07 / 0.115, abs=1e-3)


def test_the_ends_are_the_worst_of_both_shares():
    interval = depressed_among(Band.HIGH, COUNTS, 0.2)
    ill, well = wilson_interval(70, 100, Z_97_5), wilson_interval(10, 200, Z_97_5)
    assert interval.low == pytest.approx(0.2 * ill.low / (0.2 * ill.low + 0.8 * well.high))
    assert interval.high == pytest.approx(0.2 * ill.high / (0.2 * ill.high + 0.8 * well.low))


def test_a_band_that_nobody_was_in_tells_nothing():
    counts = BandCounts({"none": 0.0, "mild": 5.0, "high": 0.0}, {"none": 0.0, "mild": 5.0, "high": 0.0}, 5, 5)
    interval = depressed_among(Band.HIGH, counts, 0.1)
    assert interval.of_100 == (0, 100)


def test_without_subjects_of_both_kinds_nothing_can_be_told():
    nobody = {"none": 0.0, "mild": 0.0, "high": 0.0}
    assert not can_tell(BandCounts(nobody, {"none": 1.0, "mild": 0.0, "high": 0.0}, 0, 1))
    assert not can_tell(BandCounts({"none": 1.0, "mild": 0.0, "high": 0.0}, nobody, 1, 0))
    assert can_tell(COUNTS)


GROUPS = st.tuples(st.integers(1, 500), st.floats(0, 1))
"""Subjects, and the share of them in the band."""


@given(GROUPS, GROUPS, st.floats(0.001, 0.999), st.sampled_from(Band))
def test_ends_are_shares_in_order_and_rise_with_the_prevalence(ill, well, prevalence, band):
    def spread(total, share):
        first, others = share * total, [each for each in Band if each is not band]
        return {band.value: first, **{other.value: (total - first) / 2 for other in others}}

    counts = BandCounts(spread(*ill), spread(*well), ill[0], well[0])
    interval = depressed_among(band, counts, prevalence)
    assert 0.0 <= interval.low <= interval.high <= 1.0
    more = depressed_among(band, counts, prevalence + (1 - prevalence) / 2)
    assert more.low >= interval.low
    assert more.high >= interval.high
    low, high = interval.of_100
    assert low <= 100 * interval.low + 1e-6
    assert high >= 100 * interval.high - 1e-6


def test_ends_of_100_are_rounded_outwards_but_not_by_the_computer_alone():
    assert Interval(0.29, 0.57).of_100 == (29, 57)
    assert Interval(0.291, 0.569).of_100 == (29, 57)
    assert Interval(0.0, 1.0).of_100 == (0, 100)


def test_the_interval_holds_the_truth_in_at_least_95_of_100_hold_outs():
    rng = np.random.default_rng(11)
    ill_share, well_share, prevalence = 0.15, 0.6, 0.1
    truth = prevalence * ill_share / (prevalence * ill_share + (1 - prevalence) * well_share)
    for ill, well in ((20, 40), (60, 60), (300, 900)):
        held = 0
        for _ in range(2000):
            a, b = float(rng.binomial(ill, ill_share)), float(rng.binomial(well, well_share))
            counts = BandCounts(
                {"none": a, "mild": ill - a, "high": 0.0}, {"none": b, "mild": well - b, "high": 0.0}, ill, well
            )
            interval = depressed_among(Band.NONE, counts, prevalence)
            held += interval.low <= truth <= interval.high
        assert held / 2000 >= 0.95, (ill, well)


def test_a_subject_that_counts_by_shares_makes_no_interval_narrower():
    whole, half = wilson_interval(3, 10), wilson_interval(2.5, 10)
    assert math.isclose(whole.high - whole.low, half.high - half.low, rel_tol=0.05)
