"""Schedules: distribution, determinism, division among workers, what a command line says."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from loadtests.arrivals import (
    DAY_SHARES,
    ArrivalPlan,
    Point,
    day,
    parse_plan,
    plan_from_dict,
    poisson,
    ramp,
    replay,
    share_of_worker,
    spike,
)
from loadtests.errors import ArrivalsUnusable


def integral_at(plan: ArrivalPlan, moments: np.ndarray) -> np.ndarray:
    """Requests expected up to each moment, by another way than the module: a fine sum."""
    grid = np.linspace(0, plan.seconds, 400_001)
    seconds = [point.second + 1e-9 * index for index, point in enumerate(plan.points)]
    rates = np.interp((grid[1:] + grid[:-1]) / 2, seconds, [point.rate for point in plan.points])
    expected = np.concatenate([[0], np.cumsum(rates * np.diff(grid))])
    return np.interp(moments, grid, expected)


@pytest.mark.parametrize("seed", range(5))
def test_gaps_at_500_requests_per_second_are_exponential(seed: int) -> None:
    gaps = np.diff(poisson(500, 60, seed).draw())
    assert gaps.size == pytest.approx(30_000, rel=0.03)
    assert stats.kstest(gaps, stats.expon(scale=1 / 500).cdf).pvalue > 0.001


def test_regular_gaps_would_not_pass_that_test() -> None:
    assert stats.kstest(np.full(30_000, 1 / 500), stats.expon(scale=1 / 500).cdf).pvalue < 1e-6


@pytest.mark.parametrize(
    "plan",
    [
        ramp(0, 400, 120, 1),
        ramp(300, 0, 120, 2),
        spike(50, 600, 120, 3, begin=30, length=20),
        day(100, 240, 4),
        ArrivalPlan(
            "replay", (Point(0, 5), Point(20, 5), Point(20, 0), Point(60, 0), Point(60, 300), Point(90, 300)), 5
        ),
    ],
    ids=lambda plan: plan.kind,
)
def test_after_rescaling_by_the_wanted_rate_the_gaps_of_every_curve_are_exponential(plan: ArrivalPlan) -> None:
    gaps = np.diff(integral_at(plan, plan.draw()))
    assert gaps.size > 5_000
    assert stats.kstest(gaps, stats.expon.cdf).pvalue > 0.001


def test_the_same_plan_gives_the_same_moments_and_another_seed_others() -> None:
    assert np.array_equal(poisson(50, 20, 7).draw(), poisson(50, 20, 7).draw())
    assert not np.array_equal(poisson(50, 20, 7).draw()[:5], poisson(50, 20, 8).draw()[:5])


@given(st.integers(1, 9), st.integers(0, 2**31))
def test_workers_together_start_every_request_once(workers: int, seed: int) -> None:
    moments = poisson(20, 5, seed).draw()
    shares = [share_of_worker(moments, worker, workers) for worker in range(workers)]
    assert sorted(np.concatenate(shares).tolist()) == list(range(moments.size))


@given(
    st.lists(st.tuples(st.floats(0.01, 50), st.floats(0, 100)), min_size=2, max_size=6),
    st.floats(0, 100),
    st.integers(0, 99),
)
def test_moments_ascend_and_stay_within_any_curve(pieces: list[tuple[float, float]], first: float, seed: int) -> None:
    seconds = np.cumsum([length for length, _ in pieces])
    points = (Point(0, first), *(Point(float(second), rate) for second, (_, rate) in zip(seconds, pieces, strict=True)))
    if sum(point.rate for point in points) < 1e-3:
        return
    moments = ArrivalPlan("replay", points, seed).draw()
    assert np.all(np.isfinite(moments))
    assert np.all(np.diff(moments) >= -1e-9)
    assert np.all((moments >= 0) & (moments <= points[-1].second * (1 + 1e-9)))


def test_no_request_is_due_where_the_rate_is_zero() -> None:
    plan = ArrivalPlan(
        "replay", (Point(0, 50), Point(5, 50), Point(5, 0), Point(15, 0), Point(15, 50), Point(20, 50)), 1
    )
    moments = plan.draw()
    assert not np.any((moments > 5) & (moments < 15))


def test_a_day_has_the_stated_shares() -> None:
    moments = day(1000, 240, 1).draw()
    counts, _ = np.histogram(moments, bins=24, range=(0, 240))
    assert counts / counts.sum() == pytest.approx(np.array(DAY_SHARES) / sum(DAY_SHARES), abs=0.003)


def test_a_recording_is_replayed_at_its_rates(tmp_path: Path) -> None:
    path = tmp_path / "rate.csv"
    path.write_text("second,rate\n100,10\n160,200\n220,0\n")
    plan = replay(path, 1, times_rate=2.0)
    counts, _ = np.histogram(plan.draw(), bins=2, range=(0, 120))
    assert plan.seconds == 120
    assert counts == pytest.approx([1200, 24_000], rel=0.1)


@pytest.mark.parametrize("text", ["poisson", "ramp:90", "ramp:10:90", "spike:400:10:5", "day"])
def test_a_plan_survives_the_way_through_json(text: str) -> None:
    plan = parse_plan(text, 50, 60, 3)
    assert plan_from_dict(plan.as_dict()) == plan
    assert plan.seconds == 60


def test_a_replay_on_the_command_line_may_be_multiplied(tmp_path: Path) -> None:
    path = tmp_path / "rate.csv"
    path.write_text("second,rate\n0,10\n60,0\n")
    assert parse_plan(f"replay:{path}", 1, 1, 3).mean_rate == 10
    assert parse_plan(f"replay:{path}:3", 1, 1, 3).mean_rate == 30


@pytest.mark.parametrize(
    "text", ["", "poissonn", "poisson:3", "ramp", "ramp:x", "spike:1", "spike:400:50:20", "day:1", "replay:missing.csv"]
)
def test_what_says_no_arrivals_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ArrivalsUnusable):
        parse_plan(text, 50, 60, 3)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), 1e9])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ArrivalsUnusable):
        poisson(rate, 60, 3)


def test_a_plan_that_is_damaged_is_refused() -> None:
    with pytest.raises(ArrivalsUnusable):
        plan_from_dict({"kind": "poisson", "points": [{"second": 0}], "seed": 1})
