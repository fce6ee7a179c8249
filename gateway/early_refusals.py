"""Refuses a photo from the head of its request alone, where the application would refuse it too, at a fraction of the cost.

Under overload most requests are refused, and what that costs is taken from the photos that were let in: here nothing is
rendered, routed or received. Who is refused is decided by the same parts in the same order as in the application. Whatever is
not as plain as a photo of a program that may ask for a screening, and finds no room, is left to the application: strangers,
people with a session, the page, probes, a pause.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

import flask

from gateway.access.scopes import Scope
from gateway.languages import negotiate
from gateway.problem_answer import problem_answer
from gateway.problems import Problem
from gateway.refusal_log import RefusalLog
from gateway.tracing import TRACEPARENT, TRACESTATE, accepted_request_id, begin_trace
from monitoring.metrics import Metrics

if TYPE_CHECKING:
    from gateway.access.guard import Guard
    from gateway.screening import Screener

ROUTE: Final = "/v1/screenings"
EARLY_REFUSALS_EXTENSION: Final = "symmetra_early_refusals"
"""Key of the application's `EarlyRefusals`, for the server."""


class Head(Protocol):
    """The head of a request, as gunicorn read it."""

    method: str
    path: str
    version: tuple[int, int]
    headers: list[tuple[str, str]]
    """Names in capitals."""


class EarlyRefusals:
    """Refuses photos before the application is asked.

    Args:
        screener: Knows whether there is room.
        guard: Knows who asks.
        metrics: Counts every refusal.
        log: Names some of them.
        headers: Of every answer.
        languages: Tags of those that the site offers.
    """

    def __init__(
        self,
        *,
        screener: Screener,
        guard: Guard,
        metrics: Metrics,
        log: RefusalLog,
        headers: Mapping[str, str],
        languages: tuple[str, ...],
    ) -> None:
        self._screener = screener
        self._guard = guard
        self._metrics = metrics
        self._log = log
        self._headers = headers
        self._languages = languages

    def answer_to(self, head: Head, client: tuple[str, int] | str, *, closes: bool) -> bytes | None:
        """The whole answer that refuses a photo; None where the application must be asked.

        Args:
            head: Of the request.
            client: Other end of the connection.
            closes: Whether the connection ends with this answer.
        """
        is_photo = head.method == "POST" and head.path == ROUTE and head.version == (1, 1)
        if not is_photo or not self._screener.may_refuse_on_arrival:
            return None
        started_seconds = time.perf_counter()
        environ = _environ_of(head, client)
        request = flask.Request(environ, populate_request=False)
        caller = self._guard.program_of(request, Scope.SCREEN)
        error = None if caller is None else self._screener.refusal_on_arrival(request, caller)
        if error is None:
            return None
        language = negotiate(request.accept_languages, self._languages)
        trace = begin_trace(_values_of(TRACEPARENT, environ), _values_of(TRACESTATE, environ))
        problem = Problem.of(error, accepted_request_id(_values_of("X-Request-Id", environ)), language)
        self._metrics.count_request(ROUTE, problem.kind.status)
        self._log.note(
            {
                "request_id": problem.request_id,
                "trace_id": trace.trace_id,
                "route": ROUTE,
                "status": problem.kind.status,
                "code": problem.code,
                "duration_seconds": round(time.perf_counter() - started_seconds, 6),
            }
        )
        return problem_answer(problem, language, trace, self._headers, closes=closes)


def _environ_of(head: Head, client: tuple[str, int] | str) -> dict[str, Any]:
    """The WSGI environment of a request without a body, as far as admission and access look at it."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": head.method,
        "PATH_INFO": head.path,
        "REMOTE_ADDR": client if isinstance(client, str) else client[0],
    }
    for name, value in head.headers:
        key = _key_of(name)
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def _values_of(name: str, environ: Mapping[str, str]) -> list[str]:
    """As the application's `headers.getlist` says it, without looking at every header."""
    value = environ.get(_key_of(name))
    return [] if value is None else [value]


def _key_of(name: str) -> str:
    return "HTTP_" + name.upper().replace("-", "_")
