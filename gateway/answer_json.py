"""An answer and a version as JSON: the bodies that `gateway.openapi` describes."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import Any

from gateway.answer import Answer
from gateway.languages import ENGLISH, Catalogue
from gateway.pin import PinnedModel
from gateway.predictor import Explanation
from serving.contract.abstention import Doubt
from serving.contract.model import Evidence, ModelContract
from serving.contract.policy import Policy

SIGNIFICANT_DIGITS = 6
"""Of an attribution: float32 has no more, and each digit is a kilobyte of the answer."""


def answer_json(answer: Answer, language: Catalogue) -> dict[str, Any]:
    """The body of `POST /v1/screenings`."""
    model, contract = answer.model, answer.model.contract
    return {
        "id": answer.id,
        "band": answer.band,
        "abstained": bool(answer.doubts),
        "reasons": [doubt_json(doubt, language) for doubt in answer.doubts],
        "severity_percent": answer.percent,
        "severity_ppm": answer.severity_ppm,
        "p_no_depression": answer.p_no_depression,
        "severity_spread_ppm": answer.spread_ppm,
        "quality": answer.quality.as_dict(),
        **_said_of_model(model, language),
        "timings_seconds": answer.timings_seconds,
        "explanation": None if answer.explanation is None else explanation_json(answer.explanation, language),
        "notice": notices(contract, language),
    }


@lru_cache(maxsize=4)
def _said_of_model(model: PinnedModel, language: Catalogue) -> dict[str, Any]:
    """The members that are the same in every answer of one version under one policy in one language, with digests that cost a while."""
    return {
        "model": model_json(model, language),
        "policy": policy_json(model.policy),
        "preprocessing_version": model.contract.crop.preprocessing_version,
        "fingerprints": fingerprints_json(model.contract),
    }


def model_json(model: PinnedModel, language: Catalogue = ENGLISH) -> dict[str, Any]:
    """A version as every answer and `GET /v1/models` describe it."""
    contract = model.contract
    return {
        "name": model.name,
        "version": model.version,
        "digest": model.digest,
        "evidence": contract.evidence.value,
        "knows_nothing": contract.knows_nothing,
        "holdout": contract.holdout,
        "limits": language.limits_of(contract),
    }


def model_details_json(model: PinnedModel, language: Catalogue) -> dict[str, Any]:
    """A version with what `GET /v1/models` says of it beyond the answers."""
    contract = model.contract
    return {
        **model_json(model, language),
        "architecture": contract.architecture,
        "training_data": contract.training_data,
        "created": contract.created,
        "precision": contract.precision,
        "explains": bool(contract.asymmetry_regions),
        "band_counts": None if contract.band_counts is None else dataclasses.asdict(contract.band_counts),
        "preprocessing_version": contract.crop.preprocessing_version,
        "crop": dataclasses.asdict(contract.crop),
        "calibration": dataclasses.asdict(contract.calibration),
        "fingerprints": fingerprints_json(contract),
        "policy": policy_json(model.policy),
    }


def policy_json(policy: Policy) -> dict[str, Any]:
    """What turns severities into bands, and, where the policy says so, when none is given."""
    content = {
        "number": policy.number,
        "digest": policy.digest,
        "thresholds": dataclasses.asdict(policy.thresholds),
    }
    return content if policy.abstention is None else {**content, "abstention": policy.abstention.as_dict()}


def fingerprints_json(contract: ModelContract) -> dict[str, str]:
    """By which two answers can be told to rest on the same steps before and after the network."""
    return {"calibration": contract.calibration.fingerprint, "preprocessing": contract.crop.fingerprint}


def doubt_json(doubt: Doubt, language: Catalogue) -> dict[str, str]:
    """Why no band is given, and what to do."""
    told = language.doubts[doubt]
    return {"code": doubt.value, "detail": told.detail, "advice": told.advice}


def explanation_json(explanation: Explanation, language: Catalogue) -> dict[str, Any]:
    """The map row by row, top left first, and the measures by region."""
    rows = [[float(f"{cell:.{SIGNIFICANT_DIGITS}g}") for cell in row] for row in explanation.attribution.tolist()]
    return {"attribution": rows, "asymmetry": explanation.asymmetry, "caption": language.explanation_caption}


def notices(contract: ModelContract, language: Catalogue) -> list[str]:
    """What must be read beside every answer of this version, the most important first."""
    demo = [language.demo_notice] if contract.evidence is Evidence.DEMO else []
    ignorance = [language.knows_nothing_notice] if contract.knows_nothing else []
    return [*demo, *ignorance, language.notice]
