"""Gateways whose counters a test moves, seen by the controller as Prometheus would show them, without Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from monitoring.controller.errors import PrometheusAway
from monitoring.controller.increases import CounterSamples
from monitoring.controller.places import WITHOUT_SUBJECT, CounterKey, Place
from monitoring.controller.source import Facts
from monitoring.drift.reference import Reference

SEVERITY_COUNTS = (272, 291, 219, 177, 160, 165, 184, 220, 255, 168)
TENTHS = (211,) * 10
SIGNALS = ("severity", "luminance", "contrast", "sharpness", "face_size")
SHARES = {
    signal: np.array(SEVERITY_COUNTS if signal == "severity" else TENTHS, float)
    / sum(SEVERITY_COUNTS if signal == "severity" else TENTHS)
    for signal in SIGNALS
}


def make_references() -> dict[str, Reference]:
    """As the profile of a version would have them."""
    return {signal: Reference.from_counts(SEVERITY_COUNTS if signal == "severity" else TENTHS) for signal in SIGNALS}


@dataclass
class Pod:
    """One gateway process: counters by key, from zero at its start."""

    target: str
    started: float
    site: str = ""
    up: bool = True
    scraped: float = float("-inf")
    counters: dict[CounterKey, float] = field(default_factory=dict)
    samples: dict[CounterKey, list[tuple[float, float]]] = field(default_factory=dict)

    def serve(self, version: str) -> None:
        """A version comes into service: its series are there, with zero."""
        place = Place(self.site, version)
        for signal in SIGNALS:
            for number in range(10):
                self.counters.setdefault(CounterKey(place, signal, number), 0.0)
        self.counters.setdefault(CounterKey(place, WITHOUT_SUBJECT, 0), 0.0)

    def count(self, version: str, bins: dict[str, int], *, with_subject: bool = False) -> None:
        """One photo, by signal and bin."""
        place = Place(self.site, version)
        for signal, number in bins.items():
            self.counters[CounterKey(place, signal, number)] += 1
        if not with_subject:
            self.counters[CounterKey(place, WITHOUT_SUBJECT, 0)] += 1

    def count_many(self, version: str, counts: dict[str, np.ndarray], without_subject: float = 0.0) -> None:
        """Many photos, by signal and bin."""
        place = Place(self.site, version)
        for signal, by_bin in counts.items():
            for number, value in enumerate(by_bin):
                self.counters[CounterKey(place, signal, number)] += float(value)
        self.counters[CounterKey(place, WITHOUT_SUBJECT, 0)] += without_subject


@dataclass
class ScriptedCounters:
    """A source for `Controller`.

    Attributes:
        pods: That run; take one out and it is gone.
        references: By place.
        pinned: Places.
        away: Nobody answers.
        fails_after: Answers so many groups of counters, and then no more.
    """

    pods: list[Pod] = field(default_factory=list)
    references: dict[Place, dict[str, Reference]] = field(default_factory=dict)
    pinned: frozenset[Place] = frozenset()
    away: bool = False
    fails_after: int | None = None
    gone: list[Pod] = field(default_factory=list)

    def scrape(self, now: float) -> None:
        """A sample of each counter of each pod that is up."""
        for pod in self.pods:
            if pod.up:
                pod.scraped = now
                for key, value in pod.counters.items():
                    pod.samples.setdefault(key, []).append((now, value))

    def remove(self, pod: Pod) -> None:
        """It ends; what was scraped of it remains."""
        self.pods.remove(pod)
        self.gone.append(pod)

    def facts(self, since: float | None, until: float) -> Facts:  # noqa: ARG002 - as a Source
        if self.away:
            raise PrometheusAway("away")
        starts: dict[str, tuple[float, ...]] = {}
        alive: dict[str, set[tuple[str, float]]] = {}
        for pod in (*self.gone, *self.pods):
            if until - 86_400 < pod.scraped:
                starts[pod.target] = (*starts.get(pod.target, ()), pod.started)
                alive.setdefault(pod.site, set()).add((pod.target, pod.started))
        return Facts(
            starts=starts,
            references=self.references,
            pinned=self.pinned,
            processes={site: len(processes) for site, processes in alive.items()},
            gateways={site: len({target for target, _ in processes}) for site, processes in alive.items()},
        )

    def counters(self, since: float | None, until: float) -> Iterator[list[CounterSamples]]:
        begin = until - 300 if since is None else since - 120
        for number, signal in enumerate((*SIGNALS, WITHOUT_SUBJECT)):
            if self.fails_after is not None and number >= self.fails_after:
                raise PrometheusAway("half-way")
            group: dict[tuple[str, CounterKey], list[tuple[float, float]]] = {}
            for pod in (*self.gone, *self.pods):
                for key, points in pod.samples.items():
                    if key.signal == signal:
                        kept = [point for point in points if begin < point[0] <= until]
                        group.setdefault((pod.target, key), []).extend(kept)
            yield [
                CounterSamples(target, key, tuple(sorted(points))) for (target, key), points in group.items() if points
            ]

    def trim(self, before: float) -> None:
        """Forget old samples, so that a long simulation stays small."""
        for pod in (*self.gone, *self.pods):
            pod.samples = {key: [p for p in points if p[0] >= before] for key, points in pod.samples.items()}
