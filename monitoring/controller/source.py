"""What the controller wants to know, as questions to Prometheus."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from monitoring.controller.errors import PrometheusAway
from monitoring.controller.increases import CounterSamples
from monitoring.controller.places import WITHOUT_SUBJECT, CounterKey, Place
from monitoring.controller.prometheus import Prometheus, Samples
from monitoring.drift.reference import LEAST_PHOTOS, Reference
from monitoring.image_metrics import IMAGE_BINS, STATISTICS
from monitoring.metrics import MODEL_INFO
from monitoring.reference_metrics import REFERENCE_PHOTOS, REFERENCE_SHARE, SEVERITY_SIGNAL
from monitoring.severity_bins import SEVERITY_BINS
from monitoring.subject_metrics import SUBJECT_IMAGE_QUALITY, SUBJECT_SEVERITY
from monitoring.subject_metrics import WITHOUT_SUBJECT as WITHOUT_SUBJECT_COUNTER

OVERLAP_SECONDS: Final = 120.0
"""Asked for again at each look: a scrape that was under way then got its sample at a moment before it."""
FIRST_LOOK_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What holds at the end of a stretch of time.

    Attributes:
        starts: Target -> when its processes began, seconds since 1970, of those seen in the stretch.
        references: Place -> signal -> what its version's profile expects.
        pinned: Places that a gateway names as the pinned version now.
        processes: Site -> gateway processes of the last day, each restart another one.
        gateways: Site -> addresses that they were seen at.
    """

    starts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    references: Mapping[Place, Mapping[str, Reference]] = field(default_factory=dict)
    pinned: frozenset[Place] = frozenset()
    processes: Mapping[str, int] = field(default_factory=dict)
    gateways: Mapping[str, int] = field(default_factory=dict)


class Source(Protocol):
    """Where the controller looks: Prometheus, or a script in a test."""

    def facts(self, since: float | None, until: float) -> Facts:
        """What holds at `until`.

        Raises:
            PrometheusAway: nobody answers.
        """
        ...

    def counters(self, since: float | None, until: float) -> Iterator[list[CounterSamples]]:
        """The raw samples of a stretch of time, some counters at a time so that never all are in memory.

        Raises:
            PrometheusAway: nobody answers.
        """
        ...


class PrometheusSource:
    """Asks a Prometheus.

    Args:
        prometheus: Which.
        job: Scrape job of the gateways: another job that scrapes them too would count everything twice.
        site_label: That tells sites apart; "" where there is one.
    """

    def __init__(self, prometheus: Prometheus, *, job: str, site_label: str = "") -> None:
        self._prometheus = prometheus
        self._job = job
        self._site_label = site_label
        self._by_site = f"{site_label}, " if site_label else ""

    def facts(self, since: float | None, until: float) -> Facts:
        """See `Source.facts`."""
        ask, job, stretch = self._prometheus.query, f'job="{self._job}"', _stretch(since, until)
        started = f"process_start_time_seconds{{{job}}}"
        starts = {
            _target(samples): tuple(sorted({value for _, value in samples.points}))
            for samples in ask(f"{started}[{stretch}]", until)
        }
        by = f"by ({self._site_label})" if self._site_label else ""
        processes = ask(f"sum {by} (1 + changes({started}[1d]))", until)
        gateways = ask(f"count {by} (count_over_time({started}[1d]))", until)
        info = ask(f"max by ({self._by_site}model_version) ({MODEL_INFO.name}{{{job}}}) == 1", until)
        return Facts(
            starts=starts,
            references=self._references(until),
            pinned=frozenset(self._place(samples) for samples in info),
            processes={self._site(samples): int(samples.points[0][1]) for samples in processes if samples.points},
            gateways={self._site(samples): int(samples.points[0][1]) for samples in gateways if samples.points},
        )

    def counters(self, since: float | None, until: float) -> Iterator[list[CounterSamples]]:
        """See `Source.counters`."""
        stretch, job = _stretch(since, until), f'job="{self._job}"'
        found = self._prometheus.query(f"{SUBJECT_SEVERITY.name}_total{{{job}}}[{stretch}]", until)
        yield [self._counter(one, SEVERITY_SIGNAL, _number(one, SEVERITY_BINS)) for one in found]
        for statistic in STATISTICS:
            selector = f'{SUBJECT_IMAGE_QUALITY.name}_total{{{job},statistic="{statistic}"}}'
            found = self._prometheus.query(f"{selector}[{stretch}]", until)
            yield [self._counter(one, statistic, _number(one, IMAGE_BINS)) for one in found]
        found = self._prometheus.query(f"{WITHOUT_SUBJECT_COUNTER.name}_total{{{job}}}[{stretch}]", until)
        yield [self._counter(one, WITHOUT_SUBJECT, 0) for one in found]

    def _references(self, until: float) -> dict[Place, dict[str, Reference]]:
        by = f"by ({self._by_site}model_version, signal"
        photos = {
            (self._place(one), _label(one, "signal")): one.points[0][1]
            for one in self._prometheus.query(f"max {by}) ({REFERENCE_PHOTOS.name})", until)
            if one.points
        }
        shares: dict[tuple[Place, str], dict[str, float]] = {}
        for one in self._prometheus.query(f"max {by}, bin) ({REFERENCE_SHARE.name})", until):
            if one.points:
                shares.setdefault((self._place(one), _label(one, "signal")), {})[_label(one, "bin")] = one.points[0][1]
        found: dict[Place, dict[str, Reference]] = {}
        for (place, signal), by_bin in shares.items():
            counted = photos.get((place, signal), 0.0)
            if counted >= LEAST_PHOTOS and len(by_bin) >= 2:
                found.setdefault(place, {})[signal] = reference_of_shares(by_bin, int(counted))
        return found

    def _counter(self, samples: Samples, signal: str, number: int) -> CounterSamples:
        return CounterSamples(_target(samples), CounterKey(self._place(samples), signal, number), samples.points)

    def _place(self, samples: Samples) -> Place:
        return Place(self._site(samples), _label(samples, "model_version"))

    def _site(self, samples: Samples) -> str:
        return samples.labels.get(self._site_label, "") if self._site_label else ""


def reference_of_shares(by_bin: Mapping[str, float], photos: int) -> Reference:
    """A reference from the gauges of `monitoring.reference_metrics`.

    Args:
        by_bin: Label of a bin -> its share, half a photo already added.
        photos: That the shares were counted from.
    """
    names = sorted(by_bin, key=float)
    shares = np.array([by_bin[name] for name in names])
    # Of severity the middle of the bin, whose label is the upper edge; of tenths the number.
    positions = np.arange(len(names), dtype=np.float64)
    return Reference(positions, shares / shares.sum(), photos)


def _label(samples: Samples, name: str) -> str:
    if name not in samples.labels:
        message = f"Prometheus answers with series that have no label {name}"
        raise PrometheusAway(message)
    return samples.labels[name]


def _number(samples: Samples, bins: Sequence[str]) -> int:
    name = _label(samples, "bin")
    if name not in bins:
        message = f"Prometheus answers with a bin {name!r} that no gateway of this release has"
        raise PrometheusAway(message)
    return bins.index(name)


def _target(samples: Samples) -> str:
    return f"{samples.labels.get('job', '')} {samples.labels.get('instance', '')}"


def _stretch(since: float | None, until: float) -> str:
    seconds = FIRST_LOOK_SECONDS if since is None else until - since + OVERLAP_SECONDS
    return f"{math.ceil(seconds)}s"
