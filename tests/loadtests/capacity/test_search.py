"""The search alone, against targets that are a formula: quiet ones, noisy ones, and generators that give out."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.capacity.search import (
    AT_LEAST,
    BEYOND_GENERATOR,
    BRACKETED,
    INVALID,
    NOT_SUSTAINED,
    NOTHING_SUSTAINED,
    SUSTAINED,
    UNSETTLED,
    Found,
    Measured,
    SearchSettings,
    Trial,
    next_step,
    search,
)


def quiet(capacity: float) -> Callable[[Trial], Measured]:
    def measure(trial: Trial) -> Measured:
        return Measured(trial.rate, trial.is_short, SUSTAINED if trial.rate <= capacity else NOT_SUSTAINED)

    return measure


def noisy(capacity: float, spread: float, rng: np.random.Generator) -> Callable[[Trial], Measured]:
    """The capacity that a run shows differs from run to run; a short run's differs more."""

    def measure(trial: Trial) -> Measured:
        shown = capacity * (1 + rng.normal() * spread * (1.7 if trial.is_short else 1.0))
        return Measured(trial.rate, trial.is_short, SUSTAINED if trial.rate <= shown else NOT_SUSTAINED)

    return measure


def ends(found: Found) -> tuple[float, float]:
    assert found.sustained is not None
    assert found.not_sustained is not None
    return found.sustained.rate, found.not_sustained.rate


@given(st.floats(0.5, 5000), st.floats(0.5, 5000), st.floats(0.01, 0.2))
def test_the_bracket_holds_the_capacity_and_is_as_narrow_as_wanted(
    capacity: float, first_rate: float, width: float
) -> None:
    found, runs = search(quiet(capacity), SearchSettings(first_rate, width))
    low, high = ends(found)
    assert found.kind == BRACKETED
    assert low <= capacity < high <= low * (1 + width)
    assert [(end.agreeing, end.runs) for end in (found.sustained, found.not_sustained) if end] == [(2, 2), (2, 2)]
    assert len(runs) < 34


@given(st.floats(1, 1000), st.floats(1, 1000), st.lists(st.sampled_from([True, False, False]), max_size=40))
def test_runs_that_are_invalid_now_and_then_change_nothing(
    capacity: float, first_rate: float, spoiled: list[bool]
) -> None:
    settings = SearchSettings(first_rate, most_runs=200)
    plain, measure, spoils = search(quiet(capacity), settings)[0], quiet(capacity), iter(spoiled)
    in_a_row = itertools.count()

    def sometimes_invalid(trial: Trial) -> Measured:
        nonlocal in_a_row
        if next(spoils, False) and next(in_a_row) < settings.tries - 1:
            return Measured(trial.rate, trial.is_short, INVALID, "a neighbour")
        in_a_row = itertools.count()
        return measure(trial)

    assert search(sometimes_invalid, settings)[0] == plain


def test_a_noisy_target_gives_a_bracket_that_holds_its_capacity_to_the_size_of_the_noise() -> None:
    rng, near, agreed = np.random.default_rng(3), 0, 0
    for _ in range(300):
        found, _ = search(noisy(100.0, 0.01, rng), SearchSettings(40.0))
        low, high = ends(found)
        near += low <= 103.0 and high >= 97.0
        agreed += all(end.agreeing == 2 for end in (found.sustained, found.not_sustained) if end)
    assert near >= 297
    assert agreed == 300


def test_a_short_run_decides_nothing_and_a_contradiction_is_settled_by_a_third_run() -> None:
    lies = {100.0: iter([SUSTAINED, NOT_SUSTAINED, NOT_SUSTAINED])}

    def measure(trial: Trial) -> Measured:
        honest = SUSTAINED if trial.rate <= 98 else NOT_SUSTAINED
        return Measured(trial.rate, trial.is_short, next(lies.get(trial.rate, iter(())), honest))

    found, runs = search(measure, SearchSettings(100.0))
    low, high = ends(found)
    assert low <= 98 < high
    short = [run for run in runs if run.is_short]
    assert short[0] == Measured(100.0, is_short=True, outcome=SUSTAINED)

    tied = [
        Measured(90.0, is_short=False, outcome=SUSTAINED),
        Measured(92.0, is_short=False, outcome=NOT_SUSTAINED),
        Measured(92.0, is_short=False, outcome=SUSTAINED),
    ]
    assert next_step(tied, SearchSettings(90.0)) == Trial(92.0, is_short=False)


@pytest.mark.parametrize("capacity", [400.0, 30.0])
def test_a_generator_that_gives_out_is_looked_below_and_then_named(capacity: float) -> None:
    honest = quiet(capacity)

    def measure(trial: Trial) -> Measured:
        return Measured(trial.rate, trial.is_short, BEYOND_GENERATOR, "late") if trial.rate > 150 else honest(trial)

    found, runs = search(measure, SearchSettings(50.0))
    assert found.sustained is not None
    if capacity > 150:
        assert found.kind == AT_LEAST
        assert found.not_sustained is None
        assert 150 / 1.03 <= found.sustained.rate <= 150 < (found.beyond_generator or 0)
        assert "generator" in found.why
    else:
        assert found.kind == BRACKETED
        assert found.sustained.rate <= capacity
    beyond = [run.rate for run in runs if run.outcome == BEYOND_GENERATOR]
    assert all(beyond.count(rate) == 3 for rate in beyond)


def test_a_run_that_stays_invalid_for_another_reason_ends_the_search_with_it() -> None:
    def measure(trial: Trial) -> Measured:
        return Measured(trial.rate, trial.is_short, INVALID, "replicas changed")

    found, runs = search(measure, SearchSettings(50.0))
    assert (found.kind, found.sustained, len(runs)) == (UNSETTLED, None, 3)
    assert "replicas changed" in found.why


def test_a_generator_without_time_for_anything_is_not_tried_for_ever() -> None:
    def measure(trial: Trial) -> Measured:
        return Measured(trial.rate, trial.is_short, BEYOND_GENERATOR, "late")

    found, runs = search(measure, SearchSettings(50.0))
    assert (found.kind, found.sustained, len(runs)) == (UNSETTLED, None, 9)
    assert "12.50" in found.why


@pytest.mark.parametrize("last_good", range(4, 12))
def test_an_end_that_cannot_be_measured_again_is_not_called_confirmed(last_good: int) -> None:
    calls = itertools.count()

    def measure(trial: Trial) -> Measured:
        if next(calls) > last_good:
            return Measured(trial.rate, trial.is_short, BEYOND_GENERATOR, "late")
        return quiet(100.0)(trial)

    found, runs = search(measure, SearchSettings(50.0))
    assert found.sustained is None or found.kind in (UNSETTLED, BRACKETED) or found.sustained.agreeing == 2
    if found.kind == UNSETTLED:
        assert "did not agree" not in found.why
    assert len(runs) < SearchSettings(50.0).most_runs / 2


def test_a_target_that_sustains_nothing_is_said_to() -> None:
    found, _ = search(quiet(0.01), SearchSettings(8.0, lowest_rate=1.0))
    assert (found.kind, found.sustained) == (NOTHING_SUSTAINED, None)


def test_a_search_for_a_certain_rate_ends_when_it_is_sustained_twice() -> None:
    found, runs = search(quiet(500.0), SearchSettings(20.0, enough_rate=60.0))
    assert found.kind == AT_LEAST
    assert found.sustained is not None
    assert (found.sustained.rate, found.sustained.agreeing) == (60.0, 2)
    assert max(run.rate for run in runs) == 60.0
    found, _ = search(quiet(50.0), SearchSettings(20.0, enough_rate=60.0))
    assert ends(found)[0] <= 50 < ends(found)[1]


def test_a_search_goes_on_where_it_stopped() -> None:
    settings = SearchSettings(10.0)
    found, runs = search(quiet(77.0), settings)
    for made in range(len(runs)):
        step = next_step(runs[:made], settings)
        assert isinstance(step, Trial)
        assert (step.rate, step.is_short) == (runs[made].rate, runs[made].is_short)
    assert next_step(runs, settings) == found


def test_a_target_that_never_says_the_same_twice_is_left_unsettled() -> None:
    rng = np.random.default_rng(1)

    def measure(trial: Trial) -> Measured:
        return Measured(trial.rate, trial.is_short, SUSTAINED if rng.random() < 0.5 else NOT_SUSTAINED)

    for _ in range(50):
        found, runs = search(measure, SearchSettings(50.0, most_runs=12))
        assert len(runs) <= 12
        assert found.kind in (BRACKETED, UNSETTLED, NOTHING_SUSTAINED, AT_LEAST)
        if found.kind == BRACKETED:
            assert all(end.agreeing >= 2 for end in (found.sustained, found.not_sustained) if end)
