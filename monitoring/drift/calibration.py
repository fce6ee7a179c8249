"""Do people whom the model called likely well turn out well as often as it said? A test that may be looked at after each outcome.

For outcomes y (1: the validated instrument says not depressed) and the model's p, the bet 1 + rate * (y - p) wins on average nothing
as long as p is right. The mean over several rates of the product of all bets exceeds 1 / chance with probability `chance` at most,
whenever one looks (Ville's inequality; drift.md, 4d). No number of outcomes has to be planned.

Who is asked may depend on the answer (clinicians confirm high bands more often): given the answer, a calibrated p is right on
average all the same, so the test stays valid. It then looks hardest where most people are asked. It is not valid where asking depends
on how the person seems beyond the answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring.drift.detector import log_mean_exp
from monitoring.drift.errors import CountsUnusable

RATES: Final = (-0.8, -0.4, -0.2, 0.2, 0.4, 0.8)
"""Of the stake; negative ones win where people are ill more often than the model said."""
CHANCE: Final = 0.001
"""Of a false alarm, ever."""


@dataclass(slots=True, eq=False)
class CalibrationTest:
    """The bets on one version's probabilities.

    Attributes:
        outcomes: So far.
        log_products: ln of the product of the bets at each rate, float64 [rates].
    """

    outcomes: int = 0
    log_products: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(RATES)))

    def add(self, p_no_depression: float, *, not_depressed: bool) -> float:
        """Take one outcome.

        Args:
            p_no_depression: That the model had given, 0 to 1.
            not_depressed: What the instrument said.

        Returns:
            ln of the evidence against calibration; an alarm at ln(1 / CHANCE).

        Raises:
            CountsUnusable: a probability outside 0 to 1.
        """
        if not 0.0 <= p_no_depression <= 1.0:
            message = "p_no_depression must be a probability"
            raise CountsUnusable(message)
        error = float(not_depressed) - p_no_depression
        self.log_products = self.log_products + np.log1p(np.array(RATES) * error)
        self.outcomes += 1
        return self.log_evidence

    @property
    def log_evidence(self) -> float:
        """Ln of the mean over the rates."""
        return log_mean_exp(self.log_products)

    @property
    def alarmed(self) -> bool:
        """Whether the evidence is so strong that a calibrated model would reach it with probability `CHANCE`."""
        return self.log_evidence >= math.log(1.0 / CHANCE)
