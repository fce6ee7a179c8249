"""What a picture of the scores needs: ROC and precision-recall curve at a few thresholds, and a histogram by label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from serving.contract.severity import PARTS_PER_MILLION
from training.evaluation.band_rule import severities_ppm
from training.evaluation.bootstrap import defined, divide

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINTS: Final = 101
HISTOGRAM_BINS: Final = 20
"""Of 50,000 ppm each, so that the band edges 300,000 and 600,000 are edges."""


def trace_curves(depressed: NDArray[np.bool_], p_no_depression: NDArray[np.float32]) -> dict[str, Any]:
    """The section "curves": at each threshold, a photo is called depressed where p_no_depression is `p_below` or less."""
    p = np.asarray(p_no_depression, np.float64)
    thresholds = np.quantile(p, np.linspace(0.0, 1.0, min(POINTS, len(p))), method="nearest")
    called = p[:, None] <= thresholds
    hits, false_alarms = called[depressed].sum(axis=0), called[~depressed].sum(axis=0)
    sensitivity = divide(hits, np.full(len(thresholds), depressed.sum()))
    false_positive_rate = divide(false_alarms, np.full(len(thresholds), (~depressed).sum()))
    precision = divide(hits, hits + false_alarms)
    edges = np.linspace(0, PARTS_PER_MILLION, HISTOGRAM_BINS + 1).astype(int)
    severities = severities_ppm(p)
    # Bins hold their upper end, as the bands do.
    places = np.clip(np.searchsorted(edges, severities, side="left") - 1, 0, HISTOGRAM_BINS - 1)
    return {
        "points": [
            {
                "p_below": float(thresholds[place]),
                "sensitivity": defined(sensitivity[place]),
                "false_positive_rate": defined(false_positive_rate[place]),
                "precision": defined(precision[place]),
            }
            for place in range(len(thresholds))
        ],
        "severity_histogram": {
            "edges_ppm": edges.tolist(),
            "not_depressed": np.bincount(places[~depressed], minlength=HISTOGRAM_BINS).tolist(),
            "depressed": np.bincount(places[depressed], minlength=HISTOGRAM_BINS).tolist(),
        },
    }
