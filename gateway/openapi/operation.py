"""What describes one method of one path, and the parameters that many share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from gateway.access.grant import TRAFFIC_HEADER
from gateway.openapi.parts import refer
from monitoring.metrics import TRAFFIC_CLASSES

HTML: Final = {"text/html": {"schema": {"type": "string"}}}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    Attributes:
        method: In capitals.
        template: Flask's route template.
        id: `operationId`.
        summary: One line.
        description: What an integrator must know.
        answer: Content of the 200 answer, by media type.
        problems: Roots of the errors that it can meet beside `ANYWHERE` and refused access.
        parameters: Of OpenAPI.
        body: Content of the request, by media type.
        headers: Of the 200 answer.
        page_statuses: Other statuses under which the same page is answered, and no problem.
    """

    method: str
    template: str
    id: str
    summary: str
    description: str
    answer: dict[str, Any]
    problems: tuple[type[Exception], ...] = ()
    parameters: tuple[dict[str, Any], ...] = ()
    body: dict[str, Any] | None = None
    headers: dict[str, Any] | None = None
    page_statuses: tuple[int, ...] = ()


def json_of(name: str) -> dict[str, Any]:
    """Content of an answer with a schema of this name."""
    return {"application/json": {"schema": refer(name)}}


LANGUAGE: Final = {
    "name": "Accept-Language",
    "in": "header",
    "schema": {"type": "string"},
    "description": "Sentences come in the best language that there is, `en` or `de`; codes are never translated.",
}
REQUEST_ID: Final = {
    "name": "X-Request-Id",
    "in": "header",
    "schema": {"type": "string"},
    "description": "A UUID, which the answer and the log then carry; anything else is replaced by a new one.",
}
TRACEPARENT: Final = {
    "name": "traceparent",
    "in": "header",
    "schema": {"type": "string"},
    "description": "W3C Trace Context; goes on to the model server and comes back in `traceresponse`. Ignored where invalid.",
}
TRAFFIC: Final = {
    "name": TRAFFIC_HEADER,
    "in": "header",
    "schema": {"enum": list(TRAFFIC_CLASSES)},
    "description": "Chooses among the classes of traffic that the key grants; only `patient` counts for drift and objectives.",
}
COMMON: Final = (LANGUAGE, REQUEST_ID, TRACEPARENT)
GUARDED: Final = (TRAFFIC, *COMMON)
"""Of every operation that asks who asks."""
SCREENING_ID: Final = {
    "name": "screening_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "The `id` of the answer.",
}
