"""Figures of a binary screening test, in NumPy. "Positive" is depressed everywhere, as in the paper's table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from training.polarity import called_depressed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

RESAMPLES: Final = 2_000
CONFIDENCE: Final = 0.95
RATE_NAMES: Final = ("accuracy", "precision", "recall", "specificity", "f1")


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
    """Accuracy, precision, recall (sensitivity), specificity and F1 of counts of any shape; NaN where undefined.

    >>> {name: round(float(value), 4) for name, value in rates(tp=898, fp=101, fn=182, tn=930).items()}  # the paper
    {'accuracy': 0.8659, 'precision': 0.8989, 'recall': 0.8315, 'specificity': 0.902, 'f1': 0.8639}
    """
    tp, fp, fn, tn = (np.asarray(count, np.float64) for count in (tp, fp, fn, tn))
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "accuracy": (tp + tn) / (tp + fp + fn + tn),
            "precision": tp / (tp + fp),
            "recall": tp / (tp + fn),
            "specificity": tn / (tn + fp),
            "f1": 2 * tp / (2 * tp + fp + fn),
        }


def auroc(depressed: ArrayLike, score: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Probability that a depressed photo scores above another one, ties counting half; 0.5 is a coin.

    Args:
        depressed: True or 1 where depressed, [n].
        score: Higher means more depressed, [n].
        weights: How often each photo counts, [n].

    >>> auroc([1, 1, 0, 0], [0.9, 0.4, 0.4, 0.1])
    0.875
    """
    positive = np.asarray(depressed, bool)
    weight = np.ones(len(positive)) if weights is None else np.asarray(weights, np.float64)
    levels, place = np.unique(np.asarray(score), return_inverse=True)
    positives = np.bincount(place, weight * positive, len(levels))
    negatives = np.bincount(place, weight * ~positive, len(levels))
    below = np.cumsum(negatives) - negatives
    total = positives.sum() * negatives.sum()
    return float((positives * (below + 0.5 * negatives)).sum() / total) if total else float("nan")


def bootstrap_intervals(
    subjects: Sequence[str], depressed: ArrayLike, p_no_depression: ArrayLike, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """95 % percentile intervals of the rates and of `auroc`, resampling subjects, not photos.

    Photos of one person agree with each other; resampling photos would make the intervals far too narrow.
    """
    owner, drawn = _resample_subjects(subjects, seed)
    resampled = rates(*(drawn @ _sum_by_subject(owner, _cases(depressed, p_no_depression))).T)
    score = 1.0 - np.asarray(p_no_depression, np.float64)
    resampled["auroc"] = np.array([auroc(depressed, score, times[owner]) for times in drawn])
    return {name: _interval(values) for name, values in resampled.items()}


def paired_difference(
    subjects: Sequence[str], depressed: ArrayLike, p_one: ArrayLike, p_other: ArrayLike, seed: int = 0
) -> tuple[float, float, float]:
    """Accuracy of one model minus another's on the same photos, and its 95 % interval, resampling subjects.

    Both models meet the same hard photos, so the difference is known better than either accuracy.
    """
    owner, drawn = _resample_subjects(subjects, seed)
    truth = np.asarray(depressed, bool)
    gain = (called_depressed(p_one) == truth).astype(np.float64) - (called_depressed(p_other) == truth)
    sums = _sum_by_subject(owner, np.stack([gain, np.ones(len(gain))], axis=1))
    gains, photos = (drawn @ sums).T
    return float(gain.mean()), *_interval(gains / photos)


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


def _resample_subjects(subjects: Sequence[str], seed: int) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Whose each photo is, [n], and how often each subject is drawn, [RESAMPLES, subjects]."""
    names, owner = np.unique(np.asarray(subjects), return_inverse=True)
    drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES)
    return owner, drawn


def _sum_by_subject(owner: NDArray[np.intp], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of the columns of `values` [n, k] over each subject's photos, [subjects, k]."""
    return np.stack([np.bincount(owner, column) for column in values.T], axis=1)


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    defined = values[np.isfinite(values)]
    if not len(defined):
        return (float("nan"), float("nan"))
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(defined, [tail, 1.0 - tail])
    return float(low), float(high)
