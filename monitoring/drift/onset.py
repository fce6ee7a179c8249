"""Since when: the moment from which the photos speak for a change without looking back.

For each alternative the sum of its evidence, begun anew whenever it falls to zero (Page, "Continuous inspection schemes", 1954). The
last beginning is the most likely moment of the change, if there was one. It decides nothing; the detector does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(slots=True, eq=False)
class Onset:
    """Of one signal.

    Attributes:
        sums: Evidence of each alternative since its beginning, in nats, float64 [alternatives].
        began: The beginnings, seconds since 1970, float64 [alternatives].
    """

    sums: NDArray[np.float64]
    began: NDArray[np.float64]

    def add(self, evidence: NDArray[np.float64], at: float) -> None:
        """Take what one update said (`Detector.evidence_of`); `at` is its end, seconds since 1970."""
        risen = self.sums + evidence
        self.began = np.where(risen <= 0.0, at, self.began)
        self.sums = np.maximum(risen, 0.0)

    @property
    def since(self) -> float:
        """The beginning of the alternative that most speaks for."""
        return float(self.began[int(self.sums.argmax())])

    @classmethod
    def new(cls, alternatives: int, at: float) -> Onset:
        """With nothing seen."""
        return cls(np.zeros(alternatives), np.full(alternatives, at))
