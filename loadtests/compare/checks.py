"""A comparison as checks of a verdict: each figure is asked whether it is no worse, so that every report says it as it says the others."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

from loadtests.compare.comparison import WORSE, Change, Comparison
from loadtests.compare.figures import PER_SECOND, SECONDS
from loadtests.run.format import FinishedRun
from loadtests.verdict.bottleneck import find_bottleneck
from loadtests.verdict.checks import MISSED, PASSED, Check
from loadtests.verdict.decision import INVALID, MET, MISSED_OBJECTIVE, Verdict

PREFIX: Final = "baseline: "


def decide_on_comparison(runs: Sequence[FinishedRun], comparison: Comparison) -> Verdict:
    """The verdict that asks nothing but whether runs are no worse than a baseline; INVALID where one of them is."""
    checks = checks_of(comparison)
    reasons = tuple(reason for run in runs for reason in run.summary.invalid_reasons)
    code = INVALID if not all(run.summary.valid for run in runs) else _code(checks)
    return Verdict(code, f"no worse than {comparison.baseline}", reasons, checks, find_bottleneck(runs[0]))


def add_comparison(verdict: Verdict, comparison: Comparison) -> Verdict:
    """A verdict on objectives that also misses what is worse than the baseline."""
    checks = checks_of(comparison)
    code = verdict.code if verdict.code != MET else _code(checks)
    objectives = f"{verdict.objectives}, no worse than {comparison.baseline}"
    return dataclasses.replace(verdict, code=code, objectives=objectives, checks=(*verdict.checks, *checks))


def checks_of(comparison: Comparison) -> tuple[Check, ...]:
    """One for each figure."""
    return tuple(_check(change, comparison) for change in comparison.changes)


def _check(change: Change, comparison: Comparison) -> Check:
    status = MISSED if change.word == WORSE else PASSED
    figures = {name: getattr(change, name) for name in ("value", "baseline", "change", "low", "high", "floor")}
    return Check(f"{PREFIX}{change.figure}", status, say(change, comparison.baseline_runs), figures)


def say(change: Change, baseline_runs: int) -> str:
    """A change in a sentence."""
    values = change.baseline_values
    return (
        f"{show(change.value, change.unit)} against {show(change.baseline, change.unit)} ({baseline_runs} runs, "
        f"{show(min(values), change.unit)} to {show(max(values), change.unit)}): {show_change(change.change, change)}, between "
        f"{show_change(change.low, change)} and {show_change(change.high, change)}; the noise floor is "
        f"{show_change(change.floor, change).removeprefix('+')}: {change.word}."
    )


def show(value: float, unit: str) -> str:
    """A figure with its unit."""
    if unit == SECONDS:
        return f"{1000 * value:.1f} ms"
    return f"{value:.2f} per second" if unit == PER_SECOND else f"{value:.2%}"


def show_change(value: float, change: Change) -> str:
    """A difference with its sign, in per cent of the baseline or in the unit of the figure."""
    sign = "+" if value >= 0 else ""
    if change.is_ratio:
        return f"{sign}{value:.1%}"
    return (
        f"{sign}{100 * value:.2f} points"
        if change.unit not in (SECONDS, PER_SECOND)
        else f"{sign}{show(value, change.unit)}"
    )


def _code(checks: Sequence[Check]) -> int:
    return MISSED_OBJECTIVE if any(check.status == MISSED for check in checks) else MET
