"""From raw samples of counters to exact increases: every photo once, whatever restarted, and none that was only inferred.

PromQL's `increase` extrapolates to the edges of its range, so its sums are fractions and depend on when one asks. Here the last sample
of each series is remembered, and only later samples are taken; asking twice for the same stretch of time counts nothing twice.

- A value below the one before is a reset: the process began anew, and the value is what it counted since.
- A process that began in a gap between samples and has since counted more than the old one had is told by its start time.
- A series that is new counts in full where its process began since the last look, or was seen before without that version (a
  gateway makes all series of a version at once, with zero). Otherwise nobody knows when it counted what: its first value is where
  counting begins. So a target, or a site, that gets another name counts nothing twice.

What is never counted: what a process counted after its last scrape and before its end, and what it counted while nobody scraped it
and it was not yet known. A gap can lose photos in these two ways and no other, and can invent none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from monitoring.controller.places import CounterKey, Place

DISCOVERY_SECONDS: Final = 120.0
"""After its start a process may not be scraped for so long; its first value still counts in full."""
GAP_SECONDS: Final = 60.0
"""Between two samples closer than this a restart shows as a lower value, and clocks that differ by seconds are not asked."""


@dataclass(frozen=True, slots=True)
class CounterSamples:
    """Raw samples of one counter of one process.

    Attributes:
        target: Job and instance.
        key: What it counts.
        points: (seconds since 1970, value), oldest first.
    """

    target: str
    key: CounterKey
    points: tuple[tuple[float, float], ...]


@dataclass(slots=True)
class CounterMemory:
    """The last sample of every series.

    Attributes:
        last: (target, key) -> (seconds, value).
        targets: Target -> when it was last seen.
    """

    last: dict[tuple[str, CounterKey], tuple[float, float]] = field(default_factory=dict)
    targets: dict[str, float] = field(default_factory=dict)
    _seen: dict[str, float] = field(default_factory=dict)
    _versions: set[tuple[str, str]] = field(default_factory=set)

    def take(
        self,
        series: Iterable[CounterSamples],
        *,
        starts: Mapping[str, tuple[float, ...]],
        since: float | None,
    ) -> dict[CounterKey, float]:
        """Add up what the series counted since the samples before. `end_look` must follow when all of a look's series were taken.

        Args:
            series: In any order; samples that were taken before are passed over.
            starts: Target -> when its processes began, seconds since 1970.
            since: Until when everything was taken before; None at the very first look, which only sets where counting begins.

        Returns:
            Increases that are above zero.
        """
        found: dict[CounterKey, float] = {}
        for one in series:
            points = [point for point in one.points if math.isfinite(point[1]) and point[1] >= 0]
            before = self.last.get((one.target, one.key))
            if before is not None:
                points = [point for point in points if point[0] > before[0]]
            if not points:
                continue
            began = starts.get(one.target, ())
            if before is None:
                recent = since is not None and any(at >= since - DISCOVERY_SECONDS for at in began)
                new_version = one.target in self.targets and (one.target, one.key.place.version) not in self._versions
                in_full = since is not None and (recent or new_version)
                before = (points[0][0], 0.0 if in_full else points[0][1])
            total = 0.0
            for at, value in points:
                total += value if _began_anew(before, (at, value), began) else value - before[1]
                before = (at, value)
            self.last[one.target, one.key] = before
            self._seen[one.target] = max(before[0], self._seen.get(one.target, -math.inf))
            if total > 0:
                found[one.key] = found.get(one.key, 0.0) + total
        return found

    def end_look(self) -> None:
        """The targets of this look are known from now on: a series that one of them shows anew began since."""
        self.targets.update(self._seen)
        self._seen = {}
        self._versions = {(target, key.place.version) for target, key in self.last}

    def latest(self) -> dict[Place, float]:
        """When each place was last seen by a sample."""
        seen: dict[Place, float] = {}
        for (_, key), (at, _) in self.last.items():
            seen[key.place] = max(at, seen.get(key.place, -math.inf))
        return seen

    def forget_before(self, moment: float) -> None:
        """Drop what was last seen before a moment: pods come and go, and their names with them."""
        self.last = {key: sample for key, sample in self.last.items() if sample[0] >= moment}
        self.targets = {target: at for target, at in self.targets.items() if at >= moment}

    def state(self) -> dict[str, object]:
        """For the disk, as JSON values."""
        rows = [
            [target, *key.place, key.signal, key.bin, at, value] for (target, key), (at, value) in self.last.items()
        ]
        return {"series": rows, "targets": self.targets}

    @classmethod
    def resumed(cls, rows: Iterable[list[str | float]], targets: Mapping[str, float]) -> CounterMemory:
        """As `state` left it."""
        memory = cls(targets={str(target): float(at) for target, at in targets.items()})
        for target, site, version, signal, place, at, value in rows:
            key = CounterKey(Place(str(site), str(version)), str(signal), int(place))
            memory.last[str(target), key] = (float(at), float(value))
        memory.end_look()
        return memory


def _began_anew(before: tuple[float, float], now: tuple[float, float], began: tuple[float, ...]) -> bool:
    if now[1] < before[1]:
        return True
    return now[0] - before[0] > GAP_SECONDS and any(before[0] < at <= now[0] for at in began)
