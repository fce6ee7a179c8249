"""Rates of the binary decision at p = 0.5. "Positive" is depressed everywhere, as in the paper's table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.evaluation.bootstrap import bootstrap, divide
from training.polarity import called_depressed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from training.evaluation.bootstrap import Estimate, Statistic, Weights

RATE_NAMES: Final = (
    "accuracy",
    "precision",
    "recall",
    "specificity",
    "f1",
    "balanced_accuracy",
    "mcc",
    "kappa",
    "likelihood_ratio_positive",
    "likelihood_ratio_negative",
)
PREVALENCES: Final = (0.05, 0.1, 0.2, 0.5)
"""For which PPV and NPV are stated (`seed`, 1f): a test set of half depressed people flatters the precision."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts at p = 0.5: depressed called depressed (tp) or not (fn), not depressed called depressed (fp) or not (tn)."""

    tp: int
    fp: int
    fn: int
    tn: int


def confusion(depressed: ArrayLike, p_no_depression: ArrayLike) -> Confusion:
    """Count the four cases.

    >>> confusion([1, 1, 0, 0], [0.1, 0.9, 0.8, 0.7])
    Confusion(tp=1, fp=0, fn=1, tn=2)
    """
    tp, fp, fn, tn = (int(column.sum()) for column in _cases(depressed, p_no_depression).T)
    return Confusion(tp, fp, fn, tn)


def rates(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """`RATE_NAMES` of counts of any shape; NaN where undefined. `recall` is the sensitivity.

    >>> found = rates(tp=898, fp=101, fn=182, tn=930)  # the paper
    >>> {name: round(float(value), 4) for name, value in found.items()}  # doctest: +NORMALIZE_WHITESPACE
    {'accuracy': 0.8659, 'precision': 0.8989, 'recall': 0.8315, 'specificity': 0.902, 'f1': 0.8639,
     'balanced_accuracy': 0.8668, 'mcc': 0.7341, 'kappa': 0.732,
     'likelihood_ratio_positive': 8.4876, 'likelihood_ratio_negative': 0.1868}
    """
    tp, fp, fn, tn = (np.asarray(count, np.float64) for count in (tp, fp, fn, tn))
    total = tp + fp + fn + tn
    accuracy, sensitivity, specificity = divide(tp + tn, total), divide(tp, tp + fn), divide(tn, tn + fp)
    by_chance = divide((tp + fp) * (tp + fn) + (fn + tn) * (fp + tn), total**2)
    return {
        "accuracy": accuracy,
        "precision": divide(tp, tp + fp),
        "recall": sensitivity,
        "specificity": specificity,
        "f1": divide(2 * tp, 2 * tp + fp + fn),
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "mcc": divide(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))),
        "kappa": divide(accuracy - by_chance, 1 - by_chance),
        "likelihood_ratio_positive": divide(sensitivity, 1 - specificity),
        "likelihood_ratio_negative": divide(1 - sensitivity, specificity),
    }


def predictive_values(
    sensitivity: ArrayLike, specificity: ArrayLike, prevalence: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """PPV and NPV where `prevalence` of those screened are depressed (Bayes' rule); shapes broadcast.

    >>> [round(float(value), 3) for value in predictive_values(898 / 1080, 930 / 1031, 0.05)]  # the paper at 5 %
    [0.309, 0.99]
    """
    sensitivity, specificity, share = (np.asarray(v, np.float64) for v in (sensitivity, specificity, prevalence))
    hits, false_alarms = sensitivity * share, (1 - specificity) * (1 - share)
    rejections, misses = specificity * (1 - share), (1 - sensitivity) * share
    return divide(hits, hits + false_alarms), divide(rejections, rejections + misses)


def rate_statistic(depressed: ArrayLike, p_no_depression: ArrayLike) -> Statistic:
    """`rates`, and "ppv" and "npv" over `PREVALENCES` [b, 4]."""
    cases = _cases(depressed, p_no_depression)

    def statistic(weights: Weights) -> dict[str, NDArray[np.float64]]:
        found = rates(*(weights @ cases).T)
        sensitivity, specificity = found["recall"][:, None], found["specificity"][:, None]
        found["ppv"], found["npv"] = predictive_values(sensitivity, specificity, np.array(PREVALENCES))
        return found

    return statistic


def prevalence_table(found: dict[str, Estimate]) -> list[dict[str, Any]]:
    """PPV and NPV by prevalence, of the estimates of `rate_statistic`."""
    return [
        {"prevalence": share, "ppv": found["ppv"].figure(place), "npv": found["npv"].figure(place)}
        for place, share in enumerate(PREVALENCES)
    ]


def paired_difference(
    subjects: Sequence[str], depressed: ArrayLike, p_one: ArrayLike, p_other: ArrayLike, seed: int = 0
) -> Estimate:
    """Accuracy of one model minus another's on the same photos, with its 95 % interval, resampling subjects.

    Both models meet the same hard photos, so the difference is known better than either accuracy.
    """
    truth = np.asarray(depressed, bool)
    gain = (called_depressed(p_one) == truth).astype(np.float64) - (called_depressed(p_other) == truth)
    return bootstrap(subjects, {"": lambda weights: {"": weights @ gain / weights.sum(axis=1)}}, seed=seed)[""][""]


def share_of_bayes(accuracy: float, bayes_accuracy: float) -> float:
    """(accuracy - 0.5) / (Bayes - 0.5): skill above a coin, as a share of what any reader of the photo could have.

    >>> share_of_bayes(0.69, 0.88)
    0.5
    """
    return round((accuracy - 0.5) / (bayes_accuracy - 0.5), 12)


def _cases(depressed: ArrayLike, p_no_depression: ArrayLike) -> NDArray[np.float64]:
    """One-hot [n, 4] in the order tp, fp, fn, tn."""
    truth, called = np.asarray(depressed, bool), called_depressed(p_no_depression)
    return np.stack([truth & called, ~truth & called, truth & ~called, ~truth & ~called], axis=1).astype(np.float64)
