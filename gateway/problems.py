"""The one table from what went wrong to what HTTP says, and the body that says it (RFC 9457).

Nothing of the request goes into a problem: the sentences are ours, `instance` is the id that the logs carry too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from werkzeug.exceptions import HTTPException

from gateway import errors
from gateway.languages import ENGLISH, Catalogue
from serving.contract import errors as contract
from serving.contract.sentences import fill

CONTENT_TYPE: Final = "application/problem+json"
REFUSAL_EXTENSION: Final = "symmetra_refusal"
"""Key of the application's function that counts and logs a problem which the server answered by itself."""
MODEL_ANSWER_SENTENCE: Final = "The model answered something that is not a probability."
DOCUMENTED_AT: Final = "/problems/v1/"
TYPE_PREFIX: Final = "urn:symmetra:problem:v1:"
"""`type` is this and the code; stable, and not an address, so that no client ever fetches it in passing."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What HTTP says for one class of error.

    Attributes:
        status: HTTP status.
        title: Short, the same for every occurrence.
        retry_after_seconds: Where trying again helps.
        challenge: The header WWW-Authenticate (RFC 6750, section 3), where another credential would help.
    """

    status: int
    title: str
    retry_after_seconds: int | None = None
    challenge: str | None = None


KINDS: Final[dict[type[Exception], Kind]] = {
    # the photo
    contract.PhotoError: Kind(422, "Photo not usable"),
    contract.PhotoTooLarge: Kind(413, "Photo too large"),
    contract.PhotoUnsupported: Kind(415, "Photo format not supported"),
    contract.FaceError: Kind(422, "No score for this photo"),
    # the request
    errors.RequestError: Kind(400, "Request not understood"),
    errors.AddressTooLong: Kind(414, "Address too long"),
    errors.HeadersTooLarge: Kind(431, "Headers too large"),
    errors.RouteUnknown: Kind(404, "Not found"),
    errors.MethodNotAllowed: Kind(405, "Method not allowed"),
    errors.PhotoMissing: Kind(400, "No photo in the request"),
    errors.TooManyParts: Kind(400, "More than one photo"),
    errors.ParameterInvalid: Kind(400, "Parameter not valid"),
    errors.NoticeNotConfirmed: Kind(400, "Notice not confirmed"),
    errors.IdempotencyKeyReused: Kind(409, "Key used before"),
    errors.IdempotencyInProgress: Kind(409, "Still being answered", retry_after_seconds=1),
    errors.BodyTypeUnsupported: Kind(415, "Body type not supported"),
    errors.BodyMalformed: Kind(400, "Body not understood"),
    errors.BodyTooLarge: Kind(413, "Body too large"),
    errors.UploadMalformed: Kind(400, "Upload damaged"),
    errors.UploadTypeUnsupported: Kind(415, "Upload type not supported"),
    errors.UploadTimedOut: Kind(408, "Upload too slow"),
    errors.UploadInterrupted: Kind(400, "Upload incomplete"),
    errors.ClientRateExceeded: Kind(429, "Too many requests", retry_after_seconds=1),
    # access
    errors.CredentialMissing: Kind(401, "Key or token needed", challenge="Bearer"),
    errors.SignInMissing: Kind(401, "Sign-in needed", challenge="Bearer"),
    errors.SignInNeeded: Kind(401, "Sign-in needed", challenge="Bearer"),
    errors.SessionExpired: Kind(401, "Signed out", challenge="Bearer"),
    errors.SignInInterrupted: Kind(400, "Sign-in interrupted"),
    errors.SignInOff: Kind(404, "Not found"),
    errors.CredentialInvalid: Kind(401, "Key or token not accepted", challenge='Bearer error="invalid_token"'),
    errors.CredentialExpired: Kind(401, "Key or token expired", challenge='Bearer error="invalid_token"'),
    errors.ScopeMissing: Kind(403, "Not allowed", challenge='Bearer error="insufficient_scope"'),
    errors.HostNotLocal: Kind(421, "Not the name of this service"),
    errors.AccessError: Kind(403, "Not allowed"),
    errors.SignInUnavailable: Kind(503, "Sign-in not available", retry_after_seconds=5),
    errors.AccessUnavailable: Kind(503, "Access cannot be checked", retry_after_seconds=5),
    errors.ExplanationMissing: Kind(409, "No explanation"),
    # load
    errors.Overloaded: Kind(503, "Too busy", retry_after_seconds=1),
    # the records
    errors.RecordsUnavailable: Kind(503, "Records not available", retry_after_seconds=5),
    errors.RecordsOff: Kind(404, "Not found"),
    errors.ScreeningUnknown: Kind(404, "Not found"),
    errors.OutcomeUnknown: Kind(404, "Not found"),
    errors.ViewNotGiven: Kind(409, "Your view first"),
    errors.ViewGivenAlready: Kind(409, "Reviewed before"),
    # the stop switch
    errors.ScreeningPaused: Kind(503, "Screening is paused", retry_after_seconds=30),
    errors.GatewayStopping: Kind(503, "Stopping", retry_after_seconds=1),
    # the model
    errors.ModelNotServable: Kind(503, "No model in service", retry_after_seconds=30),
    errors.PredictorUnavailable: Kind(503, "Model not available", retry_after_seconds=5),
    errors.PredictorBusy: Kind(503, "Model too busy", retry_after_seconds=5),
    errors.PredictorTimeout: Kind(504, "Model too slow"),
    errors.ModelVersionMissing: Kind(503, "Model version not loaded", retry_after_seconds=5),
    errors.ModelVersionMismatch: Kind(502, "Wrong model version answered"),
    errors.PredictorError: Kind(500, "Model failed"),
    contract.ModelAnswerInvalid: Kind(500, "Model answer not valid"),
    # ours
    contract.ContractError: Kind(500, "Internal error"),
    errors.GatewayError: Kind(500, "Internal error"),
}
"""Looked up along the class's ancestors, nearest first."""

HTTP_ERRORS: Final[dict[int, type[errors.GatewayError | contract.PhotoError]]] = {
    404: errors.RouteUnknown,
    405: errors.MethodNotAllowed,
    408: errors.UploadTimedOut,
    413: contract.PhotoTooLarge,
    415: errors.UploadTypeUnsupported,
}
"""What Flask and Werkzeug raise by themselves."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One occurrence, ready to be sent."""

    kind: Kind
    code: str
    title: str
    detail: str
    advice: str
    request_id: str
    retry_after_seconds: int | None = None
    """Of this occurrence, or else of its kind."""

    @classmethod
    def of(cls, error: Exception, request_id: str, language: Catalogue = ENGLISH) -> Problem:
        """The problem for an error; anything unforeseen is `internal_error`, and its message stays inside."""
        known = known_error(error)
        kind = kind_of(type(known))
        title, detail, advice = kind.title, detail_of(known), advice_of(known)
        if language.titles is not None and language.problems is not None:
            title, told = language.titles[title], language.problems[known.code]
            detail, advice = told.detail, language.occurrences.get(advice, told.advice)
            if isinstance(known, (errors.GatewayError, contract.PhotoError)) and known.template in language.occurrences:
                detail = fill(language.occurrences[known.template], known.figures, thousands=language.thousands)
        if isinstance(known, errors.ScreeningPaused) and known.reason is not None and language.pauses is not None:
            detail = language.pauses[known.reason]
        retry_after = known.retry_after_seconds if isinstance(known, errors.GatewayError) else None
        retry_after_seconds = retry_after or kind.retry_after_seconds
        return cls(kind, known.code, title, detail, advice, request_id, retry_after_seconds)

    def as_json(self) -> dict[str, Any]:
        """The members of RFC 9457, and `code` and `advice`."""
        return {
            "type": TYPE_PREFIX + self.code,
            "title": self.title,
            "status": self.kind.status,
            "detail": self.detail,
            "instance": f"urn:uuid:{self.request_id}",
            "code": self.code,
            "advice": self.advice,
        }

    @property
    def link(self) -> str:
        """The header Link, to the page that explains the code."""
        return f'<{DOCUMENTED_AT}{self.code}>; rel="help"'

    @property
    def headers(self) -> dict[str, str]:
        """Headers that go with it."""
        headers = {"WWW-Authenticate": self.kind.challenge, "Retry-After": self.retry_after_seconds}
        return {name: str(value) for name, value in headers.items() if value is not None}


def kind_of(error_class: type[Exception]) -> Kind:
    """The table's row for a class: its own, or its nearest ancestor's.

    Raises:
        KeyError: not a class of the two trees.
    """
    for ancestor in error_class.__mro__:
        if ancestor in KINDS:
            return KINDS[ancestor]
    raise KeyError(error_class)


def known_error(error: Exception) -> errors.GatewayError | contract.ContractError:
    """The error itself where it is one of the two trees, otherwise its translation into one."""
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, contract.ModelAnswerInvalid):
        return error
    if isinstance(error, (errors.GatewayError, contract.PhotoError)) and not isinstance(error, errors.StartRefused):
        return error
    return errors.InternalError()


def detail_of(error: errors.GatewayError | contract.ContractError) -> str:
    """What was wrong, in English, with the figures of this occurrence where the error has some."""
    return MODEL_ANSWER_SENTENCE if isinstance(error, contract.ModelAnswerInvalid) else str(error)


def advice_of(error: errors.GatewayError | contract.ContractError) -> str:
    """What the person can do about it."""
    if isinstance(error, (errors.GatewayError, contract.PhotoError)):
        return error.advice
    return errors.TELL_OPERATOR


def problem_classes() -> tuple[type[Any], ...]:
    """Every class of error that a caller can meet, sorted by code."""
    roots = (contract.PhotoError, errors.GatewayError, contract.ModelAnswerInvalid)
    found = {leaf.code: leaf for root in roots for leaf in leaves(root) if not issubclass(leaf, errors.StartRefused)}
    return tuple(found[code] for code in sorted(found))


def all_codes() -> tuple[str, ...]:
    """Every code that a caller can meet, sorted; the closed set behind metrics and documentation."""
    return tuple(each.code for each in problem_classes())


def leaves(root: type[Any]) -> list[type[Any]]:
    """The classes of a tree that have no subclass."""
    children = root.__subclasses__()
    return [leaf for child in children for leaf in leaves(child)] if children else [root]


def _of_http(error: HTTPException) -> errors.GatewayError | contract.ContractError:
    """Flask's and Werkzeug's own errors in our names; their descriptions may repeat the request and are dropped."""
    status = error.code or 500
    if status in HTTP_ERRORS:
        return HTTP_ERRORS[status]()
    return errors.RequestMalformed() if 400 <= status < 500 else errors.InternalError()
