"""An outcome of a scenario as a run leaves it, for reports and pictures: told in time, or as a test wants it."""

from __future__ import annotations

import dataclasses

from loadtests.scenarios.judging import Moments, Sending, Told, judge
from loadtests.scenarios.running import Outcome, Shown
from loadtests.scenarios.scenario import Allowed, Change, Expected, Scenario, SiteWants

SCENARIO = Scenario(
    name="some_scenario",
    about="Something <happens>.",
    times_faster=30.0,
    photos_a_minute=4.0,
    site=SiteWants(),
    changes=(Change("gateway_killed", 2.0, 0.0, {}),),
    expect=(Expected("ReplicaDown", "tickets", 15.0, 10.0),),
    may=(Allowed("DriftWarning", "tickets", "chance"),),
    quiet_minutes=15.0,
)
MOMENTS = Moments(changed=4.0, changed_fully=4.0, ending=40.0, ended=40.0, finished=100.0)
FIRING = Told("tickets", "firing", "ReplicaDown", 35.0)
RESOLVED = Told("tickets", "resolved", "ReplicaDown", 55.0)
SPURIOUS = Told("on-call", "firing", "LatencyBurn", 60.0)


BURST = dataclasses.replace(SCENARIO, changes=(Change("bad_photos", 2.0, 10.0, {"photos_a_minute": 12.0}),), expect=())
NO_PHOTOS = Sending(0, 0, {})


def make_outcome(
    *told: Told,
    late: int = 0,
    scrape_seconds: float | None = 0.1,
    scenario: Scenario = SCENARIO,
    bad: Sending = NO_PHOTOS,
    heartbeat_age: float | None = 30.0,
) -> Outcome:
    """Of a scenario; `late` photos of 200 were sent late."""
    shown = (
        Shown("ReplicaDown", "pending", tuple(float(second) for second in range(6, 26))),
        Shown("ReplicaDown", "firing", tuple(float(second) for second in range(26, 45))),
        Shown("Saturated", "pending", (50.0, 51.0)),
    )
    sending = Sending(200, late, {"200": 180, "422": 20})
    return Outcome(
        scenario,
        "2026-11-28 12:00:00",
        MOMENTS,
        told,
        shown,
        sending,
        bad,
        scrape_seconds,
        heartbeat_age,
        judge(scenario, MOMENTS, told),
    )
