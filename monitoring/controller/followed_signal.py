"""One signal against one reference: the detector that decides, and since when."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from monitoring.drift.detector import Detector
from monitoring.drift.onset import Onset
from monitoring.drift.reference import Reference

MARGIN: Final = 7.0
"""Nats that a statistic may rise above the height of the alarm. Lower values alarm no more often; without the cap a warning would
last as long as the change that caused it did."""


@dataclass(slots=True)
class FollowedSignal:
    """The two together."""

    detector: Detector
    onset: Onset

    @classmethod
    def new(cls, reference: Reference, at: float) -> FollowedSignal:
        """With nothing seen."""
        detector = Detector(reference)
        return cls(detector, Onset.new(len(detector.log_statistics), at))

    def update(self, counts: NDArray[np.float64], at: float, log_alarm_height: float) -> None:
        """Take the photos of one update, counted until `at`, by ten bins; a reference with fewer has nothing in the last ones."""
        evidence = self.detector.evidence_of(counts[: len(self.detector.reference.shares)])
        self.detector.add(evidence)
        self.detector.log_statistics = np.minimum(self.detector.log_statistics, log_alarm_height + MARGIN)
        self.onset.add(evidence, at)

    def state(self) -> dict[str, object]:
        """For the disk, as JSON values."""
        reference = self.detector.reference
        return {
            "reference": {"shares": reference.shares.tolist(), "photos": reference.photos},
            "updates": self.detector.updates,
            "log_statistics": [value if math.isfinite(value) else None for value in self.detector.log_statistics.tolist()],
            "sums": self.onset.sums.tolist(),
            "began": self.onset.began.tolist(),
        }  # fmt: skip

    @classmethod
    def resumed(cls, kept: Mapping[str, Any]) -> FollowedSignal:
        """As `state` left it.

        Raises:
            CountsUnusable: it is of other alternatives.
        """
        shares = np.array(kept["reference"]["shares"], np.float64)
        reference = Reference(np.arange(len(shares), dtype=np.float64), shares, int(kept["reference"]["photos"]))
        logs = [-math.inf if value is None else float(value) for value in kept["log_statistics"]]
        detector = Detector.resumed(reference, logs, int(kept["updates"]))
        return cls(detector, Onset(np.array(kept["sums"], np.float64), np.array(kept["began"], np.float64)))


def is_same(one: Reference, other: Reference) -> bool:
    """Whether two references expect the same."""
    return one.photos == other.photos and np.array_equal(one.shares, other.shares)
