"""What is promised, and when a breach is worth waking somebody: the content of `slo.yaml` as dataclasses.

Shares are fractions, durations seconds. The attributes are named as the file's members, where each section says what it means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from monitoring.objectives.errors import ObjectiveInvalid, OutcomeListedTwice

HOUR_SECONDS: Final = 3600
SHORT_IN_LONG: Final = 3
"""A long window is at least so many times its short one, or the second says nothing new."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """How often Prometheus scrapes and evaluates."""

    scrape_seconds: int
    short_rules_seconds: int
    long_rules_seconds: int

    def __post_init__(self) -> None:
        """Refuse what Prometheus cannot do."""
        for name in ("scrape_seconds", "short_rules_seconds", "long_rules_seconds"):
            value = getattr(self, name)
            _require(value > 0 and HOUR_SECONDS % value == 0, name, "is not so that an hour is a whole number of it")


@dataclass(frozen=True, slots=True)
class BurnRate:
    """When failures come so fast that somebody is told: over both windows, and not before `min_failures` of them."""

    long_seconds: int
    short_seconds: int
    burn_rate: float
    min_failures: int

    def __post_init__(self) -> None:
        """Refuse windows that cannot work together."""
        _require(self.short_seconds > 0, "short_seconds", "is not above 0")
        _require(
            self.long_seconds >= SHORT_IN_LONG * self.short_seconds,
            "long_seconds",
            f"is not {SHORT_IN_LONG} times short_seconds",
        )
        _require(self.burn_rate >= 1, "burn_rate", "is below 1, which the objective allows")
        _require(self.min_failures > 1, "min_failures", "lets one failure page")


@dataclass(frozen=True, slots=True)
class BurnRates:
    """Three of them: an outage, a bad morning, and what goes on for days."""

    fast: BurnRate
    slow: BurnRate
    trickle: BurnRate


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What each outcome of a screening means for availability; whatever is in no list counts as failed."""

    answered: tuple[str, ...]
    refused_for_the_photo: tuple[str, ...]
    fault_of_the_caller: tuple[str, ...]
    paused: tuple[str, ...]
    failed: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse an outcome in two lists."""
        seen: set[str] = set()
        for outcome in (*self.good, *self.uncounted, *self.failed):
            if outcome in seen:
                message = f"availability.outcomes: {outcome!r} is in two lists; leave it in one"
                raise OutcomeListedTwice(message)
            seen.add(outcome)

    @property
    def good(self) -> tuple[str, ...]:
        """Those that count, and did not fail."""
        return *self.answered, *self.refused_for_the_photo

    @property
    def uncounted(self) -> tuple[str, ...]:
        """Those that are neither a success nor a failure."""
        return *self.fault_of_the_caller, *self.paused


@dataclass(frozen=True, slots=True)
class FromOutside:
    """What the sentinel at the front door must see before somebody is woken."""

    looks_without_answer: int

    def __post_init__(self) -> None:
        """Refuse that one look pages."""
        _require(self.looks_without_answer > 1, "looks_without_answer", "lets one look page")


@dataclass(frozen=True, slots=True)
class Availability:
    """How many screenings must not fail."""

    objective: float
    outcomes: Outcomes
    burn_rates: BurnRates
    failure_every_day_days: int
    from_outside: FromOutside

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        _require_share(self.objective, "objective")
        _require(self.failure_every_day_days > 1, "failure_every_day_days", "is not above 1")

    @property
    def allowed(self) -> float:
        """The share that may fail."""
        return 1.0 - self.objective


@dataclass(frozen=True, slots=True)
class LatencyObjective:
    """So large a share within so many seconds."""

    objective: float
    within_seconds: float

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        _require_share(self.objective, "objective")
        _require(self.within_seconds > 0, "within_seconds", "is not above 0")

    @property
    def allowed(self) -> float:
        """The share that may take longer."""
        return 1.0 - self.objective


@dataclass(frozen=True, slots=True)
class LatencyObjectives:
    """Two of them: what people usually see, and the slowest they should."""

    usual: LatencyObjective
    slowest: LatencyObjective


@dataclass(frozen=True, slots=True)
class Latency:
    """How long screenings may take."""

    objectives: LatencyObjectives
    burn_rates: BurnRates


@dataclass(frozen=True, slots=True)
class Correctness:
    """Wrong golden answers."""

    golden_mismatches: int
    looks_in_a_row: int
    look_seconds: int

    def __post_init__(self) -> None:
        """Refuse that a mismatch is allowed: no number of wrong answers about people is."""
        _require(self.golden_mismatches == 0, "golden_mismatches", "is not 0, and no wrong answer is allowed")
        _require(self.looks_in_a_row > 0, "looks_in_a_row", "is not above 0")
        _require(self.look_seconds > 0, "look_seconds", "is not above 0")


@dataclass(frozen=True, slots=True)
class Records:
    """Records that are lost, or cannot be kept."""

    lost: int
    refused: int
    within_seconds: int

    def __post_init__(self) -> None:
        """Refuse that a record is lost without a word."""
        _require(self.lost == 0, "lost", "is not 0, and no record may be lost")
        _require(self.refused > 1, "refused", "lets one refused answer page")
        _require(self.within_seconds > 0, "within_seconds", "is not above 0")


@dataclass(frozen=True, slots=True)
class Saturation:
    """When a site needs more room."""

    shed_share: float
    min_shed: int
    queue_length: int
    for_seconds: int

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        _require_share(self.shed_share, "shed_share")
        _require(self.min_shed > 1, "min_shed", "is not above 1")


@dataclass(frozen=True, slots=True)
class Certificates:
    """How long before its end a certificate is somebody's work."""

    ticket_days: int

    def __post_init__(self) -> None:
        """Refuse a ticket that comes when it is too late."""
        _require(self.ticket_days > 0, "ticket_days", "is not above 0")


@dataclass(frozen=True, slots=True)
class Disk:
    """How much of a disk must be free."""

    free_share: float

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        _require_share(self.free_share, "free_share")


@dataclass(frozen=True, slots=True)
class Objectives:
    """The whole of `slo.yaml`."""

    period_days: int
    traffic: str
    intervals: Intervals
    availability: Availability
    latency: Latency
    correctness: Correctness
    records: Records
    saturation: Saturation
    certificates: Certificates
    disk: Disk
    heartbeat_seconds: int

    def __post_init__(self) -> None:
        """Refuse windows that are shorter than what they are made of."""
        _require(self.period_days > 0, "period_days", "is not above 0")
        _require(self.heartbeat_seconds > 0, "heartbeat_seconds", "is not above 0")
        for rates in (self.availability.burn_rates, self.latency.burn_rates):
            for rate in (rates.fast, rates.slow, rates.trickle):
                _require(
                    rate.short_seconds >= 4 * self.intervals.scrape_seconds,
                    "short_seconds",
                    "is not 4 scrapes long, so that one scrape that fails would empty it",
                )


def _require(holds: bool, name: str, says: str) -> None:
    if not holds:
        message = f"{name} {says}"
        raise ObjectiveInvalid(message)


def _require_share(value: float, name: str) -> None:
    _require(0.0 < value < 1.0, name, f"is {value}, which is no share between 0 and 1")
