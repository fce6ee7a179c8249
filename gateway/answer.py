"""What a caller gets for a photo: a band, or why there is none, with everything needed to judge what it is worth."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from gateway.pin import PinnedModel
from gateway.predictor import Explanation, Scores
from serving.contract.abstention import Doubt, doubts_about, spread_ppm
from serving.contract.crop import PreparedCrop
from serving.contract.errors import ModelAnswerInvalid
from serving.contract.jitter import JITTER_COPIES
from serving.contract.quality import Quality
from serving.contract.severity import PPM_PER_PERCENT, Band, Thresholds, band_of, severity_ppm


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered screening. It holds nothing of the photo, so it may outlive the request.

    Attributes:
        id: Of the request.
        p_no_depression: Probability of NOT being depressed, checked.
        severity_ppm: 0 to 1,000,000; the one number that band, histogram, page and API share.
        band: Of that severity under the policy; None where the policy declines to give one.
        doubts: Why there is no band; empty where there is one.
        spread_ppm: Largest minus smallest severity over the crop and its jittered copies; None under a policy without
            abstention, which asks for no copies.
        quality: Of the photo.
        model: The version and policy that gave the answer.
        timings_seconds: By stage.
        explanation: Where the caller asked for one.
        subject_digest: Keyed digest of the person's pseudonym, where the caller gave one; for records, not for callers.
        notice_version: Of the site's notice that was confirmed for the photo; for records, not for callers.
        answered_at: When, UTC.
        after_view: Whether whoever asked is shown the score only after they said which band they expect.
    """

    id: str
    p_no_depression: float
    severity_ppm: int
    band: Band | None
    doubts: tuple[Doubt, ...]
    spread_ppm: int | None
    quality: Quality
    model: PinnedModel
    timings_seconds: dict[str, float]
    explanation: Explanation | None = None
    subject_digest: str | None = None
    notice_version: str | None = None
    answered_at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    after_view: bool = False

    @classmethod
    def of(
        cls,
        request_id: str,
        scores: Scores,
        prepared: PreparedCrop,
        model: PinnedModel,
        timings_seconds: dict[str, float],
        *,
        explanation: Explanation | None = None,
        subject_digest: str | None = None,
        notice_version: str | None = None,
        after_view: bool = False,
    ) -> Answer:
        """Turn scores into a band, or into doubts. How large p is raises no doubt (`serving.contract.abstention`).

        Raises:
            ModelAnswerInvalid: a score of the crop or of a copy is not a probability, or one is missing; no band then.
        """
        severities = [severity_ppm(p) for p in (scores.p_no_depression, *scores.jittered_p)]
        abstention = model.policy.abstention
        spread: int | None = None
        doubts: tuple[Doubt, ...] = ()
        if abstention is not None:
            if len(scores.jittered_p) != JITTER_COPIES:
                message = f"{len(scores.jittered_p)} jittered copies were answered, not {JITTER_COPIES}"
                raise ModelAnswerInvalid(message)
            spread = spread_ppm(severities)
            doubts = doubts_about(abstention, severities, prepared.quality.as_dict())
        return cls(
            id=request_id,
            p_no_depression=scores.p_no_depression,
            severity_ppm=severities[0],
            band=None if doubts else band_of(severities[0], model.policy.thresholds),
            doubts=doubts,
            spread_ppm=spread,
            quality=prepared.quality,
            model=model,
            timings_seconds=timings_seconds,
            explanation=explanation,
            subject_digest=subject_digest,
            notice_version=notice_version,
            after_view=after_view and not doubts,  # without a band there is none to expect
        )

    @property
    def percent(self) -> int | None:
        """Severity as a whole number of percent, to be shown beside the band; None where there is no band."""
        return None if self.band is None else whole_percent(self.severity_ppm, self.model.policy.thresholds)


def whole_percent(severity: int, thresholds: Thresholds) -> int:
    """Severity as a whole number of percent that never contradicts the band.

    300,001 ppm is "mild" while 30 percent would be "none", so the nearest whole percent of the same band is shown.

    >>> from serving.contract.severity import PAPER_THRESHOLDS
    >>> [whole_percent(ppm, PAPER_THRESHOLDS) for ppm in (300_000, 300_001, 600_000, 600_001, 999_999)]
    [30, 31, 60, 61, 100]
    """
    nearest = round(severity / PPM_PER_PERCENT)
    band = band_of(severity, thresholds)
    # One of them is: thresholds leave a whole percent in every band.
    return next(
        percent
        for percent in (nearest, nearest + 1, nearest - 1)
        if band_of(percent * PPM_PER_PERCENT, thresholds) is band
    )
