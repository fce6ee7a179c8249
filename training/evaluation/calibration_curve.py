"""Whether p means what it says: Brier score, expected calibration error, recalibration slope, reliability curve.

All of it is about p_no_depression and its target (1 = not depressed): of the photos with p near 0.8, do 80 % show people
who are not depressed? Sources: `seed`, protocol, "Calibration".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.evaluation.bootstrap import CHUNK_NUMBERS, divide
from training.polarity import targets_from_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from training.evaluation.bootstrap import Estimate, Statistic, Weights

BINS: Final = 15
"""Of equal mass: a bin of equal width that holds three photos says nothing."""
NULL_DRAWS: Final = 1_000
SMALLEST_P: Final = 1e-7
"""p is kept this far from 0 and 1 before its logit is taken; float32 rounds what lies nearer to 1."""
_STEPS: Final = 30
_STEP_TOLERANCE: Final = 1e-7
_LARGEST_SLOPE: Final = 100.0


def logits_of(p_no_depression: ArrayLike) -> NDArray[np.float64]:
    """log(p / (1 - p)), finite."""
    p = np.clip(np.asarray(p_no_depression, np.float64), SMALLEST_P, 1 - SMALLEST_P)
    return np.asarray(np.log(p) - np.log1p(-p))


def calibration_statistic(depressed: ArrayLike, p_no_depression: ArrayLike, bins: int = BINS) -> Statistic:
    """Gives "brier", "nll", "ece", "slope", "intercept", "mean_error" [b]; "bin_p", "bin_observed" [b, bins].

    The bins are those of the photos as they are; resamples keep them. Chance only ever adds to an ECE, and twice in a
    resample, so its interval lies high: compare it with `calibrated_ece`.
    """
    p, target = np.asarray(p_no_depression, np.float64), _targets(depressed)
    logit = logits_of(p)
    bin_of = equal_mass_bins(p, bins)
    member = np.eye(bins)[bin_of]
    squared, surprise = (p - target) ** 2, np.logaddexp(0.0, np.where(target == 1, -logit, logit))
    columns = np.column_stack([np.ones_like(p), squared, surprise, p - target])

    def statistic(weights: Weights) -> dict[str, NDArray[np.float64]]:
        total, brier, nll, error = (weights @ columns).T
        mass, sum_p, sum_target = (weights @ (member * part[:, None]) for part in (np.ones_like(p), p, target))
        slope, intercept = recalibration(weights, logit, target)
        return {
            "brier": brier / total,
            "nll": nll / total,
            "mean_error": error / total,
            "ece": np.abs(sum_p - sum_target).sum(axis=1) / total,
            "slope": slope,
            "intercept": intercept,
            "bin_p": divide(sum_p, mass),
            "bin_observed": divide(sum_target, mass),
        }

    return statistic


def expected_calibration_error(depressed: ArrayLike, p_no_depression: ArrayLike, bins: int = BINS) -> float:
    """Sum over bins of equal mass of |mean p - share not depressed|, weighted by the photos in them.

    >>> expected_calibration_error([0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5])
    0.0
    """
    return float(ece_statistic(depressed, p_no_depression, bins)(np.ones((1, np.size(p_no_depression))))["ece"][0])


def ece_statistic(depressed: ArrayLike, p_no_depression: ArrayLike, bins: int = BINS) -> Statistic:
    """Only "ece" [b]."""
    p = np.asarray(p_no_depression, np.float64)
    gap = np.eye(bins)[equal_mass_bins(p, bins)] * (p - _targets(depressed))[:, None]
    return lambda weights: {"ece": np.abs(weights @ gap).sum(axis=1) / weights.sum(axis=1)}


def equal_mass_bins(p: NDArray[np.float64], bins: int = BINS) -> NDArray[np.intp]:
    """The bin of each photo, 0 to bins - 1; equal p share a bin, so that the order of the photos does not matter."""
    if not len(p):
        return np.empty(0, np.intp)
    edges = np.sort(p)[(np.arange(1, bins) * len(p)) // bins]
    return np.searchsorted(edges, p, side="right")


def recalibration(
    weights: Weights, logit: NDArray[np.float64], target: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slope b and intercept a of logit P(target = 1) = a + b * logit p, [resamples] each; calibrated is 1 and 0.

    Maximum likelihood without penalty, by Newton's method on all resamples at once. NaN where it has no maximum: one
    label only, or p separates the labels.
    """
    a, b = np.zeros(len(weights)), np.zeros(len(weights))
    squared = logit * logit
    step = np.full(len(weights), np.inf)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for _ in range(_STEPS):
            mean = 1.0 / (1.0 + np.exp(-(a[:, None] + b[:, None] * logit)))
            curvature = weights * (mean * (1.0 - mean))
            rest = weights * (target - mean)
            g_a, g_b = rest.sum(axis=1), rest @ logit
            h_aa, h_ab, h_bb = curvature.sum(axis=1), curvature @ logit, curvature @ squared
            determinant = h_aa * h_bb - h_ab * h_ab
            d_a, d_b = (h_bb * g_a - h_ab * g_b) / determinant, (h_aa * g_b - h_ab * g_a) / determinant
            a, b = a + d_a, b + d_b
            step = np.maximum(np.abs(d_a), np.abs(d_b))
            if not (step > _STEP_TOLERANCE).any():  # NaN: that resample has no maximum and stays NaN
                break
    found = (step <= _STEP_TOLERANCE) & (np.abs(b) < _LARGEST_SLOPE)
    return np.where(found, b, np.nan), np.where(found, a, np.nan)


def calibrated_ece(
    subjects: Sequence[str], p_no_depression: ArrayLike, bins: int = BINS, seed: int = 0
) -> tuple[float, float]:
    """Mean and 95 % quantile of the ECE that a perfectly calibrated model would show on as many photos.

    The ECE is never 0, even where p is true, because bins are finite: labels are drawn anew from p itself, one random
    number per subject, because photos of one person share their label.
    """
    p = np.asarray(p_no_depression, np.float64)
    names, owner = np.unique(np.asarray(subjects), return_inverse=True)
    member = np.eye(bins)[equal_mass_bins(p, bins)]
    rng, chunk = np.random.default_rng(seed), max(1, CHUNK_NUMBERS // max(1, len(p)))
    parts = []
    for start in range(0, NULL_DRAWS, chunk):  # the numbers are those of one draw of them all, without its memory
        draws = rng.random((min(chunk, NULL_DRAWS - start), len(names)))[:, owner] < p
        parts.append(np.abs((p - draws) @ member).sum(axis=1) / max(1, len(p)))
    eces = np.concatenate(parts)
    return float(eces.mean()), float(np.quantile(eces, 0.95))


def calibration_section(
    found: Mapping[str, Estimate], subjects: Sequence[str], p_no_depression: NDArray[np.float32]
) -> dict[str, Any]:
    """The section "calibration" of an evaluation, of the estimates of `calibration_statistic`."""
    counts = np.bincount(equal_mass_bins(np.asarray(p_no_depression, np.float64)), minlength=BINS)
    null_mean, null_high = calibrated_ece(subjects, p_no_depression)
    return {
        "of": "p_no_depression against not depressed",
        **{name: found[name].figure() for name in ("brier", "nll", "ece", "slope", "intercept", "mean_error")},
        "ece_bins": BINS,
        "ece_of_a_calibrated_model": {"mean": null_mean, "quantile_95": null_high, "draws": NULL_DRAWS},
        "reliability": [
            {
                "photos": int(counts[place]),
                "mean_p": found["bin_p"].figure(place)["value"],
                "observed": found["bin_observed"].figure(place),
            }
            for place in range(BINS)
            if counts[place]
        ],
    }


def _targets(depressed: ArrayLike) -> NDArray[np.float64]:
    return targets_from_labels(np.asarray(depressed, np.int64)).astype(np.float64)
