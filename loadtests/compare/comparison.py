"""What changed against a baseline, and from which difference on this machine can show one at all: the noise floor, measured first.

The floor of a figure is the larger of two: how far a further run of the same thing may lie from the baseline's mean by the spread
between its runs (Student's t), and how far both may be off by the number of their requests alone (order statistics, Wilson). The
spread between runs sees what no interval of a single run does: the machine's other work, caches, what was warm. All figures
together call at most one comparison in twenty of the same thing worse (Bonferroni: the level is divided among the figures).

Latency, throughput and CPU are compared as ratios, on a logarithmic scale; shares, and what is 0 anywhere, as differences.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loadtests.compare.baseline import Baseline, require_distinct
from loadtests.compare.conditions import require_same
from loadtests.compare.figures import SHARE, Figure, figures_of
from loadtests.compare.student import student_quantile
from loadtests.errors import BaselineUnusable
from loadtests.run.format import FinishedRun
from loadtests.verdict.intervals import Z

FALSE_ALARMS: Final = 0.05
"""Of comparisons of the same thing that call it worse, all figures together."""
WORSE: Final = "worse"
BETTER: Final = "better"
NO_DIFFERENCE: Final = "no difference that this machine can show"


@dataclass(frozen=True, slots=True)
class Change:
    """One figure against a baseline.

    Attributes:
        figure: Its name.
        unit: Of `loadtests.compare.figures`.
        value: Of the runs that are compared: their mean, geometric where it is a ratio.
        baseline: Of the baseline, the same mean.
        baseline_values: Of each of its runs.
        is_ratio: Whether `change` and `floor` are parts of the baseline's value, or in the unit of the figure.
        change: By how much: 0.05 is five per cent more where `is_ratio`.
        low: Where the change may lie.
        high: The same.
        floor: The smallest worsening that can be shown; as `change`.
        word: `WORSE`, `BETTER` or `NO_DIFFERENCE`.
    """

    figure: str
    unit: str
    value: float
    baseline: float
    baseline_values: tuple[float, ...]
    is_ratio: bool
    change: float
    low: float
    high: float
    floor: float
    word: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of runs with a baseline.

    Attributes:
        baseline: Its name.
        baseline_runs: How many it has.
        runs: How many were compared.
        across: Conditions in which they were allowed to differ.
        changes: Every figure that both have.
    """

    baseline: str
    baseline_runs: int
    runs: int
    across: tuple[str, ...]
    changes: tuple[Change, ...]


def compare(runs: Sequence[FinishedRun], baseline: Baseline, across: Sequence[str] = ()) -> Comparison:
    """Hold runs against a baseline.

    Args:
        runs: Of the same thing; one is enough, several show smaller differences.
        baseline: What they are held against.
        across: Conditions in which they may differ from it.

    Raises:
        BaselineUnusable: They are of other things, or belong to the baseline themselves.
    """
    require_same(runs)
    require_same([baseline.runs[0], *runs], across)
    require_distinct([*baseline.runs, *runs])
    ours, theirs = [figures_of(run) for run in runs], [figures_of(run) for run in baseline.runs]
    names = [name for name in theirs[0] if all(name in figures for figures in [*ours, *theirs])]
    if not names:
        message = f"the runs have no figure in common with those of {baseline.name}"
        raise BaselineUnusable(message)
    level = 1 - FALSE_ALARMS / len(names)
    changes = (_change([each[name] for each in ours], [each[name] for each in theirs], level) for name in names)
    return Comparison(baseline.name, len(theirs), len(ours), tuple(across), tuple(changes))


def noise_of(baseline: Baseline) -> tuple[Change, ...]:
    """The floors of a baseline for one further run: the mean of its runs against themselves."""
    figures = [figures_of(run) for run in baseline.runs]
    names = [name for name in figures[0] if all(name in each for each in figures)]
    level = 1 - FALSE_ALARMS / len(names)
    return tuple(_noise([each[name] for each in figures], level) for name in names)


def _noise(theirs: Sequence[Figure], level: float) -> Change:
    """As if one further run had been exactly the baseline's mean, and as sure as its least sure run."""
    least_sure = max(theirs, key=lambda each: each.half_width)
    is_ratio = _is_ratio(theirs)
    mean = _mean([each.value for each in theirs], is_ratio=is_ratio)
    scale = mean / least_sure.value if is_ratio else 1.0
    shift = 0.0 if is_ratio else mean - least_sure.value
    low, high = least_sure.low * scale + shift, least_sure.high * scale + shift
    typical = Figure(least_sure.name, least_sure.unit, mean, low, high, is_larger_better=least_sure.is_larger_better)
    return _change([typical], theirs, level)


def _change(ours: Sequence[Figure], theirs: Sequence[Figure], level: float) -> Change:
    is_ratio = _is_ratio([*ours, *theirs])
    values = [each.value for each in ours], [each.value for each in theirs]
    on_scale = [[math.log(value) for value in each] for each in values] if is_ratio else values
    change = statistics.fmean(on_scale[0]) - statistics.fmean(on_scale[1])
    spread = statistics.stdev(on_scale[1]) * math.sqrt(1 / len(ours) + 1 / len(theirs))
    between = student_quantile(level, len(theirs) - 1) * spread
    within = math.hypot(_half_width(ours, is_ratio=is_ratio), _half_width(theirs, is_ratio=is_ratio))
    floor = max(between, within / Z * statistics.NormalDist().inv_cdf(level))
    worsening = -change if theirs[0].is_larger_better else change
    return Change(
        figure=theirs[0].name,
        unit=theirs[0].unit,
        value=_mean(values[0], is_ratio=is_ratio),
        baseline=_mean(values[1], is_ratio=is_ratio),
        baseline_values=tuple(values[1]),
        is_ratio=is_ratio,
        change=_plain(change, is_ratio=is_ratio),
        low=_plain(change - floor, is_ratio=is_ratio),
        high=_plain(change + floor, is_ratio=is_ratio),
        floor=_plain(floor, is_ratio=is_ratio),
        word=WORSE if worsening > floor else BETTER if -worsening > floor else NO_DIFFERENCE,
    )


def _is_ratio(figures: Sequence[Figure]) -> bool:
    return all(each.unit != SHARE and each.low > 0 for each in figures)


def _half_width(figures: Sequence[Figure], *, is_ratio: bool) -> float:
    """Of the interval of a mean of figures."""
    widths = [each.half_width_log if is_ratio else each.half_width for each in figures]
    return math.hypot(*widths) / len(widths)


def _mean(values: Sequence[float], *, is_ratio: bool) -> float:
    return statistics.geometric_mean(values) if is_ratio else statistics.fmean(values)


def _plain(value: float, *, is_ratio: bool) -> float:
    return math.expm1(value) if is_ratio else value
