"""Ratios of systems that were measured in turns, and how far their medians can be off: the noise floor of a run.

A round's ratio is that of two systems in the same round, so what slows both is not in it. The floor of a run of five rounds is half
the way from its smallest round to its largest, on a scale of ratios: smallest to largest is the interval that holds the median
with 94 % by order alone, whatever the distribution. Two runs differ where their medians are further apart than the root of
the sum of both floors' squares; of two runs of the same thing with normal noise 4.4 % would (10,000 pairs, simulated in the test).
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MIN_ROUNDS = 5
CONFIDENCE = 0.93
"""At least, of the interval of a median; five rounds give 0.9375 from the smallest to the largest."""


@dataclass(frozen=True)
class Ratio:
    """Photos a second of one system over those of another.

    Attributes:
        name: For people.
        ours: Name of the system above the line.
        theirs: Below it.
        bar: That is stated for it; None where it is only reported.
    """

    name: str
    ours: str
    theirs: str
    bar: float | None = None


def ratios_of(systems: Mapping[str, dict], ratios: Sequence[Ratio]) -> dict[str, dict]:
    """What a result keeps of each: its rounds, median, smallest, largest, floor and bar; the names of both systems under "of".

    Args:
        systems: By name; under "rounds" what each round answered in how many seconds.
        ratios: Which.
    """
    kept = {}
    for ratio in ratios:
        rates = [
            [each["answered"] / each["seconds"] for each in systems[name]["rounds"]]
            for name in (ratio.ours, ratio.theirs)
        ]
        rounds = [ours / theirs for ours, theirs in zip(*rates, strict=True)]
        kept[ratio.name] = {
            "of": [ratio.ours, ratio.theirs],
            "median": statistics.median(rounds),
            "smallest": min(rounds),
            "largest": max(rounds),
            "floor": floor_of(rounds),
            "rounds": rounds,
            "bar": ratio.bar,
        }
    return kept


def floor_of(rounds: Sequence[float]) -> float | None:
    """By which factor, as its logarithm, the median of these rounds can be off; None for fewer than five."""
    if len(rounds) < MIN_ROUNDS:
        return None
    ordered = sorted(rounds)
    outside = ranks_outside(len(rounds))
    return math.log(ordered[-1 - outside] / ordered[outside]) / 2


def ranks_outside(count: int) -> int:
    """How many of the smallest, and as many of the largest, the interval of a median leaves out at `CONFIDENCE`."""
    # P(the median lies below the k-th smallest) is that of fewer than k heads among `count` tosses.
    tail, outside = 0.0, 0
    for rank in range(count // 2):
        tail += math.comb(count, rank) / 2**count
        if 1 - 2 * tail < CONFIDENCE:
            break
        outside = rank
    return outside
