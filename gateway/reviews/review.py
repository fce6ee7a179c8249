"""A review: what one clinician thinks of one answer. Everything in it comes from closed lists: a free text would hold names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.errors import ParameterInvalid
from serving.contract.severity import Band


class Verdict(StrEnum):
    """Whether the clinician agrees with the answer."""

    AGREE = "agree"
    DISAGREE = "disagree"
    UNSURE = "unsure"


class Reason(StrEnum):
    """Why they disagree. Names are never changed or used again: reviews outlive releases."""

    SCORE_TOO_HIGH = "score_too_high"
    SCORE_TOO_LOW = "score_too_low"
    FACE_CONDITION = "face_condition"
    """Palsy, injury, surgery, treatment: the two halves of the face differ for another reason."""
    PHOTO_NOT_TYPICAL = "photo_not_typical"
    """The person does not usually look like that: a grimace, tiredness, make-up."""
    WRONG_PERSON = "wrong_person"
    OTHER = "other"


OF_A_BAND: Final = (Reason.SCORE_TOO_HIGH, Reason.SCORE_TOO_LOW)
"""Reasons that need a band: where the system abstained, there was none to be too high or too low."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a clinician says: a verdict, or, before the score is shown to them, the band that they expect; or both.

    Attributes:
        verdict: None where only a band is committed to.
        reason: Of a disagreement, and of nothing else.
        committed_band: What they expected before they saw the score.

    Raises:
        ParameterInvalid: parts that do not go together.
    """

    verdict: Verdict | None = None
    reason: Reason | None = None
    committed_band: Band | None = None

    def __post_init__(self) -> None:
        """Refuse what says nothing, or contradicts itself."""
        if self.verdict is None and self.committed_band is None:
            message = "'{name}' is missing."
            raise ParameterInvalid(message, figures={"name": "verdict"})
        if (self.verdict is Verdict.DISAGREE) is not (self.reason is not None):
            message = "'{name}' is needed to disagree, and for nothing else."
            raise ParameterInvalid(message, figures={"name": "reason"})

    def require_fits(self, band: str | None) -> None:
        """Go on only if this can be said of an answer with this band, or without one.

        Raises:
            ParameterInvalid: it cannot.
        """
        if band is None and (self.reason in OF_A_BAND or self.committed_band is not None):
            message = "'{name}' speaks of a band, and this answer has none."
            name = "committed_band" if self.committed_band is not None else "reason"
            raise ParameterInvalid(message, figures={"name": name})


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One revision of one clinician's review of one answer, as it is kept.

    Attributes:
        id: Of the row; a random UUID.
        receipt_id: The answer.
        revision: From 1 on, per answer and reviewer; the highest counts.
        opinion: What was said. A band that was committed to stays in every later revision.
        reviewer: Who said it, as receipts name callers.
        given_at_us: When, in microseconds since 1970-01-01 UTC, by the gateway's clock.
    """

    id: str
    receipt_id: str
    revision: int
    opinion: Opinion
    reviewer: str
    given_at_us: int
