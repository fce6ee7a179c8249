"""Two architectures over several seeds: each seed draws its own subject-disjoint split and its own initial weights.

A subject can be in the test split of several seeds, so the pooled intervals draw subjects, and take with a subject all that
was answered about it under every seed. What differs between seeds (split, weights, luck) is shown beside it, seed by seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from training.evaluation.bootstrap import INTERVAL_METHOD, bootstrap
from training.evaluation.rates import share_of_bayes
from training.polarity import called_depressed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from training.evaluation.answers import Answers
    from training.evaluation.bootstrap import Weights


def pool_accuracy(runs: Sequence[Answers], bayes_accuracy: float) -> dict[str, Any]:
    """Accuracy of one architecture over its seeds, and the share of the possible skill that it reached.

    Args:
        runs: Its answers on the test split of each seed.
        bayes_accuracy: Of the best possible reader of one photo.
    """
    right = np.concatenate([_right(answers) for answers in runs])
    found = bootstrap(_subjects(runs), {"pooled": lambda weights: {"accuracy": _mean(weights, right)}})["pooled"]
    accuracy = found["accuracy"].figure()
    by_seed = [float(_right(answers).mean()) for answers in runs]
    low, high = accuracy["interval_95"]
    return {
        "accuracy": accuracy,
        "accuracy_by_seed": by_seed,
        "accuracy_sd_over_seeds": float(np.std(by_seed, ddof=1)) if len(by_seed) > 1 else None,
        "share_of_bayes": {
            "value": share_of_bayes(accuracy["value"], bayes_accuracy),
            "interval_95": [share_of_bayes(low, bayes_accuracy), share_of_bayes(high, bayes_accuracy)],
        },
    }


def pool_difference(one: Mapping[int, Answers], other: Mapping[int, Answers]) -> dict[str, Any]:
    """Accuracy of one architecture minus the other's, on the same photos of the same seeds.

    Args:
        one: By seed; the seeds that both have count.
        other: By seed, on the same photos in the same order.

    Raises:
        ValueError: they have no seed in common, or answered other photos.
    """
    seeds = sorted(set(one) & set(other))
    if not seeds or any(one[seed].subjects != other[seed].subjects for seed in seeds):
        message = "two architectures can be compared on the same photos of the same seeds only"
        raise ValueError(message)
    gain = np.concatenate([_right(one[seed]) - _right(other[seed]) for seed in seeds])
    subjects = _subjects([one[seed] for seed in seeds])
    found = bootstrap(subjects, {"pooled": lambda weights: {"accuracy_difference": _mean(weights, gain)}})["pooled"]
    return {
        "seeds": seeds,
        "photos": len(gain),
        "subjects": len(set(subjects)),
        "accuracy_difference": found["accuracy_difference"].figure(),
        "by_seed": [float((_right(one[seed]) - _right(other[seed])).mean()) for seed in seeds],
        "interval_method": INTERVAL_METHOD,
    }


def _right(answers: Answers) -> NDArray[np.float64]:
    """1.0 where the binary decision is the label, [n]."""
    return np.asarray(called_depressed(answers.p) == answers.depressed, np.float64)


def _subjects(runs: Sequence[Answers]) -> tuple[str, ...]:
    return tuple(subject for answers in runs for subject in answers.subjects)


def _mean(weights: Weights, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(weights @ values / weights.sum(axis=1))
