"""Choose, on the validation split, when no band is given, so that a stated share of the photos keeps its band.

Two things decide, and p is neither (issue 3): a crop that is darker, brighter, flatter or less sharp than nearly every
validation crop, and a severity that moves further than a limit when the crop is jittered. The paper's mild band is where p
is least sure, and also where the sigmoid is steepest, so the same unrest of the network moves it furthest: a limit for
the coverage alone could still eat it. The limit is therefore raised until a stated share of the mild photos keeps its band.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from serving.contract.policy import Abstention, QualityLimit
from serving.contract.severity import PAPER_THRESHOLDS, Band
from training.errors import CalibrationImpossible
from training.evaluation.abstention_figures import abstention_section, abstention_statistic
from training.evaluation.band_rule import BANDS, bands_of
from training.evaluation.bootstrap import bootstrap
from training.evaluation.instability import abstains, band_changes, instability_ppm
from training.polarity import called_depressed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from training.evaluation.answers import Answers

STATED_COVERAGE: Final = 0.90
"""Share of the photos that keep their band (`seed`: default coverage >= 0.9)."""
MILD_COVERAGE: Final = 0.75
"""Share of the mild photos that keep theirs, whatever the stated coverage."""
QUALITY_PART: Final = 0.25
"""Of what may be declined, at most this part because of quality, the rest because of instability."""
LIMITED: Final = (("luminance", "min"), ("luminance", "max"), ("contrast", "min"), ("sharpness", "min"))
"""Quality measures and the side that is limited: more contrast or sharpness is no fault."""
CURVE: Final = tuple(round(1.0 - 0.05 * step, 2) for step in range(11))
"""Coverages of the curve that is reported beside the choice."""


def choose_abstention(
    answers: Answers, coverage: float = STATED_COVERAGE, mild_coverage: float = MILD_COVERAGE
) -> Abstention:
    """The tightest limits under which at least these shares of the photos, and of the mild ones, keep their band.

    Args:
        answers: Of the calibrated model on the validation split, with jittered copies.
        coverage: Share of all photos, in (0, 1].
        mild_coverage: Share of the mild ones, in [0, 1].

    Raises:
        CalibrationImpossible: no photo, no jittered copies, or a share outside its range.
    """
    if answers.p_jittered is None or not len(answers.p):
        message = "abstention is chosen on validation photos and their jittered copies; there are none"
        raise CalibrationImpossible(message)
    if not 0 < coverage <= 1 or not 0 <= mild_coverage <= 1:
        message = (
            f"coverage is a share of the photos: {coverage} of all and {mild_coverage} of the mild ones will not do"
        )
        raise CalibrationImpossible(message)
    quality = _quality_limits(answers.quality, (1.0 - coverage) * QUALITY_PART / len(LIMITED))
    good = np.ones(len(answers.p), bool)
    for name, limit in quality.items():
        good &= np.array([limit.allows(value) for value in answers.quality[name].tolist()], bool)
    instability = instability_ppm(answers.p, answers.p_jittered)
    mild = bands_of(answers.p) == BANDS.index(Band.MILD)
    largest = max(_limit_for(instability, good, coverage), _limit_for(instability[mild], good[mild], mild_coverage))
    chosen = Abstention(largest, coverage, 0.0, quality=quality)
    return dataclasses.replace(chosen, measured_coverage=float(1.0 - abstains(answers, chosen).mean()))


def describe_abstention(answers: Answers, abstention: Abstention) -> dict[str, Any]:
    """What the choice does on the split it was chosen on, and what other coverages would: JSON for `calibration.json`."""
    bands, declined = bands_of(answers.p), abstains(answers, abstention)
    found = bootstrap(answers.subjects, {"": abstention_statistic(answers, bands, declined)})[""]
    return {
        **abstention_section(found, answers, bands, declined, abstention),
        "chosen_by": (
            f"the least stable photos of the validation split, at least {abstention.stated_coverage:.0%} of all and "
            f"{MILD_COVERAGE:.0%} of the mild ones keeping their band; never p or max(p, 1 - p)"
        ),
        "curve": _trace_curve(answers),
    }


def _quality_limits(quality: Mapping[str, NDArray[np.float64]], tail: float) -> dict[str, QualityLimit]:
    """Limits beyond which at most the share `tail` of new photos is expected on each limited side.

    Of new photos, 1 / (n + 1) lie below the lowest of n: with few validation photos even that is too many, and nothing is
    limited, because they do not show what is odd.
    """
    ends: dict[str, dict[str, float]] = {}
    for name, side in LIMITED:
        beyond = math.floor(tail * (len(quality[name]) + 1)) - 1 if name in quality else -1
        if beyond >= 0:
            values = np.sort(quality[name])
            ends.setdefault(name, {})[side] = float(values[beyond] if side == "min" else values[-1 - beyond])
    return {name: QualityLimit(**sides) for name, sides in ends.items()}


def _limit_for(instability: NDArray[np.int64], good: NDArray[np.bool_], coverage: float) -> int:
    """The smallest limit under which `coverage` of new photos are expected to keep their band; all where too few can.

    One photo more than the share of the validation photos: as in conformal prediction, the limit was fitted to these.
    """
    kept = np.sort(instability[good])
    needed = min(math.ceil(coverage * (len(instability) + 1) - 1e-9), len(kept))
    return int(kept[needed - 1]) if needed else 0


def _trace_curve(answers: Answers) -> list[dict[str, Any]]:
    """What would be left at other coverages, by instability alone."""
    if answers.p_jittered is None:
        return []
    instability = instability_ppm(answers.p, answers.p_jittered)
    order = np.argsort(instability, kind="stable")
    wrong = (called_depressed(answers.p) != answers.depressed)[order]
    mild = (bands_of(answers.p) == BANDS.index(Band.MILD))[order]
    changes = band_changes(answers.p, answers.p_jittered, PAPER_THRESHOLDS)[order]
    points = []
    for coverage in CURVE:
        kept = max(1, math.ceil(coverage * len(order) - 1e-9))
        points.append(
            {
                "coverage": coverage,
                "instability_max_ppm": int(instability[order[kept - 1]]),
                "error": float(wrong[:kept].mean()),
                "mild_share": float(mild[:kept].mean()),
                "mild_kept": float(mild[:kept].sum() / mild.sum()) if mild.any() else None,
                "band_changes": float(changes[:kept].mean()),
            }
        )
    return points
