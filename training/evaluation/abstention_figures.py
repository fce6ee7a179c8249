"""What the chosen abstention does on a split: how many keep their band, what is wrong among them, what becomes of mild."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from serving.contract.severity import PAPER_THRESHOLDS, Band
from training.evaluation.band_rule import BANDS
from training.evaluation.bootstrap import divide
from training.evaluation.instability import band_changes
from training.polarity import called_depressed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from serving.contract.policy import Abstention
    from training.evaluation.answers import Answers
    from training.evaluation.bootstrap import Estimate, Statistic, Weights

MILD = BANDS.index(Band.MILD)


def abstention_statistic(answers: Answers, bands: NDArray[np.intp], declined: NDArray[np.bool_]) -> Statistic:
    """Gives "coverage", "error_kept", "error_abstained", "mild_before", "mild_after" [b]; "declined" [b, 3] by band.

    An error is the wrong side of p = 0.5. "mild" is the share of the photos, of those that keep their band afterwards.
    """
    wrong = called_depressed(answers.p) != answers.depressed
    member = np.eye(len(BANDS))[bands]
    columns = np.column_stack([~declined, ~declined & wrong, declined & wrong, np.ones(len(wrong))]).astype(np.float64)
    kept_member, lost_member = member * ~declined[:, None], member * declined[:, None]

    def statistic(weights: Weights) -> dict[str, NDArray[np.float64]]:
        kept, wrong_kept, wrong_lost, total = (weights @ columns).T
        by_band, lost = weights @ member, weights @ lost_member
        return {
            "coverage": kept / total,
            "error_kept": divide(wrong_kept, kept),
            "error_abstained": divide(wrong_lost, total - kept),
            "mild_before": by_band[:, MILD] / total,
            "mild_after": divide((weights @ kept_member)[:, MILD], kept),
            "declined": divide(lost, by_band),
        }

    return statistic


def abstention_section(
    found: Mapping[str, Estimate],
    answers: Answers,
    bands: NDArray[np.intp],
    declined: NDArray[np.bool_],
    abstention: Abstention,
) -> dict[str, Any]:
    """The section "abstention" of an evaluation, of the estimates of `abstention_statistic`."""
    changes = np.zeros(len(bands), bool)
    if answers.p_jittered is not None:
        changes = band_changes(answers.p, answers.p_jittered, PAPER_THRESHOLDS)
    return {
        "rule": (
            f"no band where the severity moves by more than {abstention.instability_max_ppm / 10_000:.1f} points of 100 over the "
            f"crop and its copies ({abstention.jitter})"
            + "".join(f", or {name} is outside its limits" for name in abstention.quality)
        ),
        "policy": abstention.as_dict(),
        "photos": len(bands),
        "abstained": int(declined.sum()),
        **{name: found[name].figure() for name in ("coverage", "error_kept", "error_abstained")},
        "mild_share_before": found["mild_before"].figure(),
        "mild_share_after": found["mild_after"].figure(),
        "band_changes_under_jitter": {
            "kept": int((changes & ~declined).sum()),
            "abstained": int((changes & declined).sum()),
        },
        "by_band": {
            str(band): {
                "photos": int((bands == place).sum()),
                "abstained": int((declined & (bands == place)).sum()),
                "share_abstained": found["declined"].figure(place),
            }
            for place, band in enumerate(BANDS)
        },
    }
