"""A scenario, from a started site to what was told."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtests.scenarios.drifts import PHOTOS_OF, BadPhotos, OtherPhotos, check_refused
from loadtests.scenarios.faults import NEED_MODEL_DOOR, Doing, fault_of
from loadtests.scenarios.folder import make_anew
from loadtests.scenarios.judging import (
    MACHINE_SECONDS,
    Check,
    Moments,
    Sending,
    Told,
    check_answered,
    judge,
    over_seconds,
    told_seconds,
)
from loadtests.scenarios.pager import FIRING, RESOLVED, Notification, Pager
from loadtests.scenarios.photos import PatientPhotos
from loadtests.scenarios.preparing import Prepared
from loadtests.scenarios.scenario import Change, Expected, Scenario
from loadtests.scenarios.sending import EvenTraffic, PhotoSender
from loadtests.scenarios.site import Site
from serving.local.drift_demo import Face
from serving.local.stack import Interpreters
from serving.local.webhook import HEARTBEAT

BAD_PHOTOS: Final = "bad_photos"
ALERT_STEP_SECONDS: Final = 1.0
UNTOUCHED: Final = "prometheus|alertmanager|sentinel|drift-controller"
"""Jobs of which nothing is wrong in any scenario."""
LONGEST_SCRAPE_SECONDS: Final = 1.0
"""Half of what a scrape may take here; a part that has nothing to do and needs longer shows a machine without time."""
OLDEST_HEARTBEAT_SECONDS: Final = 60.0 + MACHINE_SECONDS
"""The route repeats it every minute, and no pace makes repeats faster."""
FIRST_MINUTES: Final = 3.0
"""Of traffic, before the clock of a scenario begins: rates want two scrapes."""


@dataclass(frozen=True, slots=True)
class Shown:
    """When an alert was pending or fired, by Prometheus.

    Attributes:
        alert: Its name.
        state: `pending` or `firing`.
        seconds: At which it was so, after the beginning.
    """

    alert: str
    state: str
    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of a scenario showed.

    Attributes:
        scenario: Which.
        started: Date and time, UTC.
        moments: When what was done.
        told: What came, in order.
        shown: Of Prometheus.
        sending: How the patients' photos went.
        bad: How the bad ones of a burst went; none are due where there is no burst.
        slowest_scrape_seconds: Of what no scenario touches; None where such a part could not be scraped at all at some moment.
        heartbeat_age_seconds: How old the last notification of the alert that always fires was at the end; None where none came.
        checks: The verdict.
    """

    scenario: Scenario
    started: str
    moments: Moments
    told: tuple[Told, ...]
    shown: tuple[Shown, ...]
    sending: Sending
    bad: Sending
    slowest_scrape_seconds: float | None
    heartbeat_age_seconds: float | None
    checks: tuple[Check, ...]

    @property
    def has_time(self) -> bool:
        """Whether this machine could ask and answer in time what nothing is wrong with."""
        return self.slowest_scrape_seconds is not None and self.slowest_scrape_seconds <= LONGEST_SCRAPE_SECONDS

    @property
    def was_heard(self) -> bool:
        """Whether at the end whoever has something to tell was still heard: the heartbeat was no older than it may be."""
        return self.heartbeat_age_seconds is not None and self.heartbeat_age_seconds <= OLDEST_HEARTBEAT_SECONDS

    @property
    def is_valid(self) -> bool:
        """Whether it says something about the system.

        Photos came when they were due, and what nothing is wrong with could be scraped all the time. Where alarms were wrong, or silence is all
        that is wanted, the machine also had time; and silence was one in which somebody could have been told.
        """
        if self.slowest_scrape_seconds is None or not self.sending.is_believable:
            return False
        if has_burst(self.scenario) and not self.bad.is_believable:
            return False
        if not self.scenario.expect:
            return self.has_time and self.was_heard
        return self.is_kept or self.has_time

    @property
    def is_kept(self) -> bool:
        """Whether everything is as the scenario wants."""
        return all(check.is_kept for check in self.checks)


def run_scenario(
    scenario: Scenario, folder: Path, prepared: Prepared, python: Interpreters, tell: Callable[[str], None]
) -> Outcome:
    """Start the site, do what the scenario says, and judge what was told.

    Args:
        scenario: Which.
        folder: Of this run; what an earlier one left there is forgotten, and anything else is left alone.
        prepared: Version and faces.
        python: Of each component.
        tell: Told each step in a line.

    Raises:
        ScenarioFailed: The folder holds something else, the site was not watched in time, or cannot be changed so on this machine.
        serving.local.processes.ProcessFailed: A part did not come up.
    """
    started = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S}"
    make_anew(folder)
    shutil.copytree(prepared.models, folder / "models")
    has_door = any(change.kind in NEED_MODEL_DOOR for change in scenario.changes)
    tell("starting the site")
    with Site(scenario, folder, python, has_model_door=has_door) as site, ExitStack() as mending:
        photos = PatientPhotos(prepared.faces, prepared.higher)
        patients, others = (PhotoSender(site.door.port, site.key("patients")) for _ in range(2))
        crowd = _Crowd(patients, others, photos, prepared.faces[0])
        site.wait_until_watched()
        a_second = 1.0 / scenario.seconds(1.0 / scenario.photos_a_minute)
        mending.enter_context(EvenTraffic(patients, a_second, lambda: (photos.take(), "image/jpeg")))
        time.sleep(scenario.seconds(FIRST_MINUTES))
        began, began_at = time.monotonic(), time.time()
        doings = [_doing(change, scenario, site, crowd) for change in scenario.changes]
        for doing in doings:
            mending.callback(doing.end)
        tell("all is watched and quiet; the clock of the site begins")
        moments = go_through(scenario, doings, site.pager, began, tell)
        told = tuple(_told(site.pager, began))
        shown = _shown(site, began_at, moments.finished)
        sending, slowest = patients.sending(), _slowest_scrape(site, moments.finished)
        bad, age = others.sending(), _heartbeat_age_seconds(site.pager, began + moments.finished)
    checks = [*judge(scenario, moments, told), *check_answered(scenario, sending)]
    if has_burst(scenario):
        checks.append(check_refused(bad))
    return Outcome(scenario, started, moments, told, shown, sending, bad, slowest, age, tuple(checks))


def has_burst(scenario: Scenario) -> bool:
    """Whether bad photos come in it."""
    return any(change.kind == BAD_PHOTOS for change in scenario.changes)


@dataclass(frozen=True, slots=True)
class _Crowd:
    """Who sends, and what. Attributes: the patients, whoever sends bad photos, the photos, and a face."""

    patients: PhotoSender
    others: PhotoSender
    photos: PatientPhotos
    face: Face


def _doing(change: Change, scenario: Scenario, site: Site, crowd: _Crowd) -> Doing:
    if change.kind in PHOTOS_OF:
        return OtherPhotos(site, crowd.photos, PHOTOS_OF[change.kind])
    if change.kind == BAD_PHOTOS:
        a_second = 1.0 / scenario.seconds(1.0 / change.options["photos_a_minute"])
        return BadPhotos(crowd.others, a_second, crowd.face.path.read_bytes())
    return fault_of(change, scenario, site, crowd.patients, crowd.photos)


def go_through(
    scenario: Scenario, doings: Sequence[Doing], pager: Pager, began: float, tell: Callable[[str], None]
) -> Moments:
    """Make the changes at their minutes, end them once everything was told or is overdue, and wait for the end of it and for silence.

    Args:
        scenario: What is wanted when.
        doings: One for each change, in the same order.
        pager: Where notifications arrive.
        began: Monotonic seconds at which the clock of the site began.
        tell: Told each step in a line.
    """

    def now() -> float:
        return time.monotonic() - began

    changes = sorted(zip(scenario.changes, doings, strict=True), key=lambda pair: pair[0].at_minute)
    changed, moments = 0.0, list[float]()
    for change, doing in changes:
        time.sleep(max(0.0, scenario.seconds(change.at_minute) - now()))
        changed = changed if moments else now()
        doing.begin()
        # What takes long to make, such as a promotion, counts from when it is made.
        moments.append(now())
        tell(f"minute {scenario.minutes(now()):.1f}: {change.kind}")
    fully = moments[-1]
    _wait_for(pager, scenario.expect, FIRING, began + fully, lambda expected: told_seconds(scenario, expected))
    lasts = max(
        moment + scenario.seconds(change.lasts_minutes) for (change, _), moment in zip(changes, moments, strict=True)
    )
    time.sleep(max(0.0, lasts - now()))
    ending = now()
    tell(f"minute {scenario.minutes(ending):.1f}: it ends")
    for _, doing in reversed(changes):
        doing.end()
    ended = now()
    _wait_for(pager, scenario.expect, RESOLVED, began + ended, lambda expected: over_seconds(scenario, expected))
    tell(f"minute {scenario.minutes(now()):.1f}: {scenario.quiet_minutes:g} minutes in which nothing else may come")
    # An absence can only be waited for.
    time.sleep(scenario.seconds(scenario.quiet_minutes))
    return Moments(changed, fully, ending, ended, now())


def _wait_for(
    pager: Pager, expected: Sequence[Expected], status: str, since: float, allowed_seconds: Callable[[Expected], float]
) -> None:
    """Until each came, or is overdue by as much as a late one is still worth knowing of."""

    def came(told: Sequence[Notification], each: Expected) -> bool:
        return any((n.receiver, n.status) == (each.receiver, status) and each.alert in n.alerts for n in told)

    for each in expected:
        left = since + allowed_seconds(each) + MACHINE_SECONDS - time.monotonic()
        pager.wait_for(lambda told, each=each: came(told, each), max(0.0, left))  # type: ignore[misc]


def _told(pager: Pager, began: float) -> list[Told]:
    return [
        Told(each.receiver, each.status, alert, each.at - began)
        for each in pager.notifications()
        if each.at >= began
        for alert in each.alerts
    ]


def _heartbeat_age_seconds(pager: Pager, at: float) -> float | None:
    came = [each.at for each in pager.notifications(FIRING, but=()) if each.receiver == HEARTBEAT]
    return at - came[-1] if came else None


def _slowest_scrape(site: Site, seconds: float) -> float | None:
    span = f"[{round(seconds * 1000)}ms]"
    if site.query(f'min_over_time(up{{job=~"{UNTOUCHED}"}}{span}) == 0'):
        return None
    found = site.query(f'max(max_over_time(scrape_duration_seconds{{job=~"{UNTOUCHED}"}}{span}))')
    return float(found[0]["value"][1]) if found else None


def _shown(site: Site, began_at: float, seconds: float) -> tuple[Shown, ...]:
    rows = site.query(
        'max by (alertname, alertstate) (ALERTS{alertname!="DeadMansSwitch"})',
        start=began_at,
        end=began_at + seconds,
        step=ALERT_STEP_SECONDS,
    )
    return tuple(
        Shown(
            row["metric"]["alertname"],
            row["metric"]["alertstate"],
            tuple(round(float(moment) - began_at, 1) for moment, _ in row["values"]),
        )
        for row in rows
    )
