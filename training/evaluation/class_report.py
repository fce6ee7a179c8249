"""The paper's classification report (Fig. 5): precision, recall, F1 and support of each class and their averages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.evaluation.bootstrap import divide
from training.polarity import called_depressed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from training.evaluation.bootstrap import Estimate, Statistic, Weights

CLASSES: Final = ("not_depressed", "depressed")
"""In the paper's order: label 0, label 1."""
FIGURES: Final = ("precision", "recall", "f1")


def class_report_statistic(depressed: ArrayLike, p_no_depression: ArrayLike) -> Statistic:
    """Precision, recall and F1, each [b, 4]: of label 0, of label 1, their plain mean, their mean weighted by support."""
    truth, called = np.asarray(depressed, bool), called_depressed(p_no_depression)
    hit = np.stack([~truth & ~called, truth & called], axis=1).astype(np.float64)
    is_called = np.stack([~called, called], axis=1).astype(np.float64)
    is_class = np.stack([~truth, truth], axis=1).astype(np.float64)

    def statistic(weights: Weights) -> dict[str, NDArray[np.float64]]:
        hits, calls, support = weights @ hit, weights @ is_called, weights @ is_class
        by_class = (divide(hits, calls), divide(hits, support), divide(2 * hits, calls + support))
        share = divide(support, support.sum(axis=1, keepdims=True))
        return {
            name: np.column_stack([values, values.mean(axis=1), (values * share).sum(axis=1)])
            for name, values in zip(FIGURES, by_class, strict=True)
        }

    return statistic


def class_report(found: Mapping[str, Estimate], depressed: NDArray[np.bool_]) -> dict[str, Any]:
    """The report as JSON, of the estimates of `class_report_statistic`."""
    support = (int((~depressed).sum()), int(depressed.sum()), len(depressed), len(depressed))
    rows = (*CLASSES, "macro_average", "weighted_average")
    return {
        row: {**{name: found[name].figure(place) for name in FIGURES}, "support": support[place]}
        for place, row in enumerate(rows)
    }
