"""Whether a run shows that its rate is sustained: the objectives hold, and nothing piles up.

| question | answered with |
| --- | --- |
| does the latency hold? | the share of requests within the objective, from the intended start |
| do the errors hold? | the objective of `slo.yaml`: shed, failed, timed out and wrong answers all count |
| does the backlog grow? | requests without an answer, and the median latency: the last third of the run against its first |

The last question is what keeps short runs from being fooled. Slightly above the capacity the backlog grows by the difference of the two
rates every second, and the objective of latency is missed only when it has grown for long enough. It counts as growing where the
last third waits longer than the first by `MAX_GROWTH_SHARE` of what the strictest objective allows. A rate of
arrivals that is random grows a little by chance too: a run wants some thousand requests for a bracket of 3 %.

Fewer than 98 % of the wanted requests started makes a run INVALID (`loadtests.validity`), and is not asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loadtests.capacity.search import BEYOND_GENERATOR, INVALID, NOT_SUSTAINED, SUSTAINED
from loadtests.run.format import OK_OUTCOMES, WRONG, FinishedRun, SeriesRow
from loadtests.verdict.bottleneck import GENERATOR_REASONS
from loadtests.verdict.objectives import Objectives

MAX_GROWTH_SHARE: Final = 0.25
THIRDS: Final = 3


@dataclass(frozen=True, slots=True)
class Judgement:
    """On one run of a search.

    Attributes:
        outcome: Of `loadtests.capacity.search`.
        says: Why, in a sentence with figures.
        percentiles: By objective, the latency that was reached, in seconds.
        error_share: Of the requests that ended otherwise than they should.
        growth_seconds: By which the last third of the run waited longer than the first.
    """

    outcome: str
    says: str
    percentiles: dict[str, float]
    error_share: float
    growth_seconds: float


def judge(run: FinishedRun, objectives: Objectives, user_type: str) -> Judgement:
    """Judge the requests of one type of user; an INVALID run is neither sustained nor not."""
    reasons = run.summary.invalid_reasons
    histogram = run.latency.get(user_type)
    outcomes = run.summary.outcomes.get(user_type, {})
    total = sum(outcomes.values())
    errors = sum(count for name, count in outcomes.items() if name not in OK_OUTCOMES)
    error_share = errors / total if total else 0.0
    percentiles = {} if histogram is None else {
        each.words: histogram.percentile(100 * each.share) for each in objectives.latency
    }  # fmt: skip
    growth = growth_seconds(run)

    def judged(outcome: str, says: str) -> Judgement:
        return Judgement(outcome, says, percentiles, error_share, growth)

    if reasons:
        is_generator = all(reason.code in GENERATOR_REASONS for reason in reasons)
        says = " ".join(f"{reason.code}: {reason.detail}" for reason in reasons)
        return judged(BEYOND_GENERATOR if is_generator else INVALID, says)
    if histogram is None or not total:
        return judged(INVALID, f"no request of the type {user_type} was sent.")
    missed = [
        f"{each.words} was missed with {1000 * percentiles[each.words]:.0f} ms"
        for each in objectives.latency
        if histogram.count_at_most(each.within_seconds) < each.share * histogram.count
    ]
    if 1 - error_share < objectives.availability:
        bad = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()) if name not in OK_OUTCOMES)
        missed.append(f"{error_share:.2%} ended otherwise than they should ({bad})")
    if outcomes.get(WRONG, 0) > objectives.wrong_answers:
        missed.append(f"{outcomes[WRONG]} answers were wrong")
    allowed = MAX_GROWTH_SHARE * min((each.within_seconds for each in objectives.latency), default=0.0)
    if growth > allowed:
        missed.append(
            f"the backlog grew by {1000 * growth:.0f} ms from the first third to the last, {1000 * allowed:.0f} ms are allowed"
        )
    figures = ", ".join(f"{words} with {1000 * seconds:.0f} ms" for words, seconds in percentiles.items())
    if missed:
        return judged(NOT_SUSTAINED, f"{'; '.join(missed)}.")
    return judged(SUSTAINED, f"{figures}, {error_share:.2%} errors, growth {1000 * growth:.0f} ms.")


def growth_seconds(run: FinishedRun) -> float:
    """By how much longer the last third of a run waits than its first, in seconds; 0.0 where it is too short to say.

    Requests without an answer, divided by the rate, are what a new request has to wait for (Little's law); where a target does not serve
    who came first first, or bounds what may wait, the median latency shows it better. The larger of the two counts.
    """
    rows = [row for row in run.series if row.second < run.summary.seconds]
    third = len(rows) // THIRDS
    if not third or not run.summary.wanted_rate:
        return 0.0
    first, last = rows[:third], rows[-third:]
    waiting = (
        _mean([row.in_flight for row in last]) - _mean([row.in_flight for row in first])
    ) / run.summary.wanted_rate
    return max(waiting, _median_latency(last) - _median_latency(first), 0.0)


def _median_latency(rows: Sequence[SeriesRow]) -> float:
    return _mean([row.p50 for row in rows if row.ended])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
