"""How well the score ranks the depressed above the others: areas, and the sensitivity at a given specificity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from training.evaluation.bootstrap import bootstrap, divide
from training.evaluation.levels import Levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from training.evaluation.bootstrap import Statistic, Weights

SPECIFICITIES: Final = (0.90, 0.95)
"""At which the sensitivity is stated (issue 3)."""
_ROUNDING: Final = 1e-9


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
    times = np.ones(len(positive)) if weights is None else np.asarray(weights, np.float64)
    return float(_auroc(*Levels(score).tally(times[None], positive))[0])


def auroc_interval(subjects: Sequence[str], depressed: ArrayLike, p_no_depression: ArrayLike) -> tuple[float, float]:
    """95 % interval of the AUROC of 1 - p_no_depression, resampling subjects."""
    found = bootstrap(subjects, {"": auroc_statistic(depressed, p_no_depression)})[""]["auroc"]
    return float(found.low), float(found.high)


def ranking_statistic(depressed: ArrayLike, p_no_depression: ArrayLike) -> Statistic:
    """Gives "auroc" and "auprc" [b]; "sensitivity", "reached" (specificity) and "p_below" [b, 2] at `SPECIFICITIES`.

    A photo is called depressed where p_no_depression is `p_below` or less.
    """
    positive = np.asarray(depressed, bool)
    levels = Levels(-np.asarray(p_no_depression, np.float64))  # 1 - p would tie all p under 1e-16

    def statistic(weights: Weights) -> dict[str, NDArray[np.float64]]:
        positives, negatives = levels.tally(weights, positive)
        points = [_sensitivity_at(positives, negatives, levels.values, target) for target in SPECIFICITIES]
        sensitivity, reached, p_below = (np.stack(column, axis=1) for column in zip(*points, strict=True))
        return {
            "auroc": _auroc(positives, negatives),
            "auprc": _auprc(positives, negatives),
            "sensitivity": sensitivity,
            "reached": reached,
            "p_below": p_below,
        }

    return statistic


def auroc_statistic(depressed: ArrayLike, p_no_depression: ArrayLike) -> Statistic:
    """Only "auroc" [b]."""
    positive = np.asarray(depressed, bool)
    levels = Levels(-np.asarray(p_no_depression, np.float64))  # 1 - p would tie all p under 1e-16
    return lambda weights: {"auroc": _auroc(*levels.tally(weights, positive))}


def _auroc(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> NDArray[np.float64]:
    below = np.cumsum(negatives, axis=1) - negatives
    won = (positives * (below + 0.5 * negatives)).sum(axis=1)
    return divide(won, positives.sum(axis=1) * negatives.sum(axis=1))


def _auprc(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average precision: the precision at each level, weighted by the recall it adds (no interpolation)."""
    hits, calls = _at_or_above(positives), _at_or_above(positives + negatives)
    precision = np.where(calls > 0, hits / np.maximum(calls, _ROUNDING), 0.0)
    return divide((positives * precision).sum(axis=1), positives.sum(axis=1))


def _sensitivity_at(
    positives: NDArray[np.float64], negatives: NDArray[np.float64], levels: NDArray[np.float64], specificity: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Largest sensitivity with at least this specificity, the specificity reached, the threshold on p; 0, 1, NaN if none."""
    true_negatives = np.cumsum(negatives, axis=1) - negatives
    reached = divide(true_negatives, negatives.sum(axis=1, keepdims=True))
    sensitivity = divide(_at_or_above(positives), positives.sum(axis=1, keepdims=True))
    allowed = reached >= specificity - _ROUNDING
    first, rows = np.argmax(allowed, axis=1), np.arange(len(allowed))  # the lowest level allowed calls the most
    any_allowed, undefined = allowed.any(axis=1), np.isnan(reached[:, 0] + sensitivity[:, 0])
    found = np.where(any_allowed, sensitivity[rows, first], 0.0)
    kept = np.where(any_allowed, reached[rows, first], 1.0)
    return (
        np.where(undefined, np.nan, found),
        np.where(undefined, np.nan, kept),
        np.where(any_allowed, -levels[first], np.nan),
    )


def _at_or_above(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.cumsum(numbers[:, ::-1], axis=1)[:, ::-1]
