"""What was told, held against what a scenario expects: late, missing, spurious, not over, each is a failure by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from loadtests.scenarios.pager import FIRING, RESOLVED
from loadtests.scenarios.scenario import Expected, Scenario

MACHINE_SECONDS: Final = 20.0
"""On top of what a site waits: scrapes, looks, calls and processes that no pace makes faster."""
MOST_LATE_STARTS: Final = 0.05
LATE_START_SECONDS: Final = 2.0
"""A photo that was sent so much after it was due says that this machine had no time, and so nothing of the system's alarms."""
Result: TypeAlias = Literal[
    "kept", "late", "missing", "spurious", "not over", "over too late", "too few", "not refused"
]
KEPT: Final = "kept"
ANSWERED: Final = "200"


@dataclass(frozen=True, slots=True)
class Told:
    """A notification.

    Attributes:
        receiver: Who was told.
        status: `firing` or `resolved`.
        alert: Of one name; a notification about several is several of these.
        second: When, after the moment at which all was watched and quiet.
    """

    receiver: str
    status: str
    alert: str
    second: float


@dataclass(frozen=True, slots=True)
class Moments:
    """When things were done, seconds after the moment at which all was watched and quiet.

    Attributes:
        changed: The first change was begun.
        changed_fully: The last one was made; what must be told counts from here.
        ending: Their end was begun; nothing is over before.
        ended: The last one had ended; what must be over counts from here.
        finished: Nobody looked any more.
    """

    changed: float
    changed_fully: float
    ending: float
    ended: float
    finished: float


@dataclass(frozen=True, slots=True)
class Sending:
    """How the patients' photos went.

    Attributes:
        due: Photos that were to be sent.
        late: Of these, sent more than `LATE_START_SECONDS` after their moment, or never.
        by_status: HTTP status, or "none" where no answer came -> photos.
    """

    due: int
    late: int
    by_status: dict[str, int]

    @property
    def is_believable(self) -> bool:
        """Whether this machine had the time to send what a scenario wants."""
        return self.due > 0 and self.late <= max(1, MOST_LATE_STARTS * self.due)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What must be.
        result: What was.
        says: The figures.
        seconds: From the change, or from its end, to the notification; None where none came or none was expected.
        allowed_seconds: That it might take; None where nothing was to come.
    """

    name: str
    result: Result
    says: str
    seconds: float | None = None
    allowed_seconds: float | None = None

    @property
    def is_kept(self) -> bool:
        """Whether it is as it must be."""
        return self.result == KEPT


def judge(scenario: Scenario, moments: Moments, told: Sequence[Told]) -> tuple[Check, ...]:
    """A check for each expected notification, one for its end, and one for everything else that was told.

    Args:
        scenario: What is expected.
        moments: What was done when.
        told: What came, in order, heartbeats left out.
    """
    checks = []
    accounted: list[Told] = []
    for expected in scenario.expect:
        came = [each for each in told if (each.alert, each.receiver) == (expected.alert, expected.receiver)]
        firing = next((each for each in came if each.status == FIRING and each.second >= moments.changed), None)
        over = firing and next(
            (each for each in came if each.status == RESOLVED and each.second >= firing.second), None
        )
        checks.append(_told_in_time(scenario, expected, moments, firing))
        if firing is not None:
            checks.append(_over_in_time(scenario, expected, moments, over))
        accounted += [each for each in (firing, over) if each is not None]
    may = {(each.alert, each.receiver) for each in scenario.may}
    rest = [each for each in told if each not in accounted and (each.alert, each.receiver) not in may]
    checks.append(_nothing_else(scenario, moments, rest))
    return tuple(checks)


def check_answered(scenario: Scenario, sending: Sending) -> tuple[Check, ...]:
    """That enough of the patients' photos were answered; no check where the scenario wants no share of them."""
    least = scenario.answered_share_at_least
    if least is None:
        return ()
    answered, of = sending.by_status.get(ANSWERED, 0), sum(sending.by_status.values())
    is_enough = of > 0 and answered >= least * of
    name = f"at least {least:.1%} of the patients' photos are answered"
    return (Check(name, KEPT if is_enough else "too few", f"{answered} of {of} were"),)


def told_seconds(scenario: Scenario, expected: Expected) -> float:
    """Within which it must be told, of real time."""
    return scenario.seconds(expected.within_minutes) + MACHINE_SECONDS


def over_seconds(scenario: Scenario, expected: Expected) -> float:
    """Within which it must be over, of real time."""
    return scenario.seconds(expected.over_within_minutes) + MACHINE_SECONDS


def _told_in_time(scenario: Scenario, expected: Expected, moments: Moments, firing: Told | None) -> Check:
    allowed = told_seconds(scenario, expected)
    name = f"{expected.words}: told within {expected.within_minutes:g} minutes"
    if firing is None:
        return Check(name, "missing", f"it was never told; {_figures(scenario, allowed)} are allowed", None, allowed)
    took = firing.second - moments.changed_fully
    says = f"told after {_figures(scenario, took)}; {_figures(scenario, allowed)} are allowed"
    return Check(name, KEPT if took <= allowed else "late", says, took, allowed)


def _over_in_time(scenario: Scenario, expected: Expected, moments: Moments, over: Told | None) -> Check:
    allowed = over_seconds(scenario, expected)
    name = f"{expected.words}: over within {expected.over_within_minutes:g} minutes of the end"
    if over is None:
        return Check(
            name,
            "not over",
            f"nobody was told that it is over; {_figures(scenario, allowed)} are allowed",
            None,
            allowed,
        )
    took = over.second - moments.ended
    if over.second < moments.ending:
        says = f"told as over {_figures(scenario, moments.ending - over.second)} before what caused it ended"
        return Check(name, "spurious", says, took, allowed)
    says = f"over after {_figures(scenario, took)}; {_figures(scenario, allowed)} are allowed"
    return Check(name, KEPT if took <= allowed else "over too late", says, took, allowed)


def _nothing_else(scenario: Scenario, moments: Moments, rest: Sequence[Told]) -> Check:
    name = "nobody is told anything else"
    if not rest:
        return Check(name, KEPT, f"nothing came within {_figures(scenario, moments.finished)}")
    says = "; ".join(
        f"{each.alert} to {each.receiver} ({each.status}) at minute {scenario.minutes(each.second):.1f}"
        for each in rest
    )
    return Check(name, "spurious", says)


def _figures(scenario: Scenario, seconds: float) -> str:
    return f"{scenario.minutes(seconds):.1f} minutes of the site ({seconds:.1f} s here)"
