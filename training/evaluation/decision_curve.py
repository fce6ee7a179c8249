"""Net benefit of acting on the answer, over how many false alarms a true alarm is worth (Vickers and Elkin 2006; `seed`).

At threshold t a photo is acted on where 1 - p_no_depression > t. NB(t) = TP/n - FP/n * t / (1 - t), against acting on
everybody and on nobody. It holds for the share of depressed people in this split and no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from training.evaluation.bootstrap import Estimate, Statistic, Weights

THRESHOLDS: Final = tuple(round(0.05 + 0.025 * step, 3) for step in range(19))
"""0.05 to 0.50."""


def decision_statistic(depressed: ArrayLike, p_no_depression: ArrayLike) -> Statistic:
    """Gives "model", "everybody" and "gain" (model minus the better of everybody and nobody), [b, thresholds] each."""
    truth, p = np.asarray(depressed, bool), np.asarray(p_no_depression, np.float64)
    thresholds = np.array(THRESHOLDS)
    price = thresholds / (1 - thresholds)
    acted = p[:, None] < 1 - thresholds
    worth = np.where(truth[:, None], 1.0, -price)

    def statistic(weights: Weights) -> dict[str, NDArray[np.float64]]:
        total = weights.sum(axis=1, keepdims=True)
        model, everybody = (weights @ (acted * worth)) / total, (weights @ worth) / total
        return {"model": model, "everybody": everybody, "gain": model - np.maximum(everybody, 0.0)}

    return statistic


def decision_section(found: Mapping[str, Estimate]) -> dict[str, Any]:
    """The section "decision_curve" of an evaluation, of the estimates of `decision_statistic`."""
    return {
        "unit": "net true positives per photo",
        "points": [
            {
                "threshold": threshold,
                "net_benefit": found["model"].figure(place),
                "treat_all": found["everybody"].figure(place),
                "treat_none": 0.0,
                "gain_over_both": found["gain"].figure(place),
            }
            for place, threshold in enumerate(THRESHOLDS)
        ],
    }
