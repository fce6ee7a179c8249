"""Every operation: what it takes, what it answers, and which errors it can meet."""

from __future__ import annotations

from typing import Final

from gateway import errors
from gateway.notice import NOTICE_PATTERN
from gateway.openapi.operation import GUARDED, HTML, SCREENING_ID, Operation, json_of
from gateway.openapi.operator_operations import OPERATOR_OPERATIONS
from gateway.openapi.review_operations import REVIEW_OPERATIONS
from gateway.options import IDEMPOTENCY_HEADER, IDEMPOTENCY_PATTERN, NOTICE_HEADER, SUBJECT_HEADER
from gateway.problems import all_codes
from gateway.subjects import SUBJECT_PATTERN
from serving.contract import errors as contract

PHOTO_TYPES: Final = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")
PHOTO_DESCRIPTION: Final = (
    "One photo of one face: JPEG, PNG or WebP, judged by its first bytes and never by the stated type. At most 10 MiB and "
    "50 megapixels (16 for PNG and WebP), unless the site set less."
)

ANYWHERE: Final = (
    errors.RequestMalformed,
    errors.AddressTooLong,
    errors.HeadersTooLarge,
    errors.UploadTimedOut,
    errors.ConnectionsFull,
    errors.InternalError,
)
NO_MODEL: Final = (errors.ModelNotServable,)
SCREENING: Final = (
    contract.PhotoError,
    contract.ModelAnswerInvalid,
    errors.PhotoMissing,
    errors.TooManyParts,
    errors.ParameterInvalid,
    errors.NoticeNotConfirmed,
    errors.IdempotencyKeyReused,
    errors.IdempotencyInProgress,
    errors.UploadMalformed,
    errors.UploadTypeUnsupported,
    errors.UploadInterrupted,
    errors.ClientRateExceeded,
    errors.ExplanationMissing,
    errors.Overloaded,
    errors.ScreeningPaused,
    errors.RecordsUnavailable,
    errors.PredictorError,
    *NO_MODEL,
)


EXPLAIN: Final = {
    "name": "explain",
    "in": "query",
    "schema": {"type": "boolean", "default": False},
    "description": "Also say what the network reacts to in this photo. Needs the scope `explain`.",
}
SUBJECT: Final = {
    "name": SUBJECT_HEADER,
    "in": "header",
    "schema": {"type": "string", "pattern": SUBJECT_PATTERN},
    "description": "The site's opaque pseudonym of the person, never a name or a record number. Kept as a keyed digest "
    "only, where receipts are kept.",
}
NOTICE_VERSION: Final = {
    "name": NOTICE_HEADER,
    "in": "header",
    "schema": {"type": "string", "pattern": NOTICE_PATTERN},
    "description": "Version of the site's notice that was confirmed for this photo, where the site has one; 400 says which is in force.",
}
KEY: Final = {
    "name": IDEMPOTENCY_HEADER,
    "in": "header",
    "schema": {"type": "string", "pattern": IDEMPOTENCY_PATTERN},
    "description": "New for every new request; the same to repeat one, which then gets the same answer with the same id, without "
    "asking the model again: at one gateway, for ten minutes unless the site set another time, and no longer than until another "
    "version or policy is in service, or screening is paused.",
}
FORM: Final = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["photo"],
            "properties": {
                "photo": {"type": "string", "format": "binary", "description": PHOTO_DESCRIPTION},
                "explain": EXPLAIN["schema"],
                "subject": SUBJECT["schema"],
                "notice_version": NOTICE_VERSION["schema"],
            },
        },
        "encoding": {"photo": {"contentType": "image/jpeg, image/png, image/webp, application/octet-stream"}},
    }
}
RAW: Final = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in PHOTO_TYPES}
REPLAYED: Final = {
    "Idempotency-Replayed": {"schema": {"const": "true"}, "description": "On the answer to a repeated request only."}
}
_CODE: Final = {
    "name": "code",
    "in": "path",
    "required": True,
    "schema": {"enum": list(all_codes())},
    "description": "The code of a problem.",
}

OPERATIONS: Final = (
    Operation(
        "POST",
        "/v1/screenings",
        "createScreening",
        "Answer one photo",
        "Send the photo as the form part `photo`, or as the body itself. An answer is 200 with a band, or with `band: null` and "
        "the reasons where the system abstains. A photo that gets no score at all is 422 with a code and advice. Photos are "
        "looked at in memory and never kept.",
        json_of("Answer"),
        SCREENING,
        (EXPLAIN, SUBJECT, NOTICE_VERSION, KEY, *GUARDED),
        FORM | RAW,
        REPLAYED,
    ),
    Operation(
        "GET",
        "/v1/screenings/<screening_id>",
        "readScreening",
        "Read an answer that was given before",
        "Where the site keeps records. Needs the scope `read_records`. Sentences come in the language asked for now.",
        json_of("RecordedAnswer"),
        (
            errors.RecordsOff,
            errors.ScreeningUnknown,
            errors.ViewNotGiven,
            errors.RouteUnknown,
            errors.RecordsUnavailable,
        ),
        (SCREENING_ID, *GUARDED),
    ),
    *REVIEW_OPERATIONS,
    Operation(
        "GET",
        "/v1/models",
        "listModels",
        "Describe the version in service",
        "Which model version and policy answer now, what they rest on, and whether screening is paused.",
        json_of("Models"),
        NO_MODEL,
        GUARDED,
    ),
    Operation(
        "GET",
        "/",
        "showPage",
        "The upload page",
        "For people; works without a script.",
        HTML,
        (),
        GUARDED,
    ),
    Operation(
        "POST",
        "/",
        "submitPage",
        "Answer one photo on the page",
        "What the page's form sends. Programs use POST /v1/screenings; problems come as HTML where the header Accept prefers it.",
        HTML,
        SCREENING,
        GUARDED,
        FORM,
    ),
    *OPERATOR_OPERATIONS,
    Operation("GET", "/healthz", "isAlive", "Does the process run?", "For a liveness probe.", json_of("Alive")),
    Operation(
        "GET",
        "/readyz",
        "isReady",
        "Can this gateway answer something honest?",
        "For a readiness probe. Stays 200 while the model is away or screening is paused, so that callers are told so.",
        json_of("Ready"),
        (errors.GatewayStopping,),
    ),
    Operation(
        "GET",
        "/readyz/model",
        "isModelReady",
        "Can the pinned version answer?",
        "For dashboards and alerts; not for an ingress.",
        json_of("ModelReady"),
        (errors.ScreeningPaused, errors.PredictorError, *NO_MODEL),
    ),
    Operation(
        "GET",
        "/openapi.json",
        "describeApi",
        "This description",
        "OpenAPI 3.1.",
        {"application/json": {"schema": {"type": "object", "required": ["openapi", "info", "paths"]}}},
    ),
    Operation(
        "GET", "/reference", "showReference", "This description for people", "Plain HTML without a script.", HTML
    ),
    Operation(
        "GET",
        "/problems/v1/<code>",
        "showProblem",
        "What a problem means",
        "Cause and remedy of one problem type.",
        HTML,
        (errors.RouteUnknown,),
        (_CODE,),
    ),
)
"""Every route but those of `LEFT_OUT`."""
LEFT_OUT: Final = ("/static/", "/sign-in", "/sign-out")
"""Beginnings of routes that nothing but our own pages leads to."""
