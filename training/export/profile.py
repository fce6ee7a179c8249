"""Held-out answers and measures of the crops -> the profile of a version (`serving.contract.profile`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from serving.contract.profile import IMAGE_STATS, SCORE_EDGES_PPM, Histogram, Profile, Reliability, count_values
from serving.contract.severity import PAPER_THRESHOLDS, Band, band_of, severity_ppm
from training.evaluation.bootstrap import defined
from training.evaluation.calibration_curve import calibration_statistic, equal_mass_bins
from training.polarity import DEPRESSED, targets_from_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from serving.contract.model import ModelContract

RELIABILITY_BINS = 10
DECILES = tuple(step / 10 for step in range(1, 10))


def make_profile(
    contract: ModelContract,
    subjects: Sequence[str],
    labels: NDArray[np.int_],
    p_no_depression: NDArray[np.float32],
    quality: Mapping[str, NDArray[np.float64]],
) -> Profile:
    """Count what a version answered on photos that it did not learn from.

    Args:
        contract: Of the version.
        subjects: Whose photo each is.
        labels: 1 where depressed, [n].
        p_no_depression: The version's answers, [n].
        quality: Measure -> its value for each photo, [n]; measures outside `IMAGE_STATS`, not finite or constant are left out.
    """
    severities = np.array([severity_ppm(p) for p in p_no_depression])
    bands = [band_of(int(severity)) for severity in severities]
    targets = targets_from_labels(labels)
    calibration = calibration_statistic(labels == DEPRESSED, p_no_depression)(np.ones((1, len(labels))))
    return Profile(
        model_version=contract.version,
        created=contract.created,
        split="test",
        n_images=len(labels),
        n_subjects=len(set(subjects)),
        temperature=contract.calibration.temperature,
        thresholds_ppm=(PAPER_THRESHOLDS.none_max_ppm, PAPER_THRESHOLDS.mild_max_ppm),
        preprocessing_version=contract.crop.preprocessing_version,
        score=count_values(severities, tuple(float(edge) for edge in SCORE_EDGES_PPM[1:-1])),
        bands={str(band): bands.count(band) for band in Band},
        image_stats={
            name: _by_deciles(quality[name]) for name in IMAGE_STATS if name in quality and _usable(quality[name])
        },
        reliability=_reliability(p_no_depression.astype(np.float64), targets),
        brier=float(calibration["brier"][0]),
        ece=float(calibration["ece"][0]),
        prevalence=float(np.mean(labels == DEPRESSED)),
        limits=contract.limits,
        slope=defined(calibration["slope"][0]),
        intercept=defined(calibration["intercept"][0]),
    )


def _usable(values: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(values).all() and values.min() < values.max())


def _by_deciles(values: NDArray[np.float64]) -> Histogram:
    # Equal deciles (a measure with few distinct values) become one edge: edges must rise.
    edges = np.unique(np.quantile(values, DECILES))
    return count_values(values, tuple(float(edge) for edge in edges))


def _reliability(p: NDArray[np.float64], targets: NDArray[np.float32]) -> Reliability:
    bins = equal_mass_bins(p, RELIABILITY_BINS)
    members = [bins == number for number in np.unique(bins)]
    return Reliability(
        p=tuple(float(p[member].mean()) for member in members),
        observed=tuple(float(targets[member].mean()) for member in members),
        counts=tuple(int(member.sum()) for member in members),
    )
