"""The OpenAPI 3.1 document, put together from operations, schemas and the one table of errors."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, Final

from gateway import errors
from gateway.access.credentials import KEY_HEADER
from gateway.access.cross_site import SAFE_METHODS
from gateway.access.routes import OPEN, PAGE_ROUTES, need_of
from gateway.openapi.operation import HTML, Operation
from gateway.openapi.operations import ANYWHERE, OPERATIONS
from gateway.openapi.parts import refer
from gateway.openapi.schemas import SCHEMAS
from gateway.problems import CONTENT_TYPE, TYPE_PREFIX, kind_of, leaves

API_VERSION: Final = "1.0.0"
"""Of the API under /v1, not of the software. A new member or code raises the second number; anything else is /v2."""
DESCRIPTION: Final = f"""Symmetra answers a photo of a face with a score band for signs of depression severity: decision support \
for research and for triage that a clinician owns, never a diagnosis. The severity is a score of a model: no PHQ-9 score and no \
confidence.

Errors are RFC 9457 problems. `type` is `{TYPE_PREFIX}` and a code; each code is explained at `/problems/v1/<code>`, with its \
cause and remedy. 4xx: the caller can do something about it. 503 with Retry-After: try again then. 405: see the header Allow.

Every answer carries `X-Request-Id` and `traceresponse` (W3C Trace Context). New members may be added to any object, and new \
codes to any list of codes, without a new version."""
SECURITY_SCHEMES: Final = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, or a token of the site's identity provider.",
    },
    "key": {"type": "apiKey", "in": "header", "name": KEY_HEADER, "description": "An API key."},
}
_HEADERS: Final = {
    "X-Request-Id": {"schema": {"type": "string", "format": "uuid"}, "description": "Of this request."},
    "traceresponse": {"schema": {"type": "string"}, "description": "The trace and this request's span."},
}
_RETRY_AFTER: Final = {
    "schema": {"type": "integer", "minimum": 1},
    "description": "Seconds after which to try again.",
}


AT_SIGN_IN: Final = (
    errors.RoleMissing,
    errors.SignInInterrupted,
    errors.SignInDenied,
    errors.SignInRefused,
    errors.SignInUnavailable,
    errors.SignInOff,
)
"""Met at the routes of the sign-in alone, which are not described."""


def describe_api(*, access: bool) -> dict[str, Any]:
    """The whole document.

    Args:
        access: Whether this gateway asks for a key or token; without, it says nothing of any.
    """
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for operation in OPERATIONS:
        paths[path_of(operation.template)][operation.method.lower()] = _describe(operation, access=access)
    components: dict[str, Any] = {
        "schemas": SCHEMAS,
        "responses": {"MethodNotAllowed": _problem_response([errors.MethodNotAllowed])},
    }
    if access:
        components["securitySchemes"] = SECURITY_SCHEMES
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Symmetra",
            "version": API_VERSION,
            "summary": "Screening of face photos for signs of depression severity: decision support, never a diagnosis.",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": dict(paths),
        "components": components,
    }


def path_of(template: str) -> str:
    """OpenAPI's path of a route template.

    >>> path_of("/problems/v1/<code>")
    '/problems/v1/{code}'
    """
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", template)


def problems_of(operation: Operation, *, access: bool) -> list[type[Exception]]:
    """Every class of error that an operation can meet."""
    roots: list[type[Exception]] = [*ANYWHERE, *operation.problems]
    if need_of(operation.method, operation.template) is not OPEN:
        roots += _refusals_of_access(operation) if access else _refusals_without_access(operation)
    return list(dict.fromkeys(leaf for root in roots for leaf in leaves(root)))


def _refusals_of_access(operation: Operation) -> list[type[Exception]]:
    is_page = operation.template in PAGE_ROUTES
    of_the_other_kind = (errors.CredentialMissing,) if is_page else (errors.SignInMissing, errors.SignInNeeded)
    elsewhere = {*of_the_other_kind, *AT_SIGN_IN, errors.HostNotLocal}  # the last without access
    if operation.method in SAFE_METHODS:
        elsewhere |= {errors.FormTokenInvalid, errors.CrossSiteRequest}
    # The last after too many wrong credentials.
    roots = (errors.AccessError, errors.AccessUnavailable, errors.ClientRateExceeded)
    return [leaf for root in roots for leaf in leaves(root) if leaf not in elsewhere]


def _refusals_without_access(operation: Operation) -> list[type[Exception]]:
    refusals: list[type[Exception]] = [errors.TrafficNotGranted, errors.HostNotLocal]
    return refusals if operation.method in SAFE_METHODS else [*refusals, errors.CrossSiteRequest]


def _describe(operation: Operation, *, access: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.description,
        "parameters": list(operation.parameters),
        "responses": {
            "200": {
                "description": "Answered.",
                "headers": _HEADERS | (operation.headers or {}),
                "content": operation.answer,
            },
            **_page_responses(operation),
            **_problem_responses(operation, access=access),
        },
    }
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": operation.body}
    if access:
        is_open = need_of(operation.method, operation.template) is OPEN
        described["security"] = [] if is_open else [{name: []} for name in SECURITY_SCHEMES]
    return described


def _page_responses(operation: Operation) -> dict[str, Any]:
    told = {"description": "The page says what stands in the way.", "headers": _HEADERS, "content": operation.answer}
    return {str(status): told for status in operation.page_statuses}


def _problem_responses(operation: Operation, *, access: bool) -> dict[str, Any]:
    by_status: dict[int, list[type[Any]]] = defaultdict(list)
    for error in problems_of(operation, access=access):
        by_status[kind_of(error).status].append(error)
    for_people = operation.answer is HTML
    return {str(status): _problem_response(found, for_people=for_people) for status, found in sorted(by_status.items())}


def _problem_response(found: list[type[Any]], *, for_people: bool = False) -> dict[str, Any]:
    kinds = [kind_of(error) for error in found]
    headers = dict(_HEADERS)
    if any(kind.retry_after_seconds for kind in kinds):
        headers["Retry-After"] = _RETRY_AFTER
    schema = {
        "allOf": [
            refer("Problem"),
            {
                "properties": {
                    "status": {"const": kinds[0].status},
                    "code": {"enum": sorted(each.code for each in found)},
                }
            },
        ]
    }
    return {
        "description": ", ".join(dict.fromkeys(kind.title for kind in kinds)) + ".",
        "headers": headers,
        "content": {CONTENT_TYPE: {"schema": schema}} | (HTML if for_people else {}),
    }
