"""What every request gets, whatever it is: an id, security headers, one count, one log line, and one shape of error."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Final

import flask
from prometheus_client import CollectorRegistry
from werkzeug.exceptions import MethodNotAllowed

from gateway.access.routes import PAGE_ROUTES, TEMPLATES
from gateway.caller import NOBODY
from gateway.errors import ConnectionsFull, GatewayStopping, Overloaded
from gateway.languages import negotiate
from gateway.logs import log_event
from gateway.page import Page
from gateway.problems import CONTENT_TYPE, REFUSAL_EXTENSION, Problem, all_codes
from gateway.random_ids import random_uuid
from gateway.refusal_log import RefusalLog
from gateway.screening import ABSTAINED, ANSWERED, REPEATED
from gateway.tracing import (
    TRACEPARENT,
    TRACESTATE,
    ObservedRequest,
    SpanSink,
    accepted_request_id,
    begin_trace,
    noted_stages,
)
from monitoring.metrics import OTHER, Metrics

LANGUAGELESS_ENDPOINTS = ("static", "reference.describe", "reference.show", "reference.explain")
"""They answer everybody alike, sentences for integrators in English."""
QUIET_ROUTES = ("/healthz", "/readyz", "/readyz/model")
"""Probes call these every few seconds: their success is logged at debug level only."""


SCREENING_ROUTES: Final = ("/", "/v1/screenings")
"""A photo is posted to one of these."""


def kind_of_request(method: str, route: str) -> str:
    """What a request is for, of `monitoring.request_metrics.REQUEST_KINDS`; `route` is a template."""
    if method == "POST" and route in SCREENING_ROUTES:
        return "screening"
    if route in QUIET_ROUTES:
        return "probe"
    if route in PAGE_ROUTES:
        return "page"
    return "api" if route.startswith("/v1/") else OTHER


def gateway_metrics(registry: CollectorRegistry) -> Metrics:
    """The metrics with the gateway's closed sets of routes and outcomes."""
    return Metrics(registry, routes=TEMPLATES, outcomes=(ANSWERED, ABSTAINED, REPEATED, *all_codes()))


def observe_requests(
    app: flask.Flask,
    metrics: Metrics,
    headers: Mapping[str, str],
    *,
    languages: tuple[str, ...],
    refusal_log: RefusalLog,
    spans: SpanSink | None = None,
) -> None:
    """Give every request an id and a language of these, every answer these headers, and count and log it when it ends.

    Where `spans` is there, it is told of every request that is recorded, but for probes.
    """
    app.extensions[REFUSAL_EXTENSION] = lambda problem, error: _note_refusal(metrics, refusal_log, problem, error)

    @app.before_request
    def begin() -> None:
        headers = flask.request.headers
        flask.g.request_id = accepted_request_id(headers.getlist("X-Request-Id"))
        # Answers are found by their id, so a caller cannot choose it: it is the request's only where that is ours.
        chosen = "X-Request-Id" in headers
        flask.g.answer_id = random_uuid() if chosen else flask.g.request_id
        flask.g.trace = begin_trace(
            headers.getlist(TRACEPARENT), headers.getlist(TRACESTATE), records_spans=spans is not None
        )
        flask.g.language = negotiate(flask.request.accept_languages, languages)
        flask.g.caller = NOBODY
        flask.g.started_seconds = time.perf_counter()
        flask.g.began_ns = time.time_ns()

    @app.after_request
    def finish(response: flask.Response) -> flask.Response:
        response.headers.update(headers)
        response.headers["X-Request-Id"] = flask.g.request_id
        response.headers["traceresponse"] = flask.g.trace.parent
        if flask.request.endpoint not in LANGUAGELESS_ENDPOINTS:
            response.content_language.add(flask.g.language.tag)
            response.vary.add("Accept-Language")
        rule = flask.request.url_rule
        route = rule.rule if rule is not None else OTHER
        # Answers are about people; only the page's own parts may be kept, and are asked for again each time.
        is_static = flask.request.endpoint == "static" and response.status_code in (200, 304)
        response.headers["Cache-Control"] = "no-cache" if is_static else "no-store"
        seconds = time.perf_counter() - flask.g.started_seconds
        metrics.count_request(route, response.status_code)
        metrics.observe_request(kind_of_request(flask.request.method, route), seconds, flask.g.caller.traffic)
        quiet = route in QUIET_ROUTES and response.status_code == 200
        fields = {
            "request_id": flask.g.request_id,
            "trace_id": flask.g.trace.trace_id,
            "route": route,
            "status": response.status_code,
            "code": flask.g.get("problem_code"),
            "duration_seconds": round(seconds, 6),
        }
        if spans is not None and route not in QUIET_ROUTES:
            _take_spans(spans, route, response.status_code)
        log_event("request", fields, level=logging.DEBUG if quiet else logging.INFO)
        return response


def _take_spans(spans: SpanSink, route: str, status: int) -> None:
    stages = noted_stages()
    if stages is not None:
        observed = ObservedRequest(
            trace=flask.g.trace,
            method=flask.request.method if flask.request.url_rule is not None else OTHER,
            route=route,
            status=status,
            code=flask.g.get("problem_code"),
            traffic=flask.g.caller.traffic,
            began_ns=flask.g.began_ns,
            ended_ns=time.time_ns(),
            stages=stages,
        )
        spans.take(observed)


def answer_problems(app: flask.Flask, page: Page) -> None:
    """Turn every error, ours or Flask's, into a problem: JSON for programs, the page for people."""

    @app.errorhandler(Exception)
    def answer(error: Exception) -> flask.Response:
        problem = Problem.of(error, flask.g.request_id, flask.g.language)
        flask.g.problem_code = problem.code
        if _is_failure(problem, error):
            log_event(
                "problem", {"request_id": flask.g.request_id, "code": problem.code}, level=logging.ERROR, error=error
            )
        if _asked_by_a_browser():
            response = app.make_response(page.render_problem(problem, error, flask.g.language))
        else:
            response = flask.jsonify(problem.as_json())
            response.content_type = CONTENT_TYPE
        response.status_code = problem.kind.status
        response.headers.update(problem.headers)
        response.headers["Link"] = problem.link
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response


def _asked_by_a_browser() -> bool:
    """Whether a person sees the answer: the API always speaks JSON, elsewhere the header Accept decides."""
    accepted = flask.request.accept_mimetypes
    prefers_html = accepted["text/html"] > accepted["application/json"]
    return prefers_html and not flask.request.path.startswith("/v1/")


def _note_refusal(metrics: Metrics, refusal_log: RefusalLog, problem: Problem, error: Exception) -> None:
    """Count and log a request that the server refused before the application saw it."""
    metrics.count_request(OTHER, problem.kind.status)
    if isinstance(error, ConnectionsFull):
        metrics.count_shed("connections_full")
    fields = {"request_id": problem.request_id, "route": OTHER, "status": problem.kind.status, "code": problem.code}
    refusal_log.note(fields)
    if _is_failure(problem, error):
        log_event("problem", fields, level=logging.ERROR, error=error)


def _is_failure(problem: Problem, error: Exception) -> bool:
    """Whether somebody should look at it. Overload is no failure: its refusals are counted, and would flood the log."""
    return problem.kind.status >= 500 and not isinstance(error, (Overloaded, GatewayStopping))
