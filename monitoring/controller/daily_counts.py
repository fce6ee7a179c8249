"""Photos by day and bin: what traffic is, and what photos have looked like lately."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

DAY_SECONDS: Final = 86_400.0
KEPT_DAYS: Final = 35
LEAST_PACE_SECONDS: Final = 300.0
"""Over less than that no pace is told."""
TRAFFIC_DAYS: Final = 28
"""Traffic is the mean of so many days: whole weeks, because weekends are quiet."""


@dataclass(slots=True)
class DailyCounts:
    """Of one site and version.

    Attributes:
        days: Number of the day since 1970 (UTC) -> signal -> photos by bin.
        evidence: Number of the day -> signal -> ln of its statistic at the end of the day, as far as there was one.
        first: When the first photo was counted, seconds since 1970; infinity before it.
    """

    days: dict[int, dict[str, NDArray[np.float64]]] = field(default_factory=dict)
    evidence: dict[int, dict[str, float]] = field(default_factory=dict)
    first: float = math.inf

    def add(self, signal: str, counts: NDArray[np.float64], at: float) -> None:
        """Photos that were counted until `at`."""
        self.first = min(self.first, at)
        day = self.days.setdefault(int(at // DAY_SECONDS), {})
        before = day.get(signal)
        day[signal] = counts.copy() if before is None else before + counts
        self._forget(at)

    def note_evidence(self, evidence: Mapping[str, float], at: float) -> None:
        """What the detectors say now; the last of a day stays."""
        self.evidence[int(at // DAY_SECONDS)] = dict(evidence)

    def since(self, signal: str, begin: float) -> NDArray[np.float64] | None:
        """Photos by bin of the days from the one of `begin` on; None where there are none."""
        found = [day[signal] for number, day in self.days.items() if number >= begin // DAY_SECONDS and signal in day]
        return np.sum(found, axis=0) if found else None

    def photos_since(self, signal: str, begin: float) -> float:
        """How many these are."""
        found = self.since(signal, begin)
        return 0.0 if found is None else float(found.sum())

    def per_day(self, signal: str, now: float) -> float:
        """Photos a day on average, since the first or over `TRAFFIC_DAYS`.

        In the first hours it is the pace so far: a day's worth of a busy site must not pass for that of a quiet one, whose alarm hangs low.
        """
        begin = max(min(self.first, now), now - TRAFFIC_DAYS * DAY_SECONDS)
        return self.photos_since(signal, begin) * DAY_SECONDS / max(LEAST_PACE_SECONDS, now - begin)

    def state(self) -> dict[str, object]:
        """For the disk, as JSON values."""
        days = {
            str(day): {name: values.tolist() for name, values in signals.items()} for day, signals in self.days.items()
        }
        first = self.first if math.isfinite(self.first) else None
        return {"days": days, "evidence": {str(day): of for day, of in self.evidence.items()}, "first": first}

    @classmethod
    def resumed(
        cls,
        days: Mapping[str, Mapping[str, list[float]]],
        evidence: Mapping[str, Mapping[str, float]],
        first: float | None,
    ) -> DailyCounts:
        """As `state` left it."""
        return cls(
            {int(day): {name: np.array(v, np.float64) for name, v in of.items()} for day, of in days.items()},
            {int(day): {name: float(v) for name, v in of.items()} for day, of in evidence.items()},
            math.inf if first is None else float(first),
        )

    def _forget(self, at: float) -> None:
        oldest = int(at // DAY_SECONDS) - KEPT_DAYS
        for kept in (self.days, self.evidence):
            for day in [day for day in kept if day < oldest]:
                del kept[day]
