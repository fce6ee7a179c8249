"""Requests as OTLP's JSON: `ExportTraceServiceRequest`, ids in hexadecimal, times in nanoseconds since 1970 as text."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final

from gateway.tracing import ObservedRequest, Stage

INTERNAL: Final = 1
SERVER: Final = 2
"""Kinds of spans."""
ERROR: Final = 2
"""A span's status: it failed, and not because of the caller."""
FIRST_FAILURE: Final = 500
NANOSECONDS: Final = 1_000_000_000


def encode_requests(requests: Iterable[ObservedRequest], *, service: str, version: str) -> dict[str, Any]:
    """The body of one export.

    Args:
        requests: That ended.
        service: Name of this service.
        version: That runs here.
    """
    spans = [span for request in requests for span in _spans_of(request)]
    resource = {"attributes": _attributes({"service.name": service, "service.version": version})}
    scope = {"name": "symmetra.gateway", "version": version}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": spans}]}]}


def _spans_of(request: ObservedRequest) -> list[dict[str, Any]]:
    trace = request.trace
    attributes: dict[str, str | int] = {
        "http.request.method": request.method,
        "http.route": request.route,
        "http.response.status_code": request.status,
        "symmetra.traffic": request.traffic,
    }
    if request.code is not None:
        attributes["error.type"] = request.code
    whole = {
        "traceId": trace.trace_id,
        "spanId": trace.span_id,
        "parentSpanId": trace.parent_id,
        "traceState": trace.state,
        "name": f"{request.method} {request.route}",
        "kind": SERVER,
        "startTimeUnixNano": str(request.began_ns),
        "endTimeUnixNano": str(request.ended_ns),
        "attributes": _attributes(attributes),
        "status": {"code": ERROR} if request.status >= FIRST_FAILURE else {},
    }
    return [whole, *(_span_of_stage(request, stage) for stage in request.stages)]


def _span_of_stage(request: ObservedRequest, stage: Stage) -> dict[str, Any]:
    return {
        "traceId": request.trace.trace_id,
        "spanId": secrets.token_hex(8),
        "parentSpanId": request.trace.span_id,
        "name": stage.name,
        "kind": INTERNAL,
        "startTimeUnixNano": str(max(request.began_ns, stage.ended_ns - round(stage.seconds * NANOSECONDS))),
        "endTimeUnixNano": str(stage.ended_ns),
    }


def _attributes(values: Mapping[str, str | int]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"stringValue": value} if isinstance(value, str) else {"intValue": str(value)}}
        for key, value in values.items()
    ]
