"""The mixture Shiryaev-Roberts e-detector on counts by bin (Shin, Ramdas and Rinaldo, "E-detectors", 2023; drift.md, 4c).

For each alternative k a statistic grows where the photos fit the alternative better than the reference, and starts anew at each
update, so that a change at any time is found: R <- (1 + R) * likelihood ratio. The mean over the alternatives is again such a
statistic, and so is the mean over several signals: under no change its expectation after t updates is at most t, so an alarm at A
comes on average no earlier than after A updates, whenever one looks. There is no window to choose, and no correction for looking
often or at many signals.

The statistic depends on the sum of the counts alone: it is the same however the photos were divided among replicas.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np

from monitoring.drift.alternatives import log_ratios
from monitoring.drift.errors import CountsUnusable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from monitoring.drift.reference import Reference


@dataclass(slots=True, eq=False)
class Detector:
    """One signal's statistic.

    Attributes:
        reference: What is expected.
        log_statistics: Natural logarithm of each alternative's statistic, float64 [alternatives]; minus infinity before the first
            update.
        updates: So far.
    """

    reference: Reference
    log_statistics: NDArray[np.float64] = field(init=False)
    updates: int = 0
    _log_ratios: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        """Start with nothing seen."""
        self._log_ratios = log_ratios(self.reference)
        self.restart()

    def restart(self) -> None:
        """Forget what was seen: after an alarm that somebody took up, and where another version answers."""
        self.log_statistics = np.full(len(self._log_ratios), -np.inf)
        self.updates = 0

    def update(self, counts: ArrayLike) -> float:
        """Take the photos of one update, and say how much speaks for a change.

        Args:
            counts: By bin, of the same bins as the reference; may be fractions, where photos of one person share a weight of one.

        Returns:
            ln of the mean statistic (`log_mean`).

        Raises:
            CountsUnusable: other bins, or a count that is negative or not finite.
        """
        self.add(self.evidence_of(counts))
        return self.log_mean

    def evidence_of(self, counts: ArrayLike) -> NDArray[np.float64]:
        """What the photos of one update say for each alternative, in nats, float64 [alternatives]; takes nothing.

        Raises:
            CountsUnusable: as `update`.
        """
        seen = np.asarray(counts, np.float64)
        if seen.shape != self.reference.shares.shape or not np.isfinite(seen).all() or (seen < 0).any():
            message = f"counts must be {len(self.reference.shares)} finite numbers, none below zero"
            raise CountsUnusable(message)
        return np.asarray(self._log_ratios @ seen, np.float64)

    def add(self, evidence: NDArray[np.float64]) -> None:
        """Take what `evidence_of` made of one update."""
        self.log_statistics = np.logaddexp(0.0, self.log_statistics) + evidence
        self.updates += 1

    @property
    def log_mean(self) -> float:
        """Ln of the mean over the alternatives; at ln A or above, an alarm that comes by chance once in A updates at most."""
        return log_mean_exp(self.log_statistics)

    def state(self) -> dict[str, object]:
        """For the disk, as JSON values."""
        return {"updates": self.updates, "log_statistics": [float(value) for value in self.log_statistics]}

    @classmethod
    def resumed(cls, reference: Reference, log_statistics: Sequence[float], updates: int) -> Self:
        """As `state` left it.

        Raises:
            CountsUnusable: the state is of other alternatives, or not a number.
        """
        detector = cls(reference)
        kept = np.asarray(log_statistics, np.float64)
        if kept.shape != detector.log_statistics.shape or np.isnan(kept).any() or updates < 0:
            message = "the kept state is of another detector"
            raise CountsUnusable(message)
        detector.log_statistics, detector.updates = kept, updates
        return detector


def combined(detectors: Mapping[str, Detector]) -> float:
    """Ln of the mean over several signals: one alarm for all of them, with the one budget.

    Raises:
        ValueError: there is none.
    """
    return log_mean_exp(np.array([detector.log_mean for detector in detectors.values()]))


def loudest(detectors: Mapping[str, Detector]) -> str:
    """The signal that speaks for a change most."""
    return max(detectors, key=lambda name: detectors[name].log_mean)


def log_mean_exp(logs: NDArray[np.float64]) -> float:
    """Ln of the mean of exp, without overflow; minus infinity where all are."""
    highest = float(logs.max())
    if highest == -np.inf:
        return highest
    return highest + float(np.log(np.exp(logs - highest).mean()))
