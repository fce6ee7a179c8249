"""When a rate counts as sustained: single runs, and whole searches against a queue that is only calculated."""

import dataclasses

import pytest

from loadtests.capacity.search import (
    BEYOND_GENERATOR,
    INVALID,
    NOT_SUSTAINED,
    SUSTAINED,
    Measured,
    SearchSettings,
    Trial,
    search,
)
from loadtests.capacity.sustained import growth_seconds, judge
from loadtests.run.format import InvalidReason
from loadtests.verdict.objectives import read_objectives, with_latency
from tests.support.finished_runs import made_up_run
from tests.support.simulated_queue import simulate_run

OBJECTIVES = with_latency(read_objectives(), ["p95=500ms"])
AT_ONCE, SERVICE_SECONDS = 20, 0.1
CAPACITY = AT_ONCE / SERVICE_SECONDS


def judged(run):
    return judge(run, OBJECTIVES, "photo")


def queue(rate: float, seconds: float = 20.0, seed: int = 1, **options: int):
    return simulate_run(rate, seconds, seed, at_once=AT_ONCE, service_seconds=SERVICE_SECONDS, **options)


def test_a_quiet_run_is_sustained_and_each_thing_amiss_is_named() -> None:
    assert judged(made_up_run()).outcome == SUSTAINED
    slow = judged(made_up_run(latencies=[0.1] * 370 + [0.6] * 30))
    errors = judged(made_up_run(outcomes={"answered": 397, "shed": 3}))
    wrong = judged(made_up_run(outcomes={"answered": 399, "wrong": 1}))
    assert [each.outcome for each in (slow, errors, wrong)] == [NOT_SUSTAINED] * 3
    assert "p95 <= 500 ms was missed with 600 ms" in slow.says
    assert "3 shed" in errors.says
    assert "1 answers were wrong" in wrong.says
    assert errors.error_share == pytest.approx(3 / 400)


def test_an_invalid_run_is_neither_and_the_generator_is_told_apart() -> None:
    assert judged(made_up_run(invalid="generator_cpu")).outcome == BEYOND_GENERATOR
    assert judged(made_up_run(invalid="replicas_changed")).outcome == INVALID
    both = made_up_run(invalid="late_starts")
    reasons = (*both.summary.invalid_reasons, InvalidReason("throttled", "one client"))
    both = dataclasses.replace(both, summary=dataclasses.replace(both.summary, invalid_reasons=reasons))
    assert judged(both).outcome == INVALID
    assert judge(made_up_run(), OBJECTIVES, "direct").outcome == INVALID


def test_a_backlog_that_grows_is_seen_before_the_latency_is_missed() -> None:
    loose = with_latency(read_objectives(), ["p95=1s"])
    runs = [queue(CAPACITY * 1.03, seed=seed) for seed in range(30)]
    fooling = [run for run in runs if run.latency["photo"].percentile(95) < 1.0]
    shown = [judge(run, loose, "photo") for run in fooling]
    caught = [each for each in shown if each.outcome == NOT_SUSTAINED]
    # Of the others, so few requests happened to arrive that they were within the capacity.
    assert len(fooling) >= 20
    assert len(caught) >= 0.7 * len(fooling)
    assert all("backlog grew" in each.says and each.growth_seconds > 0.25 for each in caught)


@pytest.mark.parametrize("seed", range(5))
def test_a_rate_that_is_held_does_not_grow(seed: int) -> None:
    run = queue(CAPACITY * 0.9, seconds=60, seed=seed)
    assert judged(run).outcome == SUSTAINED
    assert growth_seconds(run) < 0.06


def test_median_latency_shows_growth_where_the_requests_waiting_do_not() -> None:
    run = made_up_run(seconds=30)
    slower = [dataclasses.replace(row, p50=0.1 + 0.02 * row.second) for row in run.series]
    assert growth_seconds(run) == 0
    assert growth_seconds(dataclasses.replace(run, series=tuple(slower))) == pytest.approx(0.4)


def test_what_is_answered_after_the_schedule_is_no_part_of_the_last_third() -> None:
    run = queue(CAPACITY * 1.5, seconds=9)
    assert len(run.series) > 12
    # Half as much again arrives as is served: the thirds lie six seconds apart, in which three seconds of waiting come up.
    assert growth_seconds(run) == pytest.approx(6 * (1 - 1 / 1.5), rel=0.2)


def test_a_target_that_sheds_what_it_cannot_serve_is_found_by_its_errors() -> None:
    run = queue(CAPACITY * 1.1, most_waiting=20)
    assert run.latency["photo"].percentile(95) < 0.5
    assert "shed" in judged(run).says


@pytest.mark.parametrize("seed", range(4))
def test_a_search_finds_the_capacity_of_a_queue_within_five_percent(seed: int) -> None:
    runs = iter(range(1000 * seed, 1000 * seed + 100))

    def measure(trial: Trial) -> Measured:
        run = queue(trial.rate, 20 / 3 if trial.is_short else 20, next(runs))
        shown = judged(run)
        return Measured(trial.rate, trial.is_short, shown.outcome, shown.says, run.summary.completed_rate)

    found, _ = search(measure, SearchSettings(110.0))
    assert found.sustained is not None
    assert found.sustained.rate == pytest.approx(CAPACITY, rel=0.05)
