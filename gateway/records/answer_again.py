"""A receipt -> the answer that it is of, so that the page can show it again with everything that stands beside an answer."""

from __future__ import annotations

from typing import Any, Final

from gateway.answer import Answer
from gateway.pin import PinnedModel
from gateway.records.receipt import AFTER_VIEW, BAND_COUNTS, NOTICE_VERSION, Receipt, members_of, moment_of
from serving.contract.abstention import Doubt
from serving.contract.band_counts import BandCounts
from serving.contract.model import CropSpec, Evidence, ModelContract
from serving.contract.policy import Abstention, Policy
from serving.contract.quality import Quality
from serving.contract.severity import Band, Thresholds

NOT_KEPT: Final = "not kept"
"""What a receipt does not know of a version's contract; no answer shows it."""


def answer_again(receipt: Receipt) -> Answer:
    """The answer as it was given, without the explanation, which is not kept.

    Raises:
        KeyError, TypeError, ValueError: a receipt of another schema.
    """
    kept = members_of(receipt)
    return Answer(
        id=receipt.id,
        p_no_depression=receipt.p_no_depression,
        severity_ppm=receipt.severity_ppm,
        band=None if receipt.band is None else Band(receipt.band),
        doubts=tuple(Doubt(code) for code in kept["doubts"]),
        spread_ppm=kept["severity_spread_ppm"],
        quality=Quality(**kept["quality"]),
        model=_model(receipt, kept["model"], kept["policy"], kept.get(BAND_COUNTS)),
        timings_seconds=kept["timings_seconds"],
        subject_digest=receipt.subject_digest,
        notice_version=kept.get(NOTICE_VERSION),
        answered_at=moment_of(receipt.answered_at_us),
        after_view=kept.get(AFTER_VIEW) is True,
    )


def _model(
    receipt: Receipt, model: dict[str, Any], policy: dict[str, Any], counts: dict[str, Any] | None
) -> PinnedModel:
    """The version with what the receipt keeps of it: it may be in service no longer, or anywhere."""
    contract = ModelContract(
        version=receipt.model_version,
        model_name=receipt.model_name,
        evidence=Evidence(model["evidence"]),
        limits=tuple(model["limits"]),
        holdout=model["holdout"],
        knows_nothing=model["knows_nothing"],
        band_counts=None if counts is None else BandCounts.from_fields(counts),
        crop=CropSpec(preprocessing_version=receipt.preprocessing_version),
        architecture=NOT_KEPT,
        training_data=NOT_KEPT,
        tensorflow_version=NOT_KEPT,
        keras_version=NOT_KEPT,
        created=NOT_KEPT,
    )
    abstention = Abstention.from_dict(policy["abstention"]) if "abstention" in policy else None
    return PinnedModel(
        name=receipt.model_name,
        version=receipt.model_version,
        digest=receipt.model_digest,
        contract=contract,
        policy=Policy(receipt.policy_number, Thresholds(**policy["thresholds"]), abstention),
    )
