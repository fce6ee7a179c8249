"""Where nothing changes: no alarm, warnings within their budget, through all that is usual at a site (gate viii)."""

import json
from pathlib import Path

import pytest

from monitoring.controller.controller import ControllerSettings
from tests.support.null_site import NullSite

RESULTS = Path(__file__).resolve().parents[3] / "monitoring" / "results" / "drift_null.json"
BUSY_SITES, QUIET_WEEKS = 6, 20


def busy(seed, *, look_seconds, most_photos_per_person=None):
    """200,000 screenings over eight replicas in four days, three photos of each person, a rollout in the middle."""
    settings = ControllerSettings(most_photos_per_person=most_photos_per_person)
    site = NullSite(photos_per_day=50_000, pods=8, seed=seed, look_seconds=look_seconds, settings=settings)
    site.run_days(2)
    site.bring("8")
    site.run_days(2)
    assert site.screened == pytest.approx(200_000, rel=0.02)
    assert site.events("began") == 2
    return site


def test_gate_viii_200_000_screenings_without_a_change_alarm_nobody():
    site = busy(1, look_seconds=1_200, most_photos_per_person=3)
    assert site.events("alarm") == 0
    assert site.events("warning") <= 1, "one in 30 days is the budget"
    assert site.share_jumps() == 0


@pytest.mark.parametrize("seed", [0])
def test_a_week_at_50_photos_a_day_without_a_change_says_nothing(seed):
    site = NullSite(photos_per_day=50, pods=2, seed=seed, look_seconds=3_600, photos_of_a_person=1, restarts_a_day=1)
    site.run_days(7)
    assert site.events("alarm") == site.events("warning") == site.share_jumps() == 0


@pytest.mark.long
def test_campaign_of_null_sites():
    """Several busy sites and quiet weeks: kept in monitoring/results/drift_null.json."""
    found = {
        "schema": "symmetra.drift-null/1",
        "busy": [],
        "quiet_weeks_at_50": {"weeks": QUIET_WEEKS, "alarms": 0, "warnings": 0},
    }
    for seed in range(BUSY_SITES):
        site = busy(seed, look_seconds=600, most_photos_per_person=None if seed % 2 else 3)
        found["busy"].append({
            "screenings": site.screened, "alarms": site.events("alarm"), "warnings": site.events("warning"),
            "share_jumps": int(site.share_jumps()), "photos_per_person_stated": seed % 2 == 0,
        })  # fmt: skip
    for seed in range(QUIET_WEEKS):
        site = NullSite(photos_per_day=50, pods=2, seed=seed, look_seconds=3_600, photos_of_a_person=1)
        site.run_days(7)
        found["quiet_weeks_at_50"]["alarms"] += site.events("alarm")
        found["quiet_weeks_at_50"]["warnings"] += site.events("warning")
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    assert sum(site["alarms"] for site in found["busy"]) <= 1, "four days each, at one alarm in 90 days"
    assert sum(site["share_jumps"] for site in found["busy"]) == 0
