"""What the controller shows: job `drift-controller`. Every sample also has the label `site`, empty where sites are not told apart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from monitoring.controller.heights import TIERS
from monitoring.controller.watch import STATES, Watch
from monitoring.declaring import Declaration
from monitoring.drift.estimated_performance import EstimatedPerformance

ALL: Final = "all"
PLACE: Final = ("site", "model_version")
LOG_EVIDENCE: Final = Declaration(
    "symmetra_drift_log_evidence",
    "gauge",
    "Natural logarithm of a signal's drift statistic; `all` is the one that alarms, `site_` before a name means against the site's profile.",
    (*PLACE, "signal"),
)
ALARM: Final = Declaration(
    "symmetra_drift_alarm",
    "gauge",
    "1 while a tier is reached: a warning ends by itself, an alarm when a person takes it up.",
    (*PLACE, "tier"),
)
ALARM_HEIGHT: Final = Declaration(
    "symmetra_drift_alarm_height", "gauge", "ln A of a tier: the evidence at which it is reached.", (*PLACE, "tier")
)
LOUDEST: Final = Declaration(
    "symmetra_drift_loudest", "gauge", "1 for the signal that speaks for a change most.", (*PLACE, "signal")
)
STATE: Final = Declaration(
    "symmetra_drift_state",
    "gauge",
    "1 for the state: watching, insufficient_data, no_profile or stale.",
    (*PLACE, "state"),
)
PHOTOS: Final = Declaration(
    "symmetra_drift_photos", "gauge", "Photos that the detectors took since they began anew.", PLACE
)
PER_DAY: Final = Declaration("symmetra_drift_photos_per_day", "gauge", "Photos a day that the heights are for.", PLACE)
WITH_SUBJECT: Final = Declaration(
    "symmetra_drift_share_with_subject",
    "gauge",
    "Share of these photos that came with a subject; at 0 they are photos, not people.",
    PLACE,
)
SINCE: Final = Declaration(
    "symmetra_drift_since_seconds",
    "gauge",
    "Most likely moment of the change in the loudest signal, Unix time, if there was one.",
    PLACE,
)
OUTSIDE: Final = Declaration(
    "symmetra_drift_outside_version",
    "gauge",
    "1 where the photos are others than those of the version's own profile, whether or not the site signed one of its own.",
    PLACE,
)
SITE_PROFILE: Final = Declaration(
    "symmetra_drift_site_profile", "gauge", "1 where a profile that was signed for the site decides the alarm.", PLACE
)
ESTIMATED_ACCURACY: Final = Declaration(
    "symmetra_estimated_accuracy",
    "gauge",
    "Accuracy at p = 0.5 if the profile's calibration still held. Not the accuracy; only where valid is 1 does it mean anything.",
    (*PLACE, "valid"),
)
LAST_UPDATE: Final = Declaration(
    "symmetra_drift_last_update_seconds", "gauge", "When the last look was taken and kept, Unix time; 0 before it."
)
STARTED: Final = Declaration("symmetra_drift_started_seconds", "gauge", "When the state began, Unix time.")
CONTROLLER_DECLARATIONS: Final = (
    LOG_EVIDENCE, ALARM, ALARM_HEIGHT, LOUDEST, STATE, PHOTOS, PER_DAY, WITH_SUBJECT, SINCE, OUTSIDE, SITE_PROFILE,
    ESTIMATED_ACCURACY, LAST_UPDATE, STARTED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """One sample."""

    of: Declaration
    labels: tuple[str, ...]
    value: float


class LatestLook(Collector):
    """Shows what the last look found; it is replaced whole, so that no page mixes two looks."""

    def __init__(self) -> None:
        self._samples: tuple[Shown, ...] = ()

    def show(self, samples: Iterable[Shown]) -> None:
        """Replace what is shown."""
        self._samples = tuple(samples)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """All metrics, also those without a sample."""
        families = {of.name: GaugeMetricFamily(of.name, of.help, labels=of.labels) for of in CONTROLLER_DECLARATIONS}
        for each in self._samples:
            families[each.of.name].add_metric(each.labels, each.value)
        yield from families.values()


def samples_of(watch: Watch, now: float, estimate: EstimatedPerformance | None) -> Iterator[Shown]:
    """What is shown of one place.

    Args:
        watch: The place.
        now: Seconds since 1970.
        estimate: Of its performance, where there can be one.
    """
    place, heights = tuple(watch.place), watch.heights(now)
    state = watch.state_at(now)
    yield from (Shown(STATE, (*place, name), float(name == state)) for name in STATES)
    yield Shown(PHOTOS, place, watch.photos)
    yield Shown(PER_DAY, place, watch.per_day(now))
    yield Shown(SITE_PROFILE, place, float(bool(watch.site_digest)))
    if watch.photos:
        yield Shown(WITH_SUBJECT, place, watch.with_subject / watch.photos)
    yield from (Shown(ALARM_HEIGHT, (*place, tier), heights[tier]) for tier in TIERS)
    reached = {"warning": watch.warning_since is not None, "alarm": watch.alarm_since is not None}
    yield from (Shown(ALARM, (*place, tier), float(reached[tier])) for tier in TIERS)
    level, against_version = watch.evidence(), watch.evidence_against_version()
    if level is not None:
        yield Shown(LOG_EVIDENCE, (*place, ALL), level)
        for name in watch.updated():
            yield Shown(LOG_EVIDENCE, (*place, name), watch.evidence_of(name))
        loudest = watch.loudest()
        yield from (Shown(LOUDEST, (*place, name), float(name == loudest)) for name in watch.judging())
        yield Shown(SINCE, place, watch.followed[loudest].onset.since)
    if against_version is not None:
        yield Shown(OUTSIDE, place, float(against_version >= heights["alarm"]))
    if estimate is not None and math.isfinite(estimate.accuracy):
        yield Shown(ESTIMATED_ACCURACY, (*place, str(int(estimate.valid))), estimate.accuracy)
