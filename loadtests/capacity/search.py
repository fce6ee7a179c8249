"""Which rate to try next, and when enough is known: a pure function of the runs made so far, so that a search can go on where it stopped.

1. The bracket: from a first guess the rate is doubled until one is not sustained, or halved until one is. These runs are short.
2. The bracket is cut by runs of full length until its ends are as close as wanted: in its geometric middle, or, while it is wide and
   its upper end was clearly too much, just below and just above what was completed there, which is often the capacity.
3. Both ends decide, so both are measured twice at full length and must agree; where they do not, a third run breaks the tie.
   An end that falls moves the bracket, and the search goes on from 2.

A run that is INVALID is made again, at most `tries` times. Where it stays so because the generator was the bottleneck, that rate is
beyond the generator: the search looks below it, and where everything there is sustained too, it ends with "at least". Where
it stays so for another reason, the search ends and says the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

SUSTAINED: Final = "sustained"
NOT_SUSTAINED: Final = "not sustained"
INVALID: Final = "invalid"
"""The run says nothing about its target."""
BEYOND_GENERATOR: Final = "beyond generator"
"""The run says nothing about its target, because the generator was the bottleneck."""

AGREEING: Final = 2
"""Runs of one rate that must say the same before it is an end of the result."""
GROWTH: Final = 2.0
WIDE: Final = 3.0
"""A bracket of more widths than that is wide."""
MOST_RATES_BEYOND: Final = 3
"""Rates at which the generator is the bottleneck, none of them above one that could be measured, after which no lower one is tried."""

BRACKETED: Final = "bracketed"
AT_LEAST: Final = "at least"
NOTHING_SUSTAINED: Final = "nothing sustained"
UNSETTLED: Final = "unsettled"


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """What is looked for.

    Attributes:
        first_rate: To try first, in requests per second.
        width: Of the bracket that is narrow enough: its upper end is at most so much above its lower end, relatively.
        lowest_rate: Below which nothing is tried.
        enough_rate: A rate that, once sustained twice, needs no higher one; None where the largest is looked for.
        tries: Of a rate whose runs are INVALID.
        most_runs: After which the search ends unsettled.
    """

    first_rate: float
    width: float = 0.03
    lowest_rate: float = 0.1
    enough_rate: float | None = None
    tries: int = 3
    most_runs: int = 40


@dataclass(frozen=True, slots=True)
class Measured:
    """One run.

    Attributes:
        rate: That was wanted.
        is_short: Whether it was one of those that only look for the bracket.
        outcome: `SUSTAINED`, `NOT_SUSTAINED`, `INVALID` or `BEYOND_GENERATOR`.
        says: Why, in a sentence with figures.
        completed_rate: Requests per second that ended as they should meanwhile; None where nobody counted.
    """

    rate: float
    is_short: bool
    outcome: str
    says: str = ""
    completed_rate: float | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """The run to make next."""

    rate: float
    is_short: bool


@dataclass(frozen=True, slots=True)
class End:
    """One end of the bracket: its rate, and how many of its runs of full length said so."""

    rate: float
    agreeing: int
    runs: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to.

    Attributes:
        kind: `BRACKETED`: the capacity lies between the two ends. `AT_LEAST`: everything that could be tried was sustained.
            `NOTHING_SUSTAINED`: not even the lowest rate was. `UNSETTLED`: it had to end before.
        sustained: The highest rate that was sustained; None where none was.
        not_sustained: The lowest rate above it that was not; None where none was found.
        beyond_generator: The lowest rate at which the generator was the bottleneck; None where it never was.
        why: Why the search ended as it did, in a sentence; empty where it ended as wanted.
    """

    kind: str
    sustained: End | None
    not_sustained: End | None
    beyond_generator: float | None
    why: str


Step: TypeAlias = Trial | Found


def search(measure: Callable[[Trial], Measured], settings: SearchSettings) -> tuple[Found, tuple[Measured, ...]]:
    """Make runs until enough is known; what was found, and every run in its order."""
    runs: list[Measured] = []
    while isinstance(step := next_step(runs, settings), Trial):
        runs.append(measure(step))
    return step, tuple(runs)


def next_step(runs: Sequence[Measured], settings: SearchSettings) -> Step:
    """The run to make next, or what was found: the same for the same runs."""
    known = _Known(runs)
    last = runs[-1] if runs else None
    if last is not None and last.outcome in (INVALID, BEYOND_GENERATOR):
        failed = known.invalid_in_a_row()
        if failed < settings.tries:
            return Trial(last.rate, last.is_short)
        # An end that cannot be measured again would be asked for until no run is left.
        if last.outcome == INVALID or last.rate <= known.low_rate or last.rate == known.high:
            return known.found(
                UNSETTLED, f"{failed} runs in a row at {last.rate:.2f} per second were INVALID: {last.says}"
            )
    if len(runs) >= settings.most_runs:
        return known.found(UNSETTLED, f"After {len(runs)} runs the ends of the bracket still did not agree.")
    tied = known.tied()
    return _look(known, settings) if tied is None else Trial(tied, is_short=False)


def _look(known: _Known, settings: SearchSettings) -> Step:
    """Where the next thing is to be learnt, the runs so far being in agreement."""
    if known.high is None:
        return _look_higher(known, settings)
    return _look_lower(known, settings) if known.low is None else _narrow(known, settings)


def _look_higher(known: _Known, settings: SearchSettings) -> Step:
    """Nothing was too much yet."""
    low, ceiling = known.low, known.ceiling
    if low is None and ceiling is None:
        return Trial(settings.first_rate, is_short=True)
    if low is None:
        return _look_lower(known, settings)
    enough = settings.enough_rate
    if enough is not None and low >= enough:
        return _confirm(known, low) or known.found(AT_LEAST, "More was not asked for.")
    if ceiling is not None:
        if ceiling <= low * (1 + settings.width):
            return _confirm(known, low) or known.found(
                AT_LEAST, f"At {ceiling:.2f} per second the generator was the bottleneck."
            )
        return Trial(math.sqrt(low * ceiling), is_short=False)
    higher = low * GROWTH
    return Trial(higher if enough is None else min(higher, enough), is_short=True)


def _look_lower(known: _Known, settings: SearchSettings) -> Step:
    """Nothing was sustained yet."""
    lowest = min(rate for rate in (known.high, known.ceiling) if rate is not None)
    if known.high is None and known.rates_beyond >= MOST_RATES_BEYOND:
        return known.found(
            UNSETTLED, f"Even at {lowest:.2f} per second the generator was the limit: its machine has no time for it."
        )
    if lowest / GROWTH < settings.lowest_rate:
        return known.found(NOTHING_SUSTAINED, f"Not even {lowest:.2f} per second were sustained.")
    return Trial(lowest / GROWTH, is_short=True)


def _narrow(known: _Known, settings: SearchSettings) -> Step:
    """Something was sustained, and something above it was not."""
    low, high, ceiling = known.low_rate, known.high, known.ceiling
    assert high is not None  # noqa: S101 - for the type checker; the caller asked
    if high <= low * (1 + settings.width):
        return _confirm(known, low) or _confirm(known, high) or known.found(BRACKETED, "")
    if ceiling is not None and low < ceiling < high:
        if ceiling <= low * (1 + settings.width):
            return _confirm(known, low) or known.found(
                AT_LEAST, f"At {ceiling:.2f} per second the generator was the bottleneck."
            )
        high = ceiling
    return Trial(_cut(low, high, known.completed(high), settings.width), is_short=False)


def _cut(low: float, high: float, completed: float | None, width: float) -> float:
    """Where to cut a bracket; `completed` is the rate that its upper end completed."""
    if completed is not None and completed * (1 + width) < high and high > low * (1 + width) ** WIDE:
        beside = math.sqrt(1 + 0.9 * width)
        for rate in (completed / beside, completed * beside):
            if low * (1 + width) < rate < high:
                return rate
    return math.sqrt(low * high)


def _confirm(known: _Known, rate: float) -> Trial | None:
    """Another run of this rate, where those made do not yet say the same often enough."""
    return None if known.end(rate).agreeing >= AGREEING else Trial(rate, is_short=False)


class _Known:
    """What the runs say about each rate."""

    def __init__(self, runs: Sequence[Measured]) -> None:
        self._runs = runs
        self._votes: dict[float, list[bool]] = {}
        self._short: dict[float, bool] = {}
        for run in runs:
            if run.outcome not in (SUSTAINED, NOT_SUSTAINED):
                continue
            if run.is_short:
                self._short[run.rate] = run.outcome == SUSTAINED
            else:
                self._votes.setdefault(run.rate, []).append(run.outcome == SUSTAINED)
        opinions = {rate: self._opinion(rate) for rate in self._short.keys() | self._votes.keys()}
        self.high = min((rate for rate, is_sustained in opinions.items() if not is_sustained), default=None)
        below = math.inf if self.high is None else self.high
        self.low = max((rate for rate, is_sustained in opinions.items() if is_sustained and rate < below), default=None)
        beyond = {run.rate for run in runs if run.outcome == BEYOND_GENERATOR} - opinions.keys()
        self.ceiling = min(beyond, default=None)
        self.rates_beyond = len(beyond)

    @property
    def low_rate(self) -> float:
        """The highest rate that was sustained, or 0."""
        return 0.0 if self.low is None else self.low

    def _opinion(self, rate: float) -> bool:
        """Runs of full length count; a short one only where there are none. A tie counts as not sustained."""
        votes = self._votes.get(rate)
        return 2 * sum(votes) > len(votes) if votes else self._short[rate]

    def tied(self) -> float | None:
        """A rate whose runs of full length contradict each other."""
        return next((rate for rate, votes in self._votes.items() if 2 * sum(votes) == len(votes)), None)

    def end(self, rate: float) -> End:
        """How sure this rate is."""
        votes = self._votes.get(rate, [])
        return End(rate, max(sum(votes), len(votes) - sum(votes)), len(votes))

    def completed(self, rate: float) -> float | None:
        """What was completed by the last run of this rate that said anything."""
        runs = [run for run in self._runs if run.rate == rate and run.outcome in (SUSTAINED, NOT_SUSTAINED)]
        return runs[-1].completed_rate if runs else None

    def invalid_in_a_row(self) -> int:
        """The last runs that were INVALID, of the same rate."""
        count, rate = 0, self._runs[-1].rate
        for run in reversed(self._runs):
            if run.rate != rate or run.outcome in (SUSTAINED, NOT_SUSTAINED):
                break
            count += 1
        return count

    def found(self, kind: str, why: str) -> Found:
        """The end of the search."""
        low = None if self.low is None else self.end(self.low)
        high = None if self.high is None else self.end(self.high)
        return Found(kind, low, high, self.ceiling, why)
