"""Refused access to records: counted at once, and written every few seconds, so that a flood of them is a few events and not a disk full."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Final

import flask

from gateway.access.routes import IMPLIED_METHODS, ROUTES
from gateway.access.scopes import Scope
from gateway.access.secret_keys import SecretKeys
from gateway.records.audit.event import NOBODY_KNOWN, AuditEvent, AuditKind
from gateway.records.kept_names import kept_name

MAX_DIFFERENT: Final = 256
"""Between two writes; further ones are counted together."""
OTHERS: Final = "others"
ABOUT_RECORDS: Final = frozenset({Scope.READ_RECORDS, Scope.REVIEW, Scope.AUDIT})
REFUSED: Final = frozenset({401, 403, 421})
"""Statuses of `gateway.problems` that say that the caller may not: not known, not allowed, not from here."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Who was refused what, and why.

    Attributes:
        actor: As records name callers.
        code: Of the problem.
        method: Of the request.
        route: Its template.
    """

    actor: str
    code: str
    method: str
    route: str


class Refusals:
    """Counts refusals until they are taken to be written. Any thread may call."""

    def __init__(self) -> None:
        self._counts: Counter[Refusal] = Counter()
        self._lock = threading.Lock()

    def count(self, refusal: Refusal, times: int = 1) -> None:
        """Count one, or more."""
        with self._lock:
            if refusal not in self._counts and len(self._counts) >= MAX_DIFFERENT:
                refusal = Refusal(OTHERS, OTHERS, OTHERS, OTHERS)
            self._counts[refusal] += times

    def take(self) -> Counter[Refusal]:
        """What was counted since; whoever cannot write it gives it back with `count`."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken


def event_of(refusal: Refusal, times: int) -> AuditEvent:
    """One event for so many refusals of a kind."""
    details: dict[str, str | int] = {
        "code": refusal.code,
        "method": refusal.method,
        "route": refusal.route,
        "count": times,
    }
    return AuditEvent(AuditKind.REFUSED, refusal.actor, None, details)


def count_refusals(app: flask.Flask, refusals: Refusals, keys: SecretKeys) -> None:
    """Count every request of an application that asked for records and was told that its caller may not."""

    @app.after_request
    def count(response: flask.Response) -> flask.Response:
        rule = flask.request.url_rule
        if response.status_code not in REFUSED or rule is None:
            return response
        method = IMPLIED_METHODS.get(flask.request.method, flask.request.method)
        if ROUTES.get((method, rule.rule)) in ABOUT_RECORDS:
            name = flask.g.get("asked_by")
            actor = NOBODY_KNOWN if name is None else kept_name(name, keys)
            refusals.count(Refusal(actor, flask.g.get("problem_code") or OTHERS, method, rule.rule))
        return response
