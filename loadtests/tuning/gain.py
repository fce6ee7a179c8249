"""What rounds that were measured in turn say: throughput and p95 of a candidate beside the defaults', as ratios with 95 % intervals.

Only figures of the same round are divided by each other, so that a machine that grows slower slows both. The mean of the logarithms of
the rounds' ratios is what is kept; its interval is Student's over the rounds, and none where there is one round only. The level of load
is chosen on the same rounds, so intervals are a little too narrow, and "a p95 no worse" is asked of the middle, whose own interval stands beside it.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loadtests.compare.student import student_quantile
from loadtests.tuning.load import Load

TWO_SIDED_95: Final = 0.975
REFUSED_SHARE: Final = 0.001
"""Of the calls, that may be refused at a level of load that counts."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio over rounds.

    Attributes:
        middle: Geometric mean.
        low: Of the 95 % interval; 0 where one round cannot say.
        high: See above; infinite then, written as None.
    """

    middle: float
    low: float
    high: float | None


@dataclass(frozen=True, slots=True)
class Gain:
    """A candidate at one level of load beside the defaults at one.

    Attributes:
        defaults_in_flight: Calls at the same time, of the defaults.
        in_flight: Of the candidate; 0 where no level has a p95 no worse.
        throughput: Candidate over defaults.
        p95: The same.
        defaults_per_second: Calls answered, mean over rounds.
        per_second: See above.
        defaults_p95_milliseconds: Mean over rounds.
        p95_milliseconds: See above.
    """

    defaults_in_flight: int
    in_flight: int
    throughput: Ratio
    p95: Ratio
    defaults_per_second: float
    per_second: float
    defaults_p95_milliseconds: float
    p95_milliseconds: float


def ratio_over_rounds(candidate: Sequence[float], defaults: Sequence[float]) -> Ratio:
    """Of figures of the same rounds, in the same order; all above 0."""
    logarithms = [math.log(mine / theirs) for mine, theirs in zip(candidate, defaults, strict=True)]
    middle = statistics.fmean(logarithms)
    if len(logarithms) < 2:
        return Ratio(math.exp(middle), 0.0, None)
    error = statistics.stdev(logarithms) / math.sqrt(len(logarithms))
    half = student_quantile(TWO_SIDED_95, len(logarithms) - 1) * error
    return Ratio(math.exp(middle), math.exp(middle - half), math.exp(middle + half))


def takes(load: Load) -> bool:
    """Whether a level of load is one that the server takes: hardly a call refused, and calls answered."""
    return load.answered > 0 and load.refused <= REFUSED_SHARE * (load.answered + load.refused)


def best_gain(
    defaults: Sequence[Sequence[Load]],
    candidate: Sequence[Sequence[Load]],
    defaults_in_flight: int,
    worst_p95: float = 1.0,
) -> Gain | None:
    """At which of a candidate's levels it answers most with a p95 no worse than the defaults' at theirs.

    Args:
        defaults: Round by round, one load for each level.
        candidate: The same rounds.
        defaults_in_flight: The level of the defaults.
        worst_p95: Times the defaults' p95, that a level may have.

    Returns:
        None where every level of the candidate has a worse p95, or calls refused.
    """
    theirs = [_at(loads, defaults_in_flight) for loads in defaults]
    gains = []
    for level in sorted({load.in_flight for loads in candidate for load in loads}):
        mine = [_at(loads, level) for loads in candidate]
        pairs = [(ours, other) for ours, other in zip(mine, theirs, strict=True) if ours and other]
        if len(pairs) < len(theirs) or not all(takes(ours) and other.answered for ours, other in pairs):
            continue
        p95 = ratio_over_rounds(
            [each.p95_milliseconds for each, _ in pairs], [each.p95_milliseconds for _, each in pairs]
        )
        if p95.middle > worst_p95:
            continue
        rates = [each.calls_per_second for each, _ in pairs], [each.calls_per_second for _, each in pairs]
        gains.append(
            Gain(
                defaults_in_flight=defaults_in_flight,
                in_flight=level,
                throughput=ratio_over_rounds(*rates),
                p95=p95,
                defaults_per_second=statistics.fmean(rates[1]),
                per_second=statistics.fmean(rates[0]),
                defaults_p95_milliseconds=statistics.fmean(each.p95_milliseconds for _, each in pairs),
                p95_milliseconds=statistics.fmean(each.p95_milliseconds for each, _ in pairs),
            )
        )
    return max(gains, key=lambda gain: gain.throughput.middle, default=None)


def _at(loads: Sequence[Load], level: int) -> Load | None:
    return next((load for load in loads if load.in_flight == level), None)
