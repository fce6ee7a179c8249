"""The figures that an approval compares, of one model and of two on the same photos, with 95 % intervals of subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from training.evaluation.bootstrap import bootstrap
from training.evaluation.calibration_curve import ece_statistic
from training.evaluation.ranking import auroc_statistic
from training.evaluation.rates import rate_statistic
from training.polarity import targets_from_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.evaluation.bootstrap import Estimate, Statistic, Weights

FIGURES: Final = {"accuracy": 1, "sensitivity": 1, "specificity": 1, "auroc": 1, "brier": -1, "ece": -1}
"""Figure -> 1 where more is better, -1 where less is. "Positive" is depressed, called where p_no_depression < 0.5."""
CANDIDATE, CHAMPION, GAIN = "candidate", "champion", "gain"


def estimate_figures(
    subjects: Sequence[str],
    depressed: NDArray[np.bool_],
    p_candidate: NDArray[np.float32],
    p_champion: NDArray[np.float32] | None,
) -> dict[str, dict[str, Estimate]]:
    """`FIGURES` of the candidate and, where there is one, of the champion and of the gain, from the same resamples.

    The gain is positive where the candidate is better, whichever way the figure counts. Both models meet the same hard
    photos, so the gain is known better than either figure.

    Args:
        subjects: Whose each photo is, [n].
        depressed: [n].
        p_candidate: The candidate's p_no_depression, [n].
        p_champion: The champion's, [n].
    """
    statistics = {CANDIDATE: figures_statistic(depressed, p_candidate)}
    if p_champion is not None:
        statistics[CHAMPION] = figures_statistic(depressed, p_champion)

    def together(weights: Weights) -> dict[str, NDArray[np.float64]]:
        found = {side: statistic(weights) for side, statistic in statistics.items()}
        if CHAMPION in found:
            found[GAIN] = {
                name: sign * (found[CANDIDATE][name] - found[CHAMPION][name]) for name, sign in FIGURES.items()
            }
        return {f"{side} {name}": figures[name] for side, figures in found.items() for name in FIGURES}

    estimates = bootstrap(subjects, {"": together})[""]
    sides = (*statistics, GAIN) if CHAMPION in statistics else tuple(statistics)
    return {side: {name: estimates[f"{side} {name}"] for name in FIGURES} for side in sides}


def figures_statistic(depressed: NDArray[np.bool_], p_no_depression: NDArray[np.float32]) -> Statistic:
    """Gives `FIGURES`, each [b]."""
    rates, area = rate_statistic(depressed, p_no_depression), auroc_statistic(depressed, p_no_depression)
    calibration = ece_statistic(depressed, p_no_depression)
    squared = (p_no_depression.astype(np.float64) - targets_from_labels(depressed.astype(int))) ** 2

    def statistic(weights: Weights) -> dict[str, NDArray[np.float64]]:
        found = rates(weights)
        return {
            "accuracy": found["accuracy"],
            "sensitivity": found["recall"],
            "specificity": found["specificity"],
            **area(weights),
            "brier": weights @ squared / weights.sum(axis=1),
            **calibration(weights),
        }

    return statistic
