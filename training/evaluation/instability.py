"""How far an answer moves when its crop is jittered a little, and which answers a policy therefore withholds.

Nothing here asks how large p is. max(p, 1 - p) is lowest in the paper's mild band, so declining the least "confident"
photos would delete that band (issue 3, "Calibrate and choose"). A spread is the same wherever it lies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from serving.contract.abstention import doubts_about
from training.errors import CalibrationImpossible
from training.evaluation.band_rule import bands_of, severities_ppm

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from serving.contract.policy import Abstention
    from serving.contract.severity import Thresholds
    from training.evaluation.answers import Answers


def instability_ppm(p: ArrayLike, p_jittered: ArrayLike) -> NDArray[np.int64]:
    """Largest minus smallest severity over a crop and its jittered copies, parts per million, [n].

    Args:
        p: p_no_depression of each crop, [n].
        p_jittered: The same of its copies (`serving.contract.jitter`), [n, copies].

    >>> instability_ppm([0.5], [[0.49, 0.52]]).tolist()
    [30000]
    """
    severities = severities_ppm(np.column_stack([np.asarray(p, np.float64), np.asarray(p_jittered, np.float64)]))
    spread: NDArray[np.int64] = np.ptp(severities, axis=1)
    return spread


def band_changes(p: ArrayLike, p_jittered: ArrayLike, thresholds: Thresholds) -> NDArray[np.bool_]:
    """Whether any copy of a crop falls into another band than the crop, [n]."""
    moved = bands_of(p_jittered, thresholds) != bands_of(p, thresholds)[:, None]
    changed: NDArray[np.bool_] = np.any(moved, axis=1)
    return changed


def abstains(answers: Answers, abstention: Abstention) -> NDArray[np.bool_]:
    """Where the policy declines to give a band, [n].

    Raises:
        CalibrationImpossible: the answers hold no jittered copies, or not a quality measure that the policy limits.
    """
    if answers.p_jittered is None:
        message = (
            "abstention is decided by jittered copies of each crop; ask the model about them (answer(jittered=True))"
        )
        raise CalibrationImpossible(message)
    for name in abstention.quality:
        if name not in answers.quality:
            message = f"the policy limits {name}, which was not measured for these photos"
            raise CalibrationImpossible(message)
    severities = severities_ppm(np.column_stack([answers.p, answers.p_jittered])).tolist()
    measures = {name: answers.quality[name].tolist() for name in abstention.quality}
    return np.array(
        [
            bool(doubts_about(abstention, row, {name: values[place] for name, values in measures.items()}))
            for place, row in enumerate(severities)
        ],
        bool,
    )
