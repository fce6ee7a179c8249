"""One site and version: photos go in as they are counted, and out come evidence, a warning, an alarm.

Photos wait until there are fifty, or until the first of them has waited a day; then each detector takes its update. The mean over the
signals is one statistic with one budget (`monitoring.drift.detector.combined`).

A site may have signed a profile of its own. Then the alarm is about *that* (did something change here?), and the version's profile goes
on being compared and shown (are these photos like those that the version was measured on?), but alarms nobody again.

A warning ends by itself. An alarm stays until a person takes it up: whatever caused it may be over by the time somebody looks, and
those who were screened meanwhile are not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from monitoring.controller.daily_counts import DAY_SECONDS, DailyCounts
from monitoring.controller.followed_signal import FollowedSignal, is_same
from monitoring.controller.heights import Budget
from monitoring.controller.places import Place
from monitoring.drift.budget import PHOTOS_PER_UPDATE
from monitoring.drift.detector import combined, loudest
from monitoring.drift.reference import Reference
from monitoring.reference_metrics import SEVERITY_SIGNAL

SITE_PREFIX: Final = "site_"
"""Before a signal's name, where it is compared with the site's own profile."""
LONGEST_WAIT_SECONDS: Final = DAY_SECONDS
STALE_SECONDS: Final = 600.0
"""Without a sample of any gateway for so long, nothing is known of now."""
STATES: Final = ("watching", "insufficient_data", "no_profile", "stale")
LEAST_PHOTOS_A_WEEK: Final = 100
"""Fewer say next to nothing (`python -m monitoring drift plan`)."""
WEEK_SECONDS: Final = 7 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """What the site tolerates and states.

    Attributes:
        budget: Of false alarms.
        stated_per_day: Photos a day; None to go by what was counted.
        least_photos_a_week: Fewer are insufficient data.
    """

    budget: Budget = field(default_factory=Budget)
    stated_per_day: float | None = None
    least_photos_a_week: float = LEAST_PHOTOS_A_WEEK


@dataclass(slots=True)
class Watch:
    """What is known of one place.

    Attributes:
        place: Site and version.
        settings: What the site tolerates and states.
        began: Since when, seconds since 1970; a restart sets it anew.
        traffic_before: Photos a day at the site when it began, of the version that answered before; counts on the first day only.
        last_sample: When a gateway was last heard of it.
        photos: Taken since it began.
        weighted: Signal -> photos by bin since it began, each with its weight (`monitoring.subject_weights`).
        with_subject: Photos since it began that came with a subject.
        followed: Signal, or `SITE_PREFIX` and signal -> its detector.
        site_digest: Of the site's profile that is followed; "" for none.
        alarm_since: When the alarm came that nobody has taken up; None for none.
        alarm_signal: That spoke loudest then.
        warning_since: Since when the evidence is above the height of a warning.
        daily: Photos by day.
    """

    place: Place
    settings: WatchSettings
    began: float
    traffic_before: float = 0.0
    last_sample: float = -math.inf
    photos: float = 0.0
    weighted: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    with_subject: float = 0.0
    followed: dict[str, FollowedSignal] = field(default_factory=dict)
    site_digest: str = ""
    alarm_since: float | None = None
    alarm_signal: str = ""
    warning_since: float | None = None
    daily: DailyCounts = field(default_factory=DailyCounts)
    _waiting: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    _waiting_without_subject: float = 0.0
    _waiting_since: float | None = None

    def expect(self, references: Mapping[str, Reference], prefix: str = "") -> bool:
        """Follow these references; returns whether one was changed, so that what was seen before no longer counts."""
        changed = False
        for signal, reference in references.items():
            name = prefix + signal
            known = self.followed.get(name)
            if known is None or not is_same(known.detector.reference, reference):
                self.followed[name] = FollowedSignal.new(reference, self.began)
                changed |= known is not None
        return changed

    def follow_site(self, references: Mapping[str, Reference], digest: str, at: float) -> None:
        """Follow a profile that was signed for the site, or none where there are no references, beginning now."""
        for name in [name for name in self.followed if name.startswith(SITE_PREFIX)]:
            del self.followed[name]
        self.site_digest = digest
        self.expect(references, SITE_PREFIX)
        self.take_up(at)

    def take_up(self, at: float) -> None:
        """A person knows of the alarm, or says what is normal here: it is over, and the detectors begin anew."""
        self.alarm_since, self.alarm_signal = None, ""
        self.restart(at)

    def restart(self, at: float) -> None:
        """Forget what was seen, but for an alarm that nobody has taken up, the photos by day, and what waits."""
        self.began, self.photos, self.with_subject, self.weighted = at, 0.0, 0.0, {}
        self.warning_since = None
        for name, signal in self.followed.items():
            self.followed[name] = FollowedSignal.new(signal.detector.reference, at)

    def count(self, counted: Mapping[str, NDArray[np.float64]], without_subject: float, at: float) -> None:
        """Photos that were counted until `at`, by signal and bin; they wait for their update."""
        for signal, counts in counted.items():
            before = self._waiting.get(signal)
            self._waiting[signal] = counts if before is None else before + counts
            self.daily.add(signal, counts, at)
        self._waiting_without_subject += without_subject
        if self._waiting_since is None and counted:
            self._waiting_since = at

    def drop_waiting(self) -> None:
        """Photos that no detector takes: they stay in the counts by day, and count for no alarm."""
        self._waiting, self._waiting_without_subject, self._waiting_since = {}, 0.0, None

    @property
    def photos_without_subject(self) -> float:
        """Of those that wait."""
        return self._waiting_without_subject

    @property
    def waiting(self) -> float:
        """Photos that wait."""
        found = self._waiting.get(SEVERITY_SIGNAL)
        return 0.0 if found is None else float(found.sum())

    def is_due(self, at: float) -> bool:
        """Whether those that wait make an update."""
        waited = 0.0 if self._waiting_since is None else at - self._waiting_since
        return self.waiting >= PHOTOS_PER_UPDATE or (self.waiting > 0 and waited >= LONGEST_WAIT_SECONDS)

    def update(self, weight: float, at: float) -> str:
        """Feed what waits to the detectors; returns the tier that was reached anew, or "".

        Args:
            weight: Of each photo (`monitoring.subject_weights.photo_weight`).
            at: Now, seconds since 1970.
        """
        self.photos += self.waiting
        self.with_subject += max(0.0, self.waiting - self._waiting_without_subject)
        heights = self.heights(at)
        for signal, counts in self._waiting.items():
            weighted = weight * counts
            before = self.weighted.get(signal)
            self.weighted[signal] = weighted if before is None else before + weighted
            for name in (signal, SITE_PREFIX + signal):
                if name in self.followed:
                    self.followed[name].update(weighted, at, heights["alarm"])
        self.drop_waiting()
        self.daily.note_evidence({name: self.evidence_of(name) for name in self.updated()}, at)
        return self._judge(heights, at)

    def heights(self, now: float) -> dict[str, float]:
        """Tier -> ln A at this site's traffic."""
        return self.settings.budget.log_heights(self.per_day(now))

    def per_day(self, now: float) -> float:
        """Photos a day: as stated, or as counted."""
        if self.settings.stated_per_day is not None:
            return self.settings.stated_per_day
        counted = self.daily.per_day(SEVERITY_SIGNAL, now)
        return max(counted, self.traffic_before) if now - self.daily.first < DAY_SECONDS else counted

    def judging(self) -> dict[str, FollowedSignal]:
        """The signals that may alarm: against the site's profile where there is one, otherwise the version's."""
        prefix = SITE_PREFIX if self.site_digest else ""
        return {
            name: each
            for name, each in self.followed.items()
            if name.startswith(SITE_PREFIX) == bool(prefix) and each.detector.updates
        }

    def evidence(self) -> float | None:
        """Ln of the one statistic that alarms; None before the first update."""
        return _combined(self.judging())

    def evidence_against_version(self) -> float | None:
        """The same against the version's own profile, whoever alarms."""
        return _combined({
            name: each
            for name, each in self.followed.items()
            if not name.startswith(SITE_PREFIX) and each.detector.updates
        })  # fmt: skip

    def evidence_of(self, name: str) -> float:
        """Ln of the statistic of one signal; minus infinity before its first update."""
        return self.followed[name].detector.log_mean

    def updated(self) -> list[str]:
        """Names in `followed` that had an update."""
        return [name for name, each in self.followed.items() if each.detector.updates]

    def loudest(self) -> str:
        """The signal that speaks for a change most, of those that may alarm; "" before the first update."""
        judging = self.judging()
        return loudest({name: each.detector for name, each in judging.items()}) if judging else ""

    def state_at(self, now: float) -> str:
        """One of `STATES`."""
        if now - self.last_sample > STALE_SECONDS:
            return "stale"
        if not self.followed:
            return "no_profile"
        few = self.daily.photos_since(SEVERITY_SIGNAL, now - WEEK_SECONDS) < self.settings.least_photos_a_week
        return "insufficient_data" if few else "watching"

    def _judge(self, heights: Mapping[str, float], at: float) -> str:
        level, reached = self.evidence(), ""
        if level is None:
            return ""
        if level < heights["warning"]:
            self.warning_since = None
        elif self.warning_since is None:
            self.warning_since, reached = at, "warning"
        if level >= heights["alarm"] and self.alarm_since is None:
            self.alarm_since, self.alarm_signal, reached = at, self.loudest(), "alarm"
        return reached

    def to_json(self) -> dict[str, Any]:
        """For the disk."""
        return {
            "site": self.place.site,
            "model_version": self.place.version,
            "began": self.began,
            "traffic_before": self.traffic_before,
            "last_sample": self.last_sample if math.isfinite(self.last_sample) else None,
            "photos": self.photos,
            "with_subject": self.with_subject,
            "weighted": _listed(self.weighted),
            "followed": {name: each.state() for name, each in self.followed.items()},
            "site_digest": self.site_digest,
            "alarm_since": self.alarm_since,
            "alarm_signal": self.alarm_signal,
            "warning_since": self.warning_since,
            "daily": self.daily.state(),
            "waiting": _listed(self._waiting),
            "waiting_without_subject": self._waiting_without_subject,
            "waiting_since": self._waiting_since,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any], settings: WatchSettings) -> Watch:
        """As `to_json` left it, with these settings.

        Raises:
            KeyError, TypeError, ValueError, DriftError: it did not leave this.
        """
        last = kept["last_sample"]
        watch = cls(
            place=Place(str(kept["site"]), str(kept["model_version"])),
            settings=settings,
            began=float(kept["began"]),
            traffic_before=float(kept["traffic_before"]),
            last_sample=-math.inf if last is None else float(last),
            photos=float(kept["photos"]),
            with_subject=float(kept["with_subject"]),
            weighted=_arrays(kept["weighted"]),
            followed={name: FollowedSignal.resumed(each) for name, each in kept["followed"].items()},
            site_digest=str(kept["site_digest"]),
            alarm_since=kept["alarm_since"],
            alarm_signal=str(kept["alarm_signal"]),
            warning_since=kept["warning_since"],
            daily=DailyCounts.resumed(**kept["daily"]),
        )
        watch._waiting = _arrays(kept["waiting"])
        watch._waiting_without_subject = float(kept["waiting_without_subject"])
        watch._waiting_since = kept["waiting_since"]
        return watch


def _combined(signals: Mapping[str, FollowedSignal]) -> float | None:
    return combined({name: each.detector for name, each in signals.items()}) if signals else None


def _listed(arrays: Mapping[str, NDArray[np.float64]]) -> dict[str, list[float]]:
    return {name: values.tolist() for name, values in arrays.items()}


def _arrays(lists: Mapping[str, list[float]]) -> dict[str, NDArray[np.float64]]:
    return {name: np.array(values, np.float64) for name, values in lists.items()}
