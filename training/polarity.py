"""LABEL 1 MEANS DEPRESSED, THE MODEL LEARNS THE PROBABILITY OF NOT BEING DEPRESSED: target = 1 - label.

The paper's thresholds (p >= 0.7: no depression) need a sigmoid of NOT being depressed, while its report counts label 1 as
depressed (`seed` items 10 and 16). A model trained on the label itself and thresholded like the paper would call the most
depressed "none". Both conversions of this package stand here, and the export gate checks the result on held-out crops.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

DEPRESSED = 1
"""The manifest's label of the depressed."""
DECISION_P = 0.5
"""The paper's confusion matrix is the binary decision at p = 0.5; the bands at 0.7 and 0.4 are the deployed rule."""


def targets_from_labels(labels: ArrayLike) -> NDArray[np.float32]:
    """What the sigmoid learns: 1.0 for label 0 (not depressed), 0.0 for label 1 (depressed).

    >>> targets_from_labels([0, 1, 1]).tolist()
    [1.0, 0.0, 0.0]
    """
    return (1 - np.asarray(labels)).astype(np.float32)


def called_depressed(p_no_depression: ArrayLike) -> NDArray[np.bool_]:
    """The binary decision: depressed where p_no_depression < 0.5.

    >>> called_depressed([0.1, 0.5, 0.9]).tolist()
    [True, False, False]
    """
    return np.asarray(p_no_depression) < DECISION_P
