"""The figures of a run that are held against those of others, each with what its own requests say of how sure it is.

The latency of each user type at three percentiles, requests that ended as they should per second, errors, and the CPU of the
gateway's processes per photo, where their metrics were read. Percentiles are those of the kept histograms, their intervals by
order statistics; shares have Wilson's. What runs differ in beyond that is seen between runs only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from loadtests.histogram import Histogram
from loadtests.run.format import OK_OUTCOMES, FinishedRun
from loadtests.verdict.intervals import percentile_interval, share_interval

PERCENTS: Final = (50.0, 95.0, 99.0)
SECONDS: Final = "s"
PER_SECOND: Final = "per second"
SHARE: Final = "share"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one run.

    Attributes:
        name: Of it.
        unit: `SECONDS`, `PER_SECOND` or `SHARE`.
        value: In its unit.
        low: Where it may lie, by the requests of this run alone (95 %).
        high: The same.
        is_larger_better: Which way is good.
    """

    name: str
    unit: str
    value: float
    low: float
    high: float
    is_larger_better: bool = False

    @property
    def half_width(self) -> float:
        """Of the interval, in the figure's unit."""
        return (self.high - self.low) / 2

    @property
    def half_width_log(self) -> float:
        """Of the interval, on a scale of ratios; infinite where it reaches 0."""
        return math.log(self.high / self.low) / 2 if self.low > 0 else math.inf


def figures_of(run: FinishedRun) -> dict[str, Figure]:
    """By name, in the order of a report."""
    return {figure.name: figure for figure in _figures(run)}


def _figures(run: FinishedRun) -> Iterator[Figure]:
    for user_type, histogram in run.latency.items():
        if histogram.count:
            yield from _percentiles(user_type, histogram)
    summary = run.summary
    done = round(summary.completed_rate * summary.seconds)
    low, high = share_interval(done, summary.wanted)
    rate = summary.wanted_rate
    yield Figure(
        "completed as they should", PER_SECOND, summary.completed_rate, rate * low, rate * high, is_larger_better=True
    )
    for user_type, outcomes in summary.outcomes.items():
        total = sum(outcomes.values())
        if total:
            errors = total - sum(outcomes.get(each, 0) for each in OK_OUTCOMES)
            yield Figure(f"errors of {user_type}", SHARE, errors / total, *share_interval(errors, total))
    photos = run.target.stages.get("total")
    if run.target.cpu_seconds and photos is not None and photos.count:
        each_photo = run.target.cpu_seconds / photos.count
        yield Figure("CPU of the gateway per photo", SECONDS, each_photo, each_photo, each_photo)


def _percentiles(user_type: str, histogram: Histogram) -> Iterator[Figure]:
    for percent in PERCENTS:
        value = histogram.percentile(percent)
        yield Figure(f"p{percent:g} of {user_type}", SECONDS, value, *percentile_interval(histogram, percent))
