"""How the error falls when the least stable answers are withheld: the risk-coverage curve and the area under it.

Photos are kept from the most stable to the least. Stability is the spread of the severity under jitter where it was
measured, else the distance of the severity to the nearer band edge; never max(p, 1 - p), see `instability`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from serving.contract.severity import PAPER_THRESHOLDS
from training.evaluation.band_rule import severities_ppm
from training.evaluation.bootstrap import divide
from training.evaluation.instability import instability_ppm
from training.evaluation.levels import Levels
from training.polarity import called_depressed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from serving.contract.severity import Thresholds
    from training.evaluation.answers import Answers
    from training.evaluation.bootstrap import Estimate, Statistic, Weights

COVERAGES: Final = tuple(round(1.0 - 0.05 * step, 2) for step in range(11))
"""1.0 down to 0.5."""
BY_JITTER: Final = "spread of the severity under jitter, smallest kept first"
BY_EDGE: Final = "distance of the severity to the nearer band edge, largest kept first"


def risk_of(answers: Answers, thresholds: Thresholds = PAPER_THRESHOLDS) -> tuple[str, NDArray[np.int64]]:
    """What orders the photos, in words, and the number by which they are kept, lowest first, [n]."""
    if answers.p_jittered is not None:
        return BY_JITTER, instability_ppm(answers.p, answers.p_jittered)
    severities = severities_ppm(answers.p)
    edges = (thresholds.none_max_ppm, thresholds.mild_max_ppm)
    return BY_EDGE, -np.min([np.abs(severities - edge) for edge in edges], axis=0)


def risk_coverage_statistic(answers: Answers, mild: NDArray[np.bool_]) -> Statistic:
    """Gives "aurc" [b]; "error" (wrong at p = 0.5) and "mild" (share) among the photos kept, [b, coverages].

    Photos of equal stability are kept in equal parts, so that the order of the photos does not matter.
    """
    levels = Levels(risk_of(answers)[1])
    wrong = levels.sort((called_depressed(answers.p) != answers.depressed).astype(np.float64))
    is_mild = levels.sort(mild.astype(np.float64))

    def statistic(weights: Weights) -> dict[str, NDArray[np.float64]]:
        ordered = levels.sort(weights)
        mass, wrongs, milds = (levels.add_up(part) for part in (ordered, ordered * wrong, ordered * is_mild))
        reached = np.cumsum(mass, axis=1)
        at_level = divide(np.cumsum(wrongs, axis=1), reached)
        return {
            "aurc": divide(np.nansum(at_level * mass, axis=1), reached[:, -1]),
            "error": _among_kept(mass, reached, wrongs),
            "mild": _among_kept(mass, reached, milds),
        }

    return statistic


def risk_coverage_section(found: Mapping[str, Estimate], ordered_by: str) -> dict[str, Any]:
    """The section "risk_coverage" of an evaluation, of the estimates of `risk_coverage_statistic`."""
    return {
        "ordered_by": ordered_by,
        "error": "wrong side of p = 0.5",
        "aurc": found["aurc"].figure(),
        "points": [
            {
                "coverage": coverage,
                "error": found["error"].figure(place),
                "mild_share": found["mild"].figure(place),
            }
            for place, coverage in enumerate(COVERAGES)
        ],
    }


def _among_kept(
    mass: NDArray[np.float64], reached: NDArray[np.float64], sums: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean over the photos kept at each of `COVERAGES`, [b, coverages]; a level that is kept in part counts in part."""
    rows, total = np.arange(len(mass)), reached[:, -1]
    before = np.cumsum(sums, axis=1) - sums
    kept = []
    for coverage in COVERAGES:
        wanted = coverage * total
        last = np.minimum((reached < wanted[:, None] - 1e-9).sum(axis=1), mass.shape[1] - 1)
        level_mass = mass[rows, last]
        part = wanted - (reached[rows, last] - level_mass)
        share = np.clip(part / np.where(level_mass == 0, 1.0, level_mass), 0.0, 1.0)
        kept.append(divide(before[rows, last] + share * sums[rows, last], wanted))
    return np.stack(kept, axis=1)
