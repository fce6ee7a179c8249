"""What a caller gets for a photo: a band with everything needed to judge what it is worth."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from gateway.pin import PinnedModel
from gateway.predictor import Scores
from gateway.texts import DEMO_NOTICE, KNOWS_NOTHING_NOTICE, NOTICE
from serving.contract.crop import PreparedCrop
from serving.contract.model import Evidence, ModelContract
from serving.contract.severity import Band, Thresholds, band_of, severity_percent, severity_ppm

PPM_PER_PERCENT = 10_000


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered screening.

    Attributes:
        id: Of the request.
        scores: What the model said.
        severity_ppm: 0 to 1,000,000; the one number that band, histogram, page and API share.
        band: Of that severity under the policy.
        prepared: The crop and the quality of the photo.
        model: The version and policy that gave the answer.
        timings_seconds: By stage.
    """

    id: str
    scores: Scores
    severity_ppm: int
    band: Band
    prepared: PreparedCrop
    model: PinnedModel
    timings_seconds: dict[str, float]

    @classmethod
    def of(
        cls, request_id: str, scores: Scores, prepared: PreparedCrop, model: PinnedModel, timings: dict[str, float]
    ) -> Answer:
        """Turn scores into a band.

        Raises:
            ModelAnswerInvalid: the score is not a probability; it never becomes a band.
        """
        severity = severity_ppm(scores.p_no_depression)
        band = band_of(severity, model.policy.thresholds)
        return cls(request_id, scores, severity, band, prepared, model, timings)

    def as_json(self) -> dict[str, Any]:
        """The body of `POST /v1/screenings`."""
        policy = self.model.policy
        return {
            "id": self.id,
            "band": self.band.value,
            "severity_ppm": self.severity_ppm,
            "severity_percent": severity_percent(self.severity_ppm),
            "p_no_depression": self.scores.p_no_depression,
            "quality": self.prepared.quality.as_dict(),
            "model": model_json(self.model),
            "policy": {
                "number": policy.number,
                "digest": policy.digest,
                "thresholds": dataclasses.asdict(policy.thresholds),
            },
            "preprocessing_version": self.model.contract.crop.preprocessing_version,
            "timings_seconds": self.timings_seconds,
            "notice": notices(self.model.contract),
        }


def model_json(model: PinnedModel) -> dict[str, Any]:
    """A version as every answer and `GET /v1/models` describe it."""
    contract = model.contract
    return {
        "name": model.name,
        "version": model.version,
        "digest": model.digest,
        "evidence": contract.evidence.value,
        "knows_nothing": contract.knows_nothing,
        "holdout": contract.holdout,
        "limits": list(contract.limits),
    }


def notices(contract: ModelContract) -> list[str]:
    """What must be read beside every answer of this version, the most important first."""
    demo = [DEMO_NOTICE] if contract.evidence is Evidence.DEMO else []
    ignorance = [KNOWS_NOTHING_NOTICE] if contract.knows_nothing else []
    return [*demo, *ignorance, NOTICE]


def whole_percent(severity: int, thresholds: Thresholds) -> int:
    """Severity as a whole number of percent that never contradicts the band.

    300,001 ppm is "mild" while 30 percent would be "none", so the nearest whole percent of the same band is shown.

    >>> from serving.contract.severity import PAPER_THRESHOLDS
    >>> [whole_percent(ppm, PAPER_THRESHOLDS) for ppm in (300_000, 300_001, 600_000, 600_001, 999_999)]
    [30, 31, 60, 61, 100]
    """
    nearest = round(severity / PPM_PER_PERCENT)
    band = band_of(severity, thresholds)
    return next(
        (
            percent
            for percent in (nearest, nearest + 1, nearest - 1)
            if band_of(percent * PPM_PER_PERCENT, thresholds) is band
        ),
        nearest,
    )
