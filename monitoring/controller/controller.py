"""The controller: a look at Prometheus every so often, and what it makes of all of them.

Everything that it knows is in its state, written after each look; a look that fails changes nothing that is kept. The clock is given
to it, so that a test lives through months in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from monitoring.controller.errors import PrometheusAway, StateUnreadable
from monitoring.controller.estimates import estimate_of
from monitoring.controller.history import KEPT_EVENTS, Event
from monitoring.controller.increases import CounterMemory
from monitoring.controller.metrics import LAST_UPDATE, STARTED, LatestLook, Shown, samples_of
from monitoring.controller.places import WITHOUT_SUBJECT, CounterKey, Place
from monitoring.controller.restarts import FOLDER_NAME, waiting
from monitoring.controller.site_profile import FILE_NAME, SiteProfile, read_profiles
from monitoring.controller.source import Facts, Source
from monitoring.controller.state_file import put_aside, read_state, write_state
from monitoring.controller.watch import STALE_SECONDS, Watch, WatchSettings
from monitoring.drift.errors import DriftError
from monitoring.log import log
from monitoring.severity_bins import SEVERITY_BINS
from monitoring.subject_weights import chances_to_count, photo_weight

STRETCH_SECONDS: Final = 600.0
"""Asked for at once, after an absence: more would be much to hold in memory."""
LONGEST_ABSENCE_SECONDS: Final = 14 * 86_400.0
"""Prometheus keeps samples for 15 days by default; what is older is gone."""
RETIRED_SECONDS: Final = 3_600.0
"""A version that no gateway counts for so long, while another is counted at the same site, is no longer in service."""


@dataclass(frozen=True, slots=True)
class ControllerSettings:
    """What it is told.

    Attributes:
        watch: For every place.
        subjects_pinned: Whether the ingress sends a subject always to the same gateway.
        most_photos_per_person: On one day, as the site states it.
    """

    watch: WatchSettings = field(default_factory=WatchSettings)
    subjects_pinned: bool = False
    most_photos_per_person: int | None = None


@dataclass
class Controller:
    """One.

    Attributes:
        source: Where it looks.
        clock: Seconds since 1970.
        settings: What it is told.
        state_path: Where its state is kept; None to keep none.
        probabilities: Place -> probability of each severity bin, where it can be known (`monitoring.controller.estimates`).
        shown: Its metrics.
        watches: Place -> what is known of it.
        history: What happened, oldest first.
    """

    source: Source
    clock: Callable[[], float]
    settings: ControllerSettings = field(default_factory=ControllerSettings)
    state_path: Path | None = None
    probabilities: Callable[[Place], tuple[float, ...] | None] = lambda _: None
    shown: LatestLook = field(default_factory=LatestLook)
    watches: dict[Place, Watch] = field(default_factory=dict)
    history: list[Event] = field(default_factory=list)
    _memory: CounterMemory = field(default_factory=CounterMemory)
    _until: float | None = None
    _started: float = 0.0
    _last_kept: float = 0.0
    _pinned: frozenset[Place] = frozenset()
    _found: dict[CounterKey, float] = field(default_factory=dict)
    _profiles: dict[Place, SiteProfile] = field(default_factory=dict)
    _profiles_changed: int = -1
    _acted_on: set[str] = field(default_factory=set)

    def resume(self) -> None:
        """Take up the kept state; one that is damaged is put aside, and everything begins anew.

        Raises:
            OSError: the state cannot be read now, or a damaged one not be put aside.
        """
        self._started = self.clock()
        if self.state_path is None:
            return
        self._take_up_state(self.state_path)
        # At once: until the first look has ended an alarm that stands would seem to be over.
        self._show(self.clock())

    def _take_up_state(self, path: Path) -> None:
        try:
            kept = read_state(path)
            if kept is not None:
                self._take_up(kept)
        except (StateUnreadable, DriftError, KeyError, TypeError, ValueError) as error:
            aside = put_aside(path, self.clock())
            log("state damaged, beginning anew", kept_as=aside.name, says=str(error))
            self.watches, self._memory, self._until, self.history = {}, CounterMemory(), None, []
            self._note(Event(self._started, "state damaged, began anew"))

    def look(self) -> bool:
        """Take what was counted since the last look; False where Prometheus did not answer or the state was not kept."""
        now = self.clock()
        taken_up = self._take_up_restarts(now)
        self._read_profiles()
        try:
            if self._until is not None:
                self._until = max(self._until, now - LONGEST_ABSENCE_SECONDS)
            while self._until is None or self._until < now:
                until = now if self._until is None else min(now, self._until + STRETCH_SECONDS)
                self._take_stretch(until)
        except PrometheusAway as error:
            log("prometheus away", says=str(error))
            self._show(now)
            return False
        self._retire(now)
        self._memory.forget_before(now - LONGEST_ABSENCE_SECONDS)
        kept = self._keep(now)
        if kept:
            self._last_kept = now
            for path in taken_up:
                path.unlink(missing_ok=True)
            self._acted_on.clear()
        self._show(now)
        return kept

    def _take_stretch(self, until: float) -> None:
        since = self._until
        facts = self.source.facts(since, until)
        for series in self.source.counters(since, until):
            # Kept across a failure half-way: these samples are not taken again.
            for key, value in self._memory.take(series, starts=facts.starts, since=since).items():
                self._found[key] = self._found.get(key, 0.0) + value
        self._memory.end_look()
        found, self._found, self._until = self._found, {}, until
        counted = _by_place(found)
        for place, at in self._memory.latest().items():
            if place not in self.watches and until - at > RETIRED_SECONDS:
                continue  # taken out of service; its series are remembered so that they count nothing twice
            watch = self._watch_of(place, until)
            watch.last_sample = max(watch.last_sample, at)
            self._expect(watch, facts, until)
            arrays, without_subject = counted.get(place, ({}, 0.0))
            try:
                watch.count(arrays, without_subject, until)
                if watch.is_due(until):
                    self._update(watch, facts, until)
            except DriftError as error:
                # Of one place: the others' photos were taken from the counters already, and are counted now or never.
                log("photos not judged", site=place.site, model_version=place.version, says=str(error))
                watch.drop_waiting()
        if facts.pinned:
            self._pinned = facts.pinned

    def _update(self, watch: Watch, facts: Facts, until: float) -> None:
        site = watch.place.site
        processes = max(facts.processes.get(site, 0), facts.gateways.get(site, 0))
        chances = chances_to_count(
            processes, gateways=facts.gateways.get(site, 0), subjects_pinned=self.settings.subjects_pinned
        )
        weight = photo_weight(
            chances,
            photos=watch.waiting,
            photos_without_subject=min(watch.photos_without_subject, watch.waiting),
            most_photos_per_person=self.settings.most_photos_per_person,
        )
        reached = watch.update(weight, until)
        if reached:
            self._note(Event(until, reached, *watch.place, signal=watch.loudest()))

    def _watch_of(self, place: Place, at: float) -> Watch:
        if place not in self.watches:
            before = [each.per_day(at) for known, each in self.watches.items() if known.site == place.site]
            self.watches[place] = Watch(place, self.settings.watch, at, traffic_before=max(before, default=0.0))
            self._note(Event(at, "began", *place))
        return self.watches[place]

    def _expect(self, watch: Watch, facts: Facts, at: float) -> None:
        if watch.expect(facts.references.get(watch.place, {})):
            watch.restart(at)
            self._note(Event(at, "reference changed, began anew", *watch.place))
        if watch.place in facts.pinned and self._pinned and watch.place not in self._pinned and watch.photos:
            watch.restart(at)
            self._note(Event(at, "back in service, began anew", *watch.place))
        profile = self._profiles.get(watch.place)
        digest = "" if profile is None else profile.digest
        if digest != watch.site_digest:
            watch.follow_site({} if profile is None else profile.references(), digest, at)
            signed = ("", "") if profile is None else (profile.by, profile.why)
            what = "site profile followed" if profile is not None else "site profile taken away"
            self._note(Event(at, what, *watch.place, by=signed[0], why=signed[1]))

    def _retire(self, now: float) -> None:
        fresh = {place.site for place, watch in self.watches.items() if now - watch.last_sample <= STALE_SECONDS}
        for place, watch in list(self.watches.items()):
            if watch.alarm_since is not None:
                continue  # those whom it answered while it alarmed are still somebody's concern
            if place.site in fresh and now - watch.last_sample > RETIRED_SECONDS:
                del self.watches[place]
                self._note(Event(now, "no longer in service", *place))

    def _take_up_restarts(self, now: float) -> list[Path]:
        if self.state_path is None:
            return []
        done = []
        for path, restart in waiting(self.state_path.parent / FOLDER_NAME):
            if restart is None:
                log("restart unreadable, put aside", file=path.name)
                put_aside(path, now)
                continue
            done.append(path)
            if path.name in self._acted_on:
                continue  # at an earlier look that could not be kept
            self._acted_on.add(path.name)
            for place, watch in self.watches.items():
                if restart.site in (None, place.site) and restart.model_version in (None, place.version):
                    signal = watch.alarm_signal
                    watch.take_up(now)
                    self._note(
                        Event(now, "taken up, began anew", *place, signal=signal, by=restart.by, why=restart.why)
                    )
        return done

    def _read_profiles(self) -> None:
        if self.state_path is None:
            return
        path = self.state_path.with_name(FILE_NAME)
        changed = path.stat().st_mtime_ns if path.exists() else 0
        if changed == self._profiles_changed:
            return
        try:
            self._profiles = read_profiles(path)
        except StateUnreadable as error:
            log("site profile not followed", says=str(error))
        self._profiles_changed = changed

    def _note(self, event: Event) -> None:
        self.history = [*self.history, event][-KEPT_EVENTS:]
        log("drift", **event.to_json())

    def _show(self, now: float) -> None:
        self.shown.show(self._samples(now))

    def _samples(self, now: float) -> Iterator[Shown]:
        yield Shown(LAST_UPDATE, (), self._last_kept)
        yield Shown(STARTED, (), self._started)
        for place, watch in self.watches.items():
            p_of_bins = self.probabilities(place)
            yield from samples_of(watch, now, None if p_of_bins is None else estimate_of(watch, p_of_bins, now))

    def _keep(self, now: float) -> bool:
        if self.state_path is None:
            return True
        try:
            write_state(self.state_path, self.to_json())
        except OSError as error:
            log("state not kept", says=str(error), at=now)
            return False
        return True

    def to_json(self) -> dict[str, Any]:
        """Everything, for the disk."""
        return {
            "started": self._started,
            "until": self._until,
            "pinned": sorted(self._pinned),
            "watches": [watch.to_json() for watch in self.watches.values()],
            "history": [event.to_json() for event in self.history],
            "memory": self._memory.state(),
        }

    def _take_up(self, kept: Mapping[str, Any]) -> None:
        watches = [Watch.from_json(each, self.settings.watch) for each in kept["watches"]]
        memory = CounterMemory.resumed(kept["memory"]["series"], kept["memory"]["targets"])
        history = [Event(**each) for each in kept["history"]]
        pinned = frozenset(Place(*each) for each in kept["pinned"])
        until = None if kept["until"] is None else float(kept["until"])
        self._started, self._until, self._pinned = float(kept["started"]), until, pinned
        self.watches, self._memory, self.history = {each.place: each for each in watches}, memory, history


def _by_place(
    found: Mapping[CounterKey, float],
) -> dict[Place, tuple[dict[str, NDArray[np.float64]], float]]:
    """Increases as arrays by bin, and the photos without a subject."""
    places: dict[Place, tuple[dict[str, NDArray[np.float64]], float]] = {}
    for key, value in found.items():
        arrays, without_subject = places.get(key.place, ({}, 0.0))
        if key.signal == WITHOUT_SUBJECT:
            without_subject += value
        else:
            # Ten bins each: a reference may have fewer, and then the last ones stay empty.
            arrays.setdefault(key.signal, np.zeros(len(SEVERITY_BINS)))[key.bin] += value
        places[key.place] = (arrays, without_subject)
    return places
