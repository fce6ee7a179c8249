"""The deployed rule: three bands of severity under the paper's thresholds (section III), and who is in them.

The paper's confusion matrix is the decision at p = 0.5; what a clinic sees are these bands, so they get figures of their
own (`seed`, ambiguity D). There are no severity labels: mild and high are cut-points of a binary score.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from serving.contract.band_counts import BandCounts
from serving.contract.errors import ModelAnswerInvalid
from serving.contract.severity import PAPER_THRESHOLDS, PARTS_PER_MILLION, Band
from training.evaluation.bootstrap import defined, divide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from serving.contract.severity import Thresholds
    from training.evaluation.bootstrap import Estimate, Statistic, Weights

BANDS: Final = tuple(Band)
"""In rising severity; `bands_of` counts in this order."""


def severities_ppm(p_no_depression: ArrayLike) -> NDArray[np.int64]:
    """`serving.contract.severity.severity_ppm` of an array of any shape.

    Raises:
        ModelAnswerInvalid: not finite, or outside [0, 1].
    """
    p = np.asarray(p_no_depression, np.float64)
    if not (np.isfinite(p) & (p >= 0.0) & (p <= 1.0)).all():
        message = "the model answered something that is not a probability"
        raise ModelAnswerInvalid(message)
    return np.rint((1.0 - p) * PARTS_PER_MILLION).astype(np.int64)


def bands_of(p_no_depression: ArrayLike, thresholds: Thresholds = PAPER_THRESHOLDS) -> NDArray[np.intp]:
    """Place in `BANDS` of each p: 0 none, 1 mild, 2 high.

    >>> bands_of([0.7, 0.699, 0.4, 0.399]).tolist()
    [0, 1, 1, 2]
    """
    edges = (thresholds.none_max_ppm, thresholds.mild_max_ppm)
    return np.searchsorted(edges, severities_ppm(p_no_depression), side="left")


def band_statistic(depressed: ArrayLike, bands: NDArray[np.intp]) -> Statistic:
    """Gives "share" of the photos and "depressed_share" of each band, [b, 3]; "monotone" [b]: 1 where the latter rises."""
    member = np.eye(len(BANDS))[bands]
    ill = member * np.asarray(depressed, np.float64)[:, None]

    def statistic(weights: Weights) -> dict[str, NDArray[np.float64]]:
        mass = weights @ member
        depressed_share = divide(weights @ ill, mass)
        rises = np.diff(depressed_share, axis=1) > 0
        return {
            "share": mass / weights.sum(axis=1, keepdims=True),
            "depressed_share": depressed_share,
            "monotone": np.where(np.isnan(depressed_share).any(axis=1), np.nan, rises.all(axis=1)),
        }

    return statistic


def count_subjects(
    subjects: Sequence[str],
    depressed: NDArray[np.bool_],
    p_no_depression: ArrayLike,
    thresholds: Thresholds = PAPER_THRESHOLDS,
) -> BandCounts:
    """Subjects by band and truth, each once, by the share of their photos; a subject with both labels counts in both groups.

    Args:
        subjects: Whose photo each is, [n].
        depressed: What each photo's label says, [n].
        p_no_depression: The version's answers, [n].
        thresholds: Of the bands.

    >>> counts = count_subjects(["a", "a", "b"], np.array([True, True, False]), [0.9, 0.1, 0.8])
    >>> counts.depressed, counts.not_depressed_subjects
    ({'none': 0.5, 'mild': 0.0, 'high': 0.5}, 1)
    """
    member = np.eye(len(BANDS))[bands_of(p_no_depression, thresholds)]
    names = np.asarray(subjects)

    def count(group: NDArray[np.bool_]) -> tuple[dict[str, float], int]:
        found, owner, photos = np.unique(names[group], return_inverse=True, return_counts=True)
        shares = member[group] / photos[owner][:, None]
        return {str(band): round(float(shares[:, place].sum()), 6) for place, band in enumerate(BANDS)}, len(found)

    ill, ill_subjects = count(depressed)
    well, well_subjects = count(~depressed)
    return BandCounts(ill, well, ill_subjects, well_subjects, thresholds)


def band_section(
    found: Mapping[str, Estimate],
    depressed: NDArray[np.bool_],
    bands: NDArray[np.intp],
    thresholds: Thresholds = PAPER_THRESHOLDS,
) -> dict[str, Any]:
    """The section "band_rule" of an evaluation, of the estimates of `band_statistic`."""
    counts = [np.bincount(bands[depressed == truth], minlength=len(BANDS)) for truth in (False, True)]
    monotone = found["monotone"].figure()["value"]
    return {
        "thresholds": {"none_max_ppm": thresholds.none_max_ppm, "mild_max_ppm": thresholds.mild_max_ppm},
        "bands": {
            str(band): {
                "photos": int(counts[0][place] + counts[1][place]),
                "share": found["share"].figure(place),
                "depressed_share": found["depressed_share"].figure(place),
            }
            for place, band in enumerate(BANDS)
        },
        "confusion": {
            label: {str(band): int(row[place]) for place, band in enumerate(BANDS)}
            for label, row in zip(("not_depressed", "depressed"), counts, strict=True)
        },
        "monotone": None if monotone is None else bool(monotone),
        "monotone_share_of_resamples": defined(float(found["monotone"].mean)),
    }
