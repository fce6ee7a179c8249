"""JSON Schemas of reviews and outcomes: what is sent, and what is kept."""

from __future__ import annotations

from typing import Any, Final

from gateway.openapi.parts import COUNT, TEXT, Schema, or_null, record, refer, says
from gateway.reviews.members import DATE_PATTERN
from gateway.reviews.outcome import EARLIEST_DAYS, Instrument
from gateway.reviews.review import Reason, Verdict
from serving.contract.severity import Band

_VERDICT: Final = {
    "enum": [each.value for each in Verdict],
    "description": "Whether the clinician agrees with the answer.",
}
_REASON: Final = {
    "enum": [each.value for each in Reason],
    "description": "Why they disagree: there exactly where the verdict is `disagree`.",
}
_COMMITTED: Final = {
    "enum": [each.value for each in Band],
    "description": "The band that they expected before they saw the score. With the first review only; it stays in every later "
    "revision.",
}
_INSTRUMENT: Final = {"enum": [each.value for each in Instrument], "description": "Which questionnaire."}
_DAY: Final = {
    "type": "string",
    "format": "date",
    "pattern": DATE_PATTERN,
    "description": f"Day of the questionnaire: not in the future, and at most {EARLIEST_DAYS} days before the answer.",
}
_GIVEN_AT: Final = {"type": "string", "format": "date-time", "description": "When it was said, UTC."}
_UUID: Final = {"type": "string", "format": "uuid"}
_BY: Final = "Who said it: the name of a key, or a keyed digest; never the name of a person."


def _scored(instrument: Instrument) -> Schema:
    return {
        "type": "object",
        "required": ["instrument", "score", "assessed_on"],
        "properties": {
            "instrument": {"const": instrument.value},
            "score": {"type": "integer", "minimum": 0, "maximum": instrument.max_score},
            "assessed_on": _DAY,
        },
        "additionalProperties": False,
    }


REVIEW_BODY: Final[dict[str, Any]] = {
    "anyOf": [
        {
            "type": "object",
            "required": ["verdict", "reason"],
            "properties": {
                "verdict": {"const": Verdict.DISAGREE.value},
                "reason": _REASON,
                "committed_band": _COMMITTED,
            },
            "additionalProperties": False,
        },
        {
            "type": "object",
            "required": ["verdict"],
            "properties": {
                "verdict": {"enum": [Verdict.AGREE.value, Verdict.UNSURE.value]},
                "committed_band": _COMMITTED,
            },
            "additionalProperties": False,
        },
        {
            "type": "object",
            "required": ["committed_band"],
            "properties": {"committed_band": _COMMITTED},
            "additionalProperties": False,
        },
    ]
}
"""Three forms: a disagreement with its reason, another verdict, or a view alone."""
OUTCOME_BODY: Final[dict[str, Any]] = {
    "anyOf": [
        *(_scored(instrument) for instrument in Instrument),
        {
            "type": "object",
            "required": ["instrument", "score"],
            "properties": {
                "instrument": _INSTRUMENT,
                "score": {"type": "null", "description": "Takes the outcome back."},
            },
            "additionalProperties": False,
        },
    ]
}

REVIEW_SCHEMAS: Final[dict[str, Schema]] = {
    "Review": record(
        "One revision of what one clinician thinks of one answer. Every revision is kept; the highest of a reviewer counts.",
        {
            "id": says(_UUID, "Of this revision."),
            "screening_id": says(_UUID, "The answer."),
            "revision": says(COUNT, "From 1 on, per answer and reviewer."),
            "verdict": {**or_null(_VERDICT), "description": "null where only a view was given so far."},
            "reason": or_null(_REASON),
            "committed_band": or_null(_COMMITTED),
            "reviewer": says(TEXT, _BY),
            "given_at": _GIVEN_AT,
        },
    ),
    "Reviews": record(
        "Every revision of every reviewer, in the order in which they were given.",
        {"reviews": {"type": "array", "items": refer("Review")}},
    ),
    "Outcome": record(
        "One revision of what a validated instrument said. Every revision is kept; the highest of an instrument counts.",
        {
            "id": says(_UUID, "Of this revision."),
            "screening_id": says(_UUID, "The answer that it stands beside."),
            "revision": says(COUNT, "From 1 on, per answer and instrument."),
            "instrument": _INSTRUMENT,
            "score": {
                **or_null({"type": "integer", "minimum": 0, "maximum": max(each.max_score for each in Instrument)}),
                "description": "Its sum: 0 to 27 for phq9, 0 to 24 for phq8. null where the outcome was taken back.",
            },
            "assessed_on": {"type": "string", "format": "date", "description": "Day of the questionnaire."},
            "reporter": says(TEXT, _BY),
            "given_at": _GIVEN_AT,
        },
    ),
    "Outcomes": record(
        "Every revision of every instrument's outcome, by instrument and revision.",
        {"outcomes": {"type": "array", "items": refer("Outcome")}},
    ),
}
