"""Recording rules of the objectives: how many screenings of patients counted, failed, and were slow, over each window.

Numbers, not shares: at low traffic an alert asks for a number of failures first. `increase` comes before `sum`, because a restarted
replica begins again at zero. Windows above an hour are sums over the recorded hour: each failure lies in as many evaluations of it
as there are in an hour, and the sum is divided by these. A range of days over every replica's own series would cost too much.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from monitoring.objectives import Objectives
from monitoring.objectives.objectives import BurnRate
from monitoring.rules.durations import Pace, duration
from monitoring.rules.rule import Group, Record

HOUR_SECONDS: Final = 3600
DAY_SECONDS: Final = 86_400
COUNTED: Final = "symmetra:screenings_counted"
FAILED: Final = "symmetra:screenings_failed"
MEASURED: Final = "symmetra:screenings_measured"
SLOW: Final = "symmetra:screenings_slow"
"""Followed by `_` and the name of the objective of latency."""


def series(base: str, window_seconds: float) -> str:
    """The recorded series over a window; in real time, at whatever pace the rules run."""
    return f"{base}:increase{duration(window_seconds)}"


def slow(objective: str) -> str:
    """Base of the series of screenings that were too slow for one objective."""
    return f"{SLOW}_{objective}"


@dataclass(frozen=True, slots=True)
class Counts:
    """PromQL of what is counted, over a range such as `5m`."""

    objectives: Objectives

    def bases(self, window: str) -> dict[str, str]:
        """Base of the series -> expression over the window."""
        outcomes, traffic = self.objectives.availability.outcomes, f'traffic="{self.objectives.traffic}"'
        uncounted, not_failed = "|".join(outcomes.uncounted), "|".join((*outcomes.good, *outcomes.uncounted))
        stage = f'{{stage="total",{traffic}}}'
        latency = self.objectives.latency.objectives
        measured = f"sum(increase(symmetra_stage_seconds_count{stage}[{window}]))"
        counted = {
            COUNTED: f'sum(increase(symmetra_screenings_total{{{traffic},outcome!~"{uncounted}"}}[{window}]))',
            FAILED: f'sum(increase(symmetra_screenings_total{{{traffic},outcome!~"{not_failed}"}}[{window}]))',
            MEASURED: measured,
        }
        for name, objective in (("usual", latency.usual), ("slowest", latency.slowest)):
            edge = f'{{stage="total",{traffic},le="{float(objective.within_seconds)}"}}'
            counted[slow(name)] = f"{measured}\n  - sum(increase(symmetra_stage_seconds_bucket{edge}[{window}]))"
        return counted


def slo_groups(objectives: Objectives, pace: Pace = Pace()) -> list[Group]:  # noqa: B008 - frozen
    """The two groups: windows up to an hour and the sums of a few hours, and the sums of days."""
    rates = (objectives.availability.burn_rates, objectives.latency.burn_rates)
    windows = {seconds for each in rates for rate in (each.fast, each.slow) for seconds in _windows_of(rate)}
    days = {seconds for each in rates for seconds in _windows_of(each.trickle)}
    days |= {DAY_SECONDS, objectives.period_days * DAY_SECONDS}
    intervals = objectives.intervals
    within_an_hour = sorted(window for window in windows | {HOUR_SECONDS} if window <= HOUR_SECONDS)
    hours = sorted(window for window in windows if window > HOUR_SECONDS)
    bases = Counts(objectives).bases(pace.text(HOUR_SECONDS))
    short = [
        *(_increase(objectives, window, pace) for window in within_an_hour),
        *(_sums(bases, window, pace, _hour, intervals.short_rules_seconds) for window in hours),
    ]
    long = [
        # The same series at the pace of this group: a month of it is few enough samples to sum up again and again.
        [Record(_kept_hour(base), series(base, HOUR_SECONDS)) for base in bases],
        *(_sums(bases, window, pace, _kept_hour, intervals.long_rules_seconds) for window in sorted(days)),
    ]
    return [
        Group("symmetra-slo-short", pace.text(intervals.short_rules_seconds), list(itertools.chain(*short))),
        Group("symmetra-slo-long", pace.text(intervals.long_rules_seconds), list(itertools.chain(*long))),
    ]


def _hour(base: str) -> str:
    return series(base, HOUR_SECONDS)


def _kept_hour(base: str) -> str:
    return f"{base}:hourly"


def _windows_of(rate: BurnRate) -> tuple[int, int]:
    return rate.short_seconds, rate.long_seconds


def _increase(objectives: Objectives, window_seconds: int, pace: Pace) -> list[Record]:
    counts = Counts(objectives).bases(pace.text(window_seconds))
    return [Record(series(base, window_seconds), expression) for base, expression in counts.items()]


def _sums(
    bases: Iterable[str], window_seconds: int, pace: Pace, hour_of: Callable[[str], str], interval_seconds: int
) -> list[Record]:
    """Over a window above an hour, from the series of an hour that is recorded at an interval."""
    evaluations = HOUR_SECONDS // interval_seconds
    return [
        Record(
            series(base, window_seconds),
            f"sum_over_time({hour_of(base)}[{pace.text(window_seconds)}]) / {evaluations}",
        )
        for base in bases
    ]
