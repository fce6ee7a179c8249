"""When requests are due: schedules of an open model, which go on whatever became of earlier requests.

A schedule is a Poisson process whose rate follows a curve: constant, a ramp, a spike, the course of a day, or a rate that
was recorded. It is drawn beforehand from a seed, so that the same plan gives the same moments in every process and every
run. Drawing: moments of a process of rate 1, taken through the inverse of the curve's integral, which is exact for curves
of straight pieces (the time-rescaling theorem).

Among `n` workers, worker `i` starts requests `i`, `i + n`, `i + 2n`, ... of the one schedule: together they start
exactly the requests of a single generator, at the same moments.
"""

from __future__ import annotations

import csv
import dataclasses
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from loadtests.errors import ArrivalsUnusable

Seconds: TypeAlias = NDArray[np.float64]

LARGEST_COUNT: Final = 20_000_000
"""Requests in one schedule; more is a mistake in the plan."""
DAY_SHARES: Final = (
    0.4, 0.3, 0.3, 0.3, 0.4, 0.6, 1.0, 2.5, 6.0, 9.5, 11.0, 10.0, 7.0, 7.5, 9.5, 9.0, 7.0, 5.0, 3.5, 3.0, 2.5, 1.8, 1.2, 0.7,
)  # fmt: skip
"""Percent of a day's photos in each hour, where nothing was recorded: an assumption about an outpatient department, with its
peak before noon and a second one in the afternoon, to be replaced by a replay of the site's own rate."""


@dataclass(frozen=True, slots=True)
class Point:
    """The rate, in requests per second, at a moment in seconds; straight lines lead from point to point."""

    second: float
    rate: float


@dataclass(frozen=True, slots=True)
class ArrivalPlan:
    """What is to be drawn.

    Attributes:
        kind: "poisson" (constant rate), "ramp", "spike", "day" or "replay".
        points: The rate over time, from second 0 to the end; two points at one moment are a jump.
        seed: Of the draw.
    """

    kind: str
    points: tuple[Point, ...]
    seed: int

    def __post_init__(self) -> None:
        """Check the curve.

        Raises:
            ArrivalsUnusable: It does not start at 0, goes back in time, has a rate that is none, or no request at all.
        """
        moments = [point.second for point in self.points]
        if len(moments) < 2 or moments[0] != 0 or moments != sorted(moments):
            message = "a rate needs two points at least, from second 0 on in the order of time"
            raise ArrivalsUnusable(message)
        if not all(math.isfinite(point.rate) and math.isfinite(point.second) for point in self.points) or any(
            point.rate < 0 for point in self.points
        ):
            message = "a rate must be a finite number of requests per second, not below 0"
            raise ArrivalsUnusable(message)
        if not 0 < self.expected_count <= LARGEST_COUNT:
            message = (
                f"this schedule would have {self.expected_count:.0f} requests; from 1 to {LARGEST_COUNT} can be drawn"
            )
            raise ArrivalsUnusable(message)

    @property
    def seconds(self) -> float:
        """During which requests are due."""
        return self.points[-1].second

    @property
    def expected_count(self) -> float:
        """Requests that this rate gives on average."""
        return float(_integral(self.points)[-1])

    @property
    def mean_rate(self) -> float:
        """Requests per second on average."""
        return self.expected_count / self.seconds

    def draw(self) -> Seconds:
        """The moments in seconds from the start, ascending: float64, shape (n,). The same plan always gives the same."""
        rng = np.random.default_rng(self.seed)
        total = self.expected_count
        moments: list[Seconds] = []
        reached = 0.0
        while reached < total:
            steps = rng.exponential(size=int((total - reached) * 1.05) + 50)
            moments.append(reached + np.cumsum(steps))
            reached = float(moments[-1][-1])
        unit = np.concatenate(moments)
        return _invert(self.points, unit[unit < total])

    def as_dict(self) -> dict[str, Any]:
        """For `run.json`, and for `plan_from_dict`."""
        return dataclasses.asdict(self) | {"seconds": self.seconds, "mean_rate": self.mean_rate}


def plan_from_dict(content: Mapping[str, Any]) -> ArrivalPlan:
    """What `ArrivalPlan.as_dict` made.

    Raises:
        ArrivalsUnusable: It is no plan.
    """
    try:
        points = tuple(Point(float(point["second"]), float(point["rate"])) for point in content["points"])
        return ArrivalPlan(str(content["kind"]), points, int(content["seed"]))
    except (KeyError, TypeError, ValueError) as error:
        message = f"this is no plan of arrivals: {error}"
        raise ArrivalsUnusable(message) from error


def share_of_worker(moments: Seconds, worker: int, workers: int) -> NDArray[np.intp]:
    """Indexes, in the whole schedule, of the requests that one of several workers starts."""
    return np.arange(worker, moments.size, workers)


def poisson(rate: float, seconds: float, seed: int) -> ArrivalPlan:
    """A constant rate."""
    return ArrivalPlan("poisson", (Point(0, rate), Point(seconds, rate)), seed)


def ramp(first_rate: float, last_rate: float, seconds: float, seed: int) -> ArrivalPlan:
    """From one rate to another in a straight line."""
    return ArrivalPlan("ramp", (Point(0, first_rate), Point(seconds, last_rate)), seed)


def spike(rate: float, peak_rate: float, seconds: float, seed: int, *, begin: float, length: float) -> ArrivalPlan:
    """A constant rate that jumps to another for a while.

    Args:
        rate: Before and after, in requests per second.
        peak_rate: During the spike.
        seconds: Of the whole schedule.
        seed: Of the draw.
        begin: Of the spike, in seconds from the start.
        length: Of the spike, in seconds.

    Raises:
        ArrivalsUnusable: The spike does not lie within the schedule.
    """
    end = begin + length
    if not 0 <= begin < end <= seconds:
        message = f"a spike from second {begin:g} to {end:g} does not lie within {seconds:g} seconds"
        raise ArrivalsUnusable(message)
    points = (Point(0, rate), Point(begin, rate), Point(begin, peak_rate), Point(end, peak_rate), Point(end, rate))
    return ArrivalPlan("spike", (*points, Point(seconds, rate)), seed)


def day(mean_rate: float, seconds: float, seed: int) -> ArrivalPlan:
    """The course of a day (`DAY_SHARES`), all 24 hours in so many seconds, at this rate on average."""
    steps = [mean_rate * share * 24 / sum(DAY_SHARES) for share in DAY_SHARES]
    return ArrivalPlan("day", _staircase([hour * seconds / 24 for hour in range(25)], steps), seed)


def replay(path: Path, seed: int, *, times_rate: float = 1.0, seconds: float | None = None) -> ArrivalPlan:
    """A recorded rate.

    Args:
        path: CSV with the columns `second` and `rate`: from that second on, so many requests per second. The last row
            says when it ends; its rate is not used.
        seed: Of the draw.
        times_rate: The recorded rates are multiplied by this.
        seconds: To replay it in, faster or slower at the recorded rates; None as it was.

    Raises:
        ArrivalsUnusable: The file cannot be read, or holds no rate over time.
    """
    try:
        with path.open(newline="") as file:
            rows = [(float(row["second"]), float(row["rate"])) for row in csv.DictReader(file)]
    except (OSError, KeyError, TypeError, ValueError) as error:
        message = f"{path} is no recorded rate; it needs the columns second and rate, numbers in each row: {error}"
        raise ArrivalsUnusable(message) from error
    if len(rows) < 2:
        message = f"{path} has no two rows; the last row says when the recording ends"
        raise ArrivalsUnusable(message)
    began = rows[0][0]
    length = rows[-1][0] - began
    stretch = 1.0 if seconds is None or length <= 0 else seconds / length
    edges = [(second - began) * stretch for second, _ in rows]
    return ArrivalPlan("replay", _staircase(edges, [rate * times_rate for _, rate in rows[:-1]]), seed)


def parse_plan(text: str, rate: float, seconds: float, seed: int) -> ArrivalPlan:
    """A plan as a command line says it.

    Args:
        text: `poisson`; `ramp:LAST_RATE` or `ramp:FIRST_RATE:LAST_RATE`; `spike:PEAK_RATE:BEGIN:LENGTH` (seconds); `day`;
            `replay:FILE` (at its recorded rates and length) or `replay:FILE:TIMES_RATE`.
        rate: Requests per second: constant, at the start of a ramp, beside a spike, or on average over a day.
        seconds: Of the schedule; a replay lasts as long as what was recorded.
        seed: Of the draw.

    Raises:
        ArrivalsUnusable: It says no plan.
    """
    kind, *words = text.split(":")
    try:
        return _PARSERS[kind](words, rate, seconds, seed)
    except (KeyError, ValueError, IndexError) as error:
        message = (
            f"{text!r} says no arrivals; give poisson, ramp:LAST, ramp:FIRST:LAST, spike:PEAK:BEGIN:LENGTH, day, "
            "replay:FILE or replay:FILE:TIMES"
        )
        raise ArrivalsUnusable(message) from error


def _parse_poisson(words: Sequence[str], rate: float, seconds: float, seed: int) -> ArrivalPlan:
    _expect(words, 0, 0)
    return poisson(rate, seconds, seed)


def _parse_ramp(words: Sequence[str], rate: float, seconds: float, seed: int) -> ArrivalPlan:
    _expect(words, 1, 2)
    first, last = (rate, float(words[0])) if len(words) == 1 else (float(words[0]), float(words[1]))
    return ramp(first, last, seconds, seed)


def _parse_spike(words: Sequence[str], rate: float, seconds: float, seed: int) -> ArrivalPlan:
    _expect(words, 3, 3)
    peak, begin, length = map(float, words)
    return spike(rate, peak, seconds, seed, begin=begin, length=length)


def _parse_day(words: Sequence[str], rate: float, seconds: float, seed: int) -> ArrivalPlan:
    _expect(words, 0, 0)
    return day(rate, seconds, seed)


def _parse_replay(words: Sequence[str], _rate: float, _seconds: float, seed: int) -> ArrivalPlan:
    _expect(words, 1, 2)
    return replay(Path(words[0]), seed, times_rate=float(words[1]) if len(words) == 2 else 1.0)


_PARSERS: Final[Mapping[str, Callable[[Sequence[str], float, float, int], ArrivalPlan]]] = {
    "poisson": _parse_poisson,
    "ramp": _parse_ramp,
    "spike": _parse_spike,
    "day": _parse_day,
    "replay": _parse_replay,
}


def _expect(words: Sequence[str], least: int, most: int) -> None:
    if not least <= len(words) <= most:
        message = f"{len(words)} figures"
        raise ValueError(message)


def _staircase(edges: Sequence[float], rates: Sequence[float]) -> tuple[Point, ...]:
    """A rate that is constant between edges."""
    steps = zip(itertools.pairwise(edges), rates, strict=True)
    return tuple(Point(second, rate) for (begin, end), rate in steps for second in (begin, end))


def _integral(points: Sequence[Point]) -> Seconds:
    """Requests expected up to each point."""
    areas = [(b.second - a.second) * (a.rate + b.rate) / 2 for a, b in itertools.pairwise(points)]
    return np.concatenate([[0.0], np.cumsum(areas)])


def _invert(points: Sequence[Point], unit: Seconds) -> Seconds:
    """The moments at which the integral of the rate reaches each of `unit`, ascending and below the whole integral."""
    reached = _integral(points)
    piece = np.searchsorted(reached, unit, side="right") - 1
    second = np.array([point.second for point in points], np.float64)
    rate = np.array([point.rate for point in points], np.float64)
    lengths = np.diff(second)
    slopes = np.divide(np.diff(rate), lengths, out=np.zeros_like(lengths), where=lengths > 0)
    rest, first, slope = unit - reached[piece], rate[piece], slopes[piece]
    # The root of slope/2 x^2 + first x = rest, in the form that is exact for a slope of 0 too.
    root = np.sqrt(np.maximum(first**2 + 2 * slope * rest, 0.0))
    return np.asarray(second[piece] + 2 * rest / (first + root), np.float64)
