"""A receipt as `GET /v1/screenings/{id}` gives it: the answer as it was given, without what is not kept."""

from __future__ import annotations

from typing import Any

from gateway.answer_json import doubt_json
from gateway.languages import Catalogue
from gateway.records.receipt import NOTICE_VERSION, Receipt, members_of
from serving.contract.abstention import Doubt
from serving.contract.model import Evidence


def receipt_json(receipt: Receipt, language: Catalogue) -> dict[str, Any]:
    """The members of the answer, and when it was given."""
    kept = members_of(receipt)
    model = kept["model"]
    return {
        "id": receipt.id,
        "answered_at": receipt.answered_at,
        "band": receipt.band,
        "abstained": kept["abstained"],
        "reasons": [doubt_json(Doubt(code), language) for code in kept["doubts"]],
        "severity_percent": kept["severity_percent"],
        "severity_ppm": receipt.severity_ppm,
        "p_no_depression": receipt.p_no_depression,
        "severity_spread_ppm": kept["severity_spread_ppm"],
        "quality": kept["quality"],
        "model": model,
        "policy": kept["policy"],
        "preprocessing_version": receipt.preprocessing_version,
        "fingerprints": kept["fingerprints"],
        "timings_seconds": kept["timings_seconds"],
        "notice": _notices(model, language),
        "notice_version": kept.get(NOTICE_VERSION),
    }


def _notices(model: dict[str, Any], language: Catalogue) -> list[str]:
    demo = [language.demo_notice] if model["evidence"] == Evidence.DEMO else []
    ignorance = [language.knows_nothing_notice] if model["knows_nothing"] else []
    return [*demo, *ignorance, language.notice]
