"""The operations of reviews and outcomes."""

from __future__ import annotations

from typing import Any, Final

from gateway import errors
from gateway.openapi.operation import GUARDED, HTML, SCREENING_ID, Operation, json_of
from gateway.openapi.review_schemas import OUTCOME_BODY, REVIEW_BODY
from gateway.options import IDEMPOTENCY_HEADER, IDEMPOTENCY_PATTERN

_RECORDS: Final = (errors.RecordsOff, errors.ScreeningUnknown, errors.RouteUnknown, errors.RecordsUnavailable)
_SENT: Final = (
    *_RECORDS,
    errors.BodyTypeUnsupported,
    errors.BodyMalformed,
    errors.BodyTooLarge,
    errors.UploadMalformed,
    errors.UploadInterrupted,
    errors.ParameterInvalid,
    errors.IdempotencyKeyReused,
)
_SENT_BY_FORM: Final = tuple(each for each in _SENT if each not in (errors.IdempotencyKeyReused, errors.BodyMalformed))
_KEY: Final = {
    "name": IDEMPOTENCY_HEADER,
    "in": "header",
    "schema": {"type": "string", "pattern": IDEMPOTENCY_PATTERN},
    "description": "New for every new request; the same to repeat one, at any gateway and as long as the record is kept: a "
    "repetition adds nothing and gets the first one's answer. Kept as a keyed digest. Without a key, what was said already adds "
    "nothing either.",
}
_REPLAYED: Final = {
    "Idempotency-Replayed": {"schema": {"const": "true"}, "description": "On the answer to a repeated request only."}
}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _form(required: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "required": list(required),
        "properties": {name: {"type": "string"} for name in (*required, *optional)},
    }
    return {"application/x-www-form-urlencoded": {"schema": schema}}


REVIEW_OPERATIONS: Final = (
    Operation(
        "PUT",
        "/v1/screenings/<screening_id>/review",
        "giveReview",
        "Say what one thinks of an answer",
        "Needs the scope `review`. Each caller has one review of an answer; sending another corrects it, and the earlier ones are "
        "kept. Anybody with the scope may review any answer. Reasons come from a closed list: there is no free text, because it "
        "would hold names.",
        json_of("Review"),
        (*_SENT, errors.ViewNotGiven, errors.ViewGivenAlready),
        (SCREENING_ID, _KEY, *GUARDED),
        _body(REVIEW_BODY),
        _REPLAYED,
    ),
    Operation(
        "GET",
        "/v1/screenings/<screening_id>/review",
        "readReviews",
        "Read what was thought of an answer",
        "Needs the scope `read_records`. All revisions of all reviewers.",
        json_of("Reviews"),
        (*_RECORDS, errors.ViewNotGiven),
        (SCREENING_ID, *GUARDED),
    ),
    Operation(
        "PUT",
        "/v1/screenings/<screening_id>/outcome",
        "reportOutcome",
        "Say what a validated instrument said",
        "Needs the scope `review`. An answer has one outcome per instrument, whoever reports it; sending another corrects it, a "
        "`score` of null takes it back, and the earlier ones are kept.",
        json_of("Outcome"),
        (*_SENT, errors.OutcomeUnknown),
        (SCREENING_ID, _KEY, *GUARDED),
        _body(OUTCOME_BODY),
        _REPLAYED,
    ),
    Operation(
        "GET",
        "/v1/screenings/<screening_id>/outcome",
        "readOutcomes",
        "Read what validated instruments said",
        "Needs the scope `read_records`. All revisions of all instruments.",
        json_of("Outcomes"),
        _RECORDS,
        (SCREENING_ID, *GUARDED),
    ),
    Operation(
        "POST",
        "/review",
        "submitReview",
        "Say on the page what one thinks of an answer",
        "What the form under an answer sends: `verdict` holds the reason too, as in `disagree:other`. The page shows the answer "
        "again with its crop, which came with the form under a seal and is kept nowhere. Programs use PUT "
        "/v1/screenings/{screening_id}/review.",
        HTML,
        (*_SENT_BY_FORM, errors.ViewNotGiven),
        GUARDED,
        _form(("receipt", "verdict"), ("crop", "crop_seal", "explained")),
    ),
    Operation(
        "POST",
        "/commit",
        "submitView",
        "Say on the page which band one expects, and see the score",
        "What the form in place of an answer sends, where a site wants a view before the score.",
        HTML,
        _SENT_BY_FORM,
        GUARDED,
        _form(("receipt", "committed_band"), ("crop", "crop_seal")),
    ),
    Operation(
        "GET",
        "/outcome",
        "showOutcomeForm",
        "The page for the score of a questionnaire",
        "For people; works without a script.",
        HTML,
        (errors.RecordsOff,),
        GUARDED,
    ),
    Operation(
        "POST",
        "/outcome",
        "submitOutcome",
        "Say on the page what a validated instrument said",
        "What that page sends; `take_back` is `yes` where an earlier score is taken back. Programs use PUT "
        "/v1/screenings/{screening_id}/outcome.",
        HTML,
        (*_SENT_BY_FORM, errors.OutcomeUnknown),
        GUARDED,
        _form(("receipt", "instrument"), ("score", "assessed_on", "take_back")),
    ),
)
