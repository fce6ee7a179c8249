"""What is called worse, better, or no difference, on runs whose latencies and noise a test chose."""

import dataclasses

import numpy as np
import pytest

from loadtests.compare.baseline import Baseline, require_baseline
from loadtests.compare.comparison import BETTER, NO_DIFFERENCE, WORSE, Change, compare, noise_of
from loadtests.compare.student import student_quantile
from loadtests.run.format import FinishedRun
from tests.support.finished_runs import made_up_run

COUNT = 400
STEADY = (1.0, 1.02, 0.99, 1.01, 0.98)


def run_of(scale: float, seed: int, *, cpu_seconds: float = 30.0, shed: int = 0) -> FinishedRun:
    """Of one target: latencies of one shape, each run faster or slower as a whole by `scale`."""
    latencies = scale * np.random.default_rng(seed).lognormal(-2.0, 0.3, COUNT)
    run = made_up_run(latencies=latencies, outcomes={"answered": COUNT - shed, "shed": shed})
    return dataclasses.replace(run, target=dataclasses.replace(run.target, cpu_seconds=cpu_seconds * scale))


def baseline_of(scales: tuple[float, ...] = STEADY) -> Baseline:
    return require_baseline("before", [run_of(scale, seed) for seed, scale in enumerate(scales)])


def words(changes: tuple[Change, ...]) -> dict[str, str]:
    return {change.figure: change.word for change in changes}


def test_a_run_that_is_half_as_fast_again_is_worse_in_what_it_is_worse_in() -> None:
    found = words(compare([run_of(1.5, 9)], baseline_of()).changes)
    assert {name for name, word in found.items() if word == WORSE} == {
        "p50 of photo", "p95 of photo", "p99 of photo", "CPU of the gateway per photo",
    }  # fmt: skip
    assert found["completed as they should"] == found["errors of photo"] == NO_DIFFERENCE


def test_faster_is_better_and_fewer_completed_is_worse() -> None:
    found = words(compare([run_of(0.6, 9, shed=80)], baseline_of()).changes)
    assert found["p50 of photo"] == found["CPU of the gateway per photo"] == BETTER
    assert found["completed as they should"] == found["errors of photo"] == WORSE


def test_the_same_difference_is_none_where_the_baseline_itself_was_noisy() -> None:
    (steady, noisy) = (
        compare([run_of(1.2, 9)], baseline_of(scales)).changes[0] for scales in (STEADY, (1.0, 1.2, 0.85, 1.1, 0.9))
    )
    assert (steady.figure, steady.word, noisy.word) == ("p50 of photo", WORSE, NO_DIFFERENCE)
    assert noisy.floor > 2 * steady.floor
    assert steady.low < steady.change < steady.high


def test_runs_that_happen_to_agree_do_not_make_the_floor_smaller_than_their_requests_allow() -> None:
    same = run_of(1.0, 1)
    twins = [
        dataclasses.replace(same, summary=dataclasses.replace(same.summary, started=f"2026-11-2{day}"))
        for day in range(3)
    ]
    (p50, *_) = compare([run_of(1.0, 2)], require_baseline("twins", twins)).changes
    assert max(p50.baseline_values) == min(p50.baseline_values)
    assert p50.floor > 0.03
    assert p50.word == NO_DIFFERENCE


def test_several_runs_show_a_smaller_difference_than_one() -> None:
    one = compare([run_of(1.1, 9)], baseline_of()).changes[0]
    five = compare([run_of(1.1, seed) for seed in range(20, 25)], baseline_of()).changes[0]
    assert five.floor < 0.75 * one.floor


def test_the_noise_of_a_baseline_is_the_floor_of_a_run_like_its_own() -> None:
    baseline = baseline_of()
    noise = {change.figure: change.floor for change in noise_of(baseline)}
    further = {change.figure: change.floor for change in compare([run_of(1.0, 30)], baseline).changes}
    assert noise == pytest.approx(further, rel=0.35)
    assert all(change.word == NO_DIFFERENCE for change in noise_of(baseline))


def test_of_comparisons_of_the_same_thing_few_call_it_worse() -> None:
    rng = np.random.default_rng(3)
    seeds = iter(range(1000, 10_000))
    called_worse = 0
    for _ in range(100):
        runs = [run_of(scale, next(seeds)) for scale in np.exp(rng.normal(0, 0.05, 6))]
        comparison = compare(runs[:1], require_baseline("before", runs[1:]))
        called_worse += any(change.word == WORSE for change in comparison.changes)
    assert called_worse <= 9


@pytest.mark.parametrize(
    ("share", "degrees", "value"),
    [(0.95, 1, 6.314), (0.975, 2, 4.303), (0.99, 3, 4.541), (0.975, 4, 2.776), (0.995, 10, 3.169), (0.95, 29, 1.699)],
)
def test_the_quantiles_of_student_are_those_of_the_printed_tables(share: float, degrees: int, value: float) -> None:
    assert student_quantile(share, degrees) == pytest.approx(value, abs=5e-4)
