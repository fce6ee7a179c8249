"""At 5, 50, 500 and 20,000 photos a day: one failure never pages, eight days of a trickle always do.

A trickle is one failure a day, or one in a hundred where that is more: at 5 a day 20 times what the objective allows, at 20,000 twice. What
stays within the objective pages nobody, and is a ticket where it happens every day.
"""

import dataclasses

import pytest

from monitoring.objectives import read_objectives
from monitoring.rules.burn_alerts import burn_alerts
from monitoring.rules.rule import Group, rule_file
from monitoring.rules.slo_rules import COUNTED, FAILED, slo_groups
from tests.support.promtool import Scenario

pytestmark = pytest.mark.needs_system("promtool")
VOLUMES = (5, 50, 500, 20_000)
ANSWERED = 'symmetra_screenings_total{outcome="answered",traffic="patient"}'
FAILING = 'symmetra_screenings_total{outcome="model_timeout",traffic="patient"}'
DAYS = 9
STEPS_OF_DAY = {"5m": 288, "1m": 1440}


def slower(seconds):
    """The objectives, with rules evaluated so seldom that promtool takes seconds for days; all at one pace, as it knows but one."""
    objectives = read_objectives()
    intervals = dataclasses.replace(objectives.intervals, short_rules_seconds=seconds, long_rules_seconds=seconds)
    return dataclasses.replace(objectives, intervals=intervals)


def availability_rules(objectives):
    """The rules that availability needs, and no others: promtool evaluates each of them a thousand times.

    In one group, so in order: between groups a rule would see what is older than Prometheus looks back, at this slow pace.
    """
    records = [
        rule for group in slo_groups(objectives) for rule in group.rules if rule.name.startswith((COUNTED, FAILED))
    ]
    alerts = [alert for alert in burn_alerts(objectives) if alert.name in ("AvailabilityBurn", "FailureEveryDay")]
    return {"rules.yaml": rule_file([Group("all", "1m", [*records, *alerts])])}


def counter(per_day, steps, steps_of_day, first_step=0):
    """A counter with so many increments a day, evenly spread, in promtool's notation; shorter where a value stays."""
    every = steps_of_day / per_day
    values = [0 if step < first_step else int((step - first_step) / every) + 1 for step in range(steps)]
    runs = []
    for value in values:
        if runs and runs[-1][0] == value:
            runs[-1][1] += 1
        else:
            runs.append([value, 0])
    return " ".join(f"{value}x{times}" if times else str(value) for value, times in runs)


def scenario(per_day, failures, firing, *, interval="5m", days=DAYS, pace=3600, ever=False):
    objectives = slower(pace)
    steps_of_day = STEPS_OF_DAY[interval]
    series = {ANSWERED: counter(per_day, int(days * steps_of_day), steps_of_day), FAILING: failures}
    return Scenario(
        series, firing, interval=interval, objectives=objectives, ever=ever, rules=availability_rules(objectives)
    )


@pytest.mark.parametrize("per_day", VOLUMES)
def test_one_failure_never_pages(per_day, tmp_path):
    once = f"0x{2 * 288 + 100} 1x{7 * 288}"
    assert scenario(per_day, once, {"9d": set()}, ever=True).failures(tmp_path) == ""


@pytest.mark.parametrize("per_day", [5, pytest.param(500, marks=pytest.mark.long)])
def test_one_failure_pages_at_no_moment_of_the_hours_after_it(per_day, tmp_path):
    # At the pace of a site: what the slower rules above might have jumped over.
    once = "0x60 1x420"
    seen = scenario(per_day, once, {"8h": set()}, interval="1m", days=1 / 3, pace=60, ever=True)
    assert seen.failures(tmp_path) == ""


@pytest.mark.parametrize("per_day", VOLUMES)
def test_eight_days_of_a_trickle_always_page(per_day, tmp_path):
    failures_of_day = max(1, per_day // 100)
    trickle = counter(failures_of_day, DAYS * 288, 288, first_step=100)
    assert scenario(per_day, trickle, {"7d6h": {"AvailabilityBurn"}}).failures(tmp_path) == ""


@pytest.mark.parametrize("per_day", [500, pytest.param(20_000, marks=pytest.mark.long)])
def test_a_daily_failure_within_the_objective_is_a_ticket_and_no_page(per_day, tmp_path):
    daily = counter(1, DAYS * 288, 288, first_step=100)
    assert scenario(per_day, daily, {"7d6h": set(), "8d6h": {"FailureEveryDay"}}).failures(tmp_path) == ""


def test_trickle_ends_a_day_after_its_last_failure(tmp_path):
    # Seven failures, one a day; the page comes with the sixth, and goes when a day went without.
    steps = [0] * 100 + [number for number in range(1, 8) for _ in range(288)] + [7] * (2 * 288)
    trickle = " ".join(map(str, steps))
    moments = {"5d8h": set(), "5d12h": {"AvailabilityBurn"}, "7d6h": {"AvailabilityBurn"}, "7d12h": set()}
    assert scenario(5, trickle, moments, days=10).failures(tmp_path) == ""
