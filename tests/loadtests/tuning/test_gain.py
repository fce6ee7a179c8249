"""Ratios over rounds, and which level of load counts."""

import math

import numpy as np
import pytest
from scipy import stats

from loadtests.tuning.gain import best_gain, ratio_over_rounds
from loadtests.tuning.load import Load


def load(in_flight: int, per_second: float, p95: float, refused: int = 0) -> Load:
    return Load(in_flight, 1000, refused, 0, per_second, p95 / 2, p95, p95 * 1.2, 0.2)


def test_the_interval_is_students_of_the_logarithms() -> None:
    theirs, mine = [100.0, 50.0, 80.0, 70.0], [150.0, 90.0, 110.0, 120.0]
    ratio = ratio_over_rounds(mine, theirs)

    logarithms = np.log(mine) - np.log(theirs)
    low, high = stats.t.interval(0.95, 3, loc=logarithms.mean(), scale=stats.sem(logarithms))
    assert (ratio.middle, ratio.low, ratio.high) == pytest.approx(
        (math.exp(logarithms.mean()), math.exp(low), math.exp(high)), rel=1e-6
    )


def test_a_machine_that_grows_slower_slows_both() -> None:
    ratio = ratio_over_rounds([200.0, 20.0, 2.0], [100.0, 10.0, 1.0])

    assert (ratio.middle, ratio.low, ratio.high) == pytest.approx((2.0, 2.0, 2.0))


def test_one_round_has_no_interval() -> None:
    ratio = ratio_over_rounds([3.0], [2.0])

    assert (ratio.low, ratio.high) == (0.0, None)
    assert ratio.middle == pytest.approx(1.5)


def test_more_throughput_counts_only_where_p95_is_no_worse() -> None:
    defaults = [[load(8, 400, 30)]] * 3
    candidate = [[load(8, 450, 20), load(12, 600, 29), load(16, 900, 31)]] * 3
    gain = best_gain(defaults, candidate, 8)

    assert gain is not None
    assert (gain.in_flight, gain.throughput.middle) == (12, pytest.approx(1.5))


def test_a_level_at_which_calls_are_refused_does_not_count() -> None:
    defaults = [[load(8, 400, 30)]] * 3
    candidate = [[load(8, 450, 20), load(12, 600, 10, refused=5)]] * 3
    gain = best_gain(defaults, candidate, 8)

    assert gain is not None
    assert gain.in_flight == 8


def test_a_level_that_one_round_left_out_does_not_count() -> None:
    defaults = [[load(8, 400, 30)]] * 2
    gain = best_gain(defaults, [[load(8, 450, 20), load(12, 600, 10)], [load(8, 450, 20)]], 8)

    assert gain is not None
    assert gain.in_flight == 8


def test_no_level_with_as_good_a_p95_is_no_gain() -> None:
    assert best_gain([[load(8, 400, 30)]], [[load(8, 900, 31)]], 8) is None
