"""Alerts on objectives that are being missed: right at 5 photos a day and at 50,000.

A share alone wakes somebody for one failure in an empty night, and waits for ever on a trickle in a quiet site. So each branch wants
a number of failures over its long window, the share over both windows, and the branch of the longest window looks back over days. The
branches are one alert, joined by `or`: whatever burns, one notification goes out.
"""

from __future__ import annotations

from monitoring.objectives import Objectives
from monitoring.objectives.objectives import BurnRate
from monitoring.rules.durations import Pace
from monitoring.rules.rule import KEPT_SECONDS, Alert
from monitoring.rules.slo_rules import COUNTED, DAY_SECONDS, FAILED, MEASURED, series, slow

HALF = 0.5
"""Below a whole number that must be reached: `increase` extrapolates, and two replicas' parts add up to 4.9999."""


def burn_alerts(objectives: Objectives, pace: Pace = Pace()) -> list[Alert]:  # noqa: B008 - frozen
    """Availability and latency: two pages, two tickets."""
    return [
        _availability(objectives, pace),
        _latency(objectives, pace),
        _failure_every_day(objectives, pace),
        _latency_trickle(objectives, pace),
    ]


def _availability(objectives: Objectives, pace: Pace) -> Alert:
    availability = objectives.availability
    rates = availability.burn_rates
    looks = availability.from_outside.looks_without_answer
    branches = [_burning(FAILED, COUNTED, availability.allowed, rate) for rate in (rates.fast, rates.slow)]
    branches.append(_trickling(FAILED, COUNTED, availability.allowed, rates.trickle))
    # Shown as a share, as the others are: from outside nobody gets an answer.
    branches.append(f'(max(symmetra_blackbox_in_a_row{{result="unanswered"}}) >= bool {looks}) == 1')
    return Alert(
        name="AvailabilityBurn",
        severity="page",
        expression="\nor\n".join(branches),
        waits=pace.text(120),
        summary="Patients' photos get no answer.",
        keeps=pace.text(KEPT_SECONDS),
        description=(
            f"{{{{ $value | humanizePercentage }}}} of patients' screenings failed, where {availability.allowed:.1%} may; or the sentinel "
            f"outside got no answer {looks} times in a row."
        ),
    )


def _latency(objectives: Objectives, pace: Pace) -> Alert:
    latency = objectives.latency
    branches = [
        _burning(slow(name), MEASURED, objective.allowed, rate)
        for name, objective in (("usual", latency.objectives.usual), ("slowest", latency.objectives.slowest))
        for rate in (latency.burn_rates.fast, latency.burn_rates.slow)
    ]
    return Alert(
        name="LatencyBurn",
        severity="page",
        expression="\nor\n".join(branches),
        # Longer than the outage that may be behind it, which then tells alone.
        waits=pace.text(300),
        summary="Patients wait too long for their answers.",
        description=(
            f"{{{{ $value | humanizePercentage }}}} of patients' screenings took longer than {latency.objectives.usual.within_seconds:g} s "
            f"({latency.objectives.usual.allowed:.0%} may) or than {latency.objectives.slowest.within_seconds:g} s "
            f"({latency.objectives.slowest.allowed:.0%} may)."
        ),
    )


def _failure_every_day(objectives: Objectives, pace: Pace) -> Alert:
    days = objectives.availability.failure_every_day_days
    day = series(FAILED, DAY_SECONDS)
    # Written out: the days of a subquery depend on when it is asked, and on the version of Prometheus.
    failed = [
        f"({day}{f' offset {pace.text(DAY_SECONDS * back)}' if back else ''} > bool {HALF})" for back in range(days)
    ]
    return Alert(
        name="FailureEveryDay",
        severity="ticket",
        expression=" +\n".join(failed) + f"\n== {days}",
        waits="0s",
        summary=f"A patient's screening failed on each of the last {days} days.",
        description="Few enough to keep the objective, and too regular to be chance: something fails in the same way every day.",
    )


def _latency_trickle(objectives: Objectives, pace: Pace) -> Alert:
    latency = objectives.latency
    branches = [
        _trickling(slow(name), MEASURED, objective.allowed, latency.burn_rates.trickle)
        for name, objective in (("usual", latency.objectives.usual), ("slowest", latency.objectives.slowest))
    ]
    return Alert(
        name="LatencyTrickle",
        severity="ticket",
        expression="\nor\n".join(branches),
        waits=pace.text(900),
        summary="For days, more answers were slow than the objective allows.",
        description="{{ $value | humanizePercentage }} of patients' screenings were slow. Nobody waits for long just now.",
    )


def _burning(failed: str, counted: str, allowed: float, rate: BurnRate, *others: str) -> str:
    """True, with the share over the long window, while the allowance is used up `burn_rate` times as fast as it may be."""
    share = f"{rate.burn_rate * allowed:g}"

    def burns(window_seconds: int) -> str:
        return f"{series(failed, window_seconds)} / {series(counted, window_seconds)} > {share}"

    enough = f"{series(failed, rate.long_seconds)} > {rate.min_failures - HALF}"
    conditions = (burns(rate.long_seconds), enough, burns(rate.short_seconds), *others)
    return "(\n  " + "\n  and ".join(conditions) + "\n)"


def _trickling(failed: str, counted: str, allowed: float, rate: BurnRate) -> str:
    """The same over days, and not before half of the failures are older than the short window.

    One bad hour of a site that is new, and so has no days of good ones, is no trickle: the other branches judge that.
    """
    before = f"{series(failed, rate.long_seconds)} - {series(failed, rate.short_seconds)}"
    return _burning(failed, counted, allowed, rate, f"{before} > {rate.min_failures / 2 - HALF:g}")
