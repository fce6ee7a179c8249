"""Every route of the gateway and what it needs. What is not in this table is denied, and keeps the gateway from starting."""

from __future__ import annotations

from enum import Enum
from typing import Final

import flask

from gateway.access.scopes import Scope
from gateway.errors import RouteNotGranted


class Open(Enum):
    """The other things that a route may need."""

    OPEN = "open"
    """Nothing."""
    SESSION = "session"
    """That a person is signed in, whatever their roles."""


OPEN: Final = Open.OPEN
SESSION: Final = Open.SESSION
Need = Scope | Open

ROUTES: Final[dict[tuple[str, str], Need]] = {
    # the page: for people, so a refusal there speaks of signing in
    ("GET", "/"): Scope.READ_MODELS,
    ("POST", "/"): Scope.SCREEN,
    ("POST", "/review"): Scope.REVIEW,
    ("POST", "/commit"): Scope.REVIEW,
    ("GET", "/outcome"): Scope.REVIEW,
    ("POST", "/outcome"): Scope.REVIEW,
    ("GET", "/static/<path:filename>"): OPEN,
    # signing in: whoever is not yet signed in must get there
    ("GET", "/sign-in"): OPEN,
    ("GET", "/sign-in/callback"): OPEN,
    ("POST", "/sign-out"): SESSION,
    # the operator page
    ("GET", "/operator"): Scope.OPERATE,
    ("POST", "/operator/pause"): Scope.OPERATE,
    ("POST", "/operator/resume"): Scope.OPERATE,
    # the API
    ("POST", "/v1/screenings"): Scope.SCREEN,
    ("GET", "/v1/screenings/<screening_id>"): Scope.READ_RECORDS,
    ("PUT", "/v1/screenings/<screening_id>/review"): Scope.REVIEW,
    ("GET", "/v1/screenings/<screening_id>/review"): Scope.READ_RECORDS,
    ("PUT", "/v1/screenings/<screening_id>/outcome"): Scope.REVIEW,
    ("GET", "/v1/screenings/<screening_id>/outcome"): Scope.READ_RECORDS,
    ("GET", "/v1/models"): Scope.READ_MODELS,
    # what the API is, for whoever writes a client; it says nothing of this site
    ("GET", "/openapi.json"): OPEN,
    ("GET", "/reference"): OPEN,
    ("GET", "/problems/v1/<code>"): OPEN,
    # probes say nothing of anybody, and a kubelet has no key
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/readyz/model"): OPEN,
}
"""(method, route template) to the scope that it needs. `explain=true` needs `Scope.EXPLAIN` on top, asked where it is read."""

PAGE_ROUTES: Final = tuple(
    dict.fromkeys(
        template for (_, template), need in ROUTES.items() if need is not OPEN and not template.startswith("/v1/")
    )
)
"""For people: whoever is not signed in is told so, and is led back there."""
TEMPLATES: Final = tuple(dict.fromkeys(template for _, template in ROUTES))
"""Every route template; also the closed set of the metrics' label."""
IMPLIED_METHODS: Final = {"HEAD": "GET"}
"""Flask answers HEAD wherever it answers GET, with the same view."""


def need_of(method: str, template: str) -> Need:
    """What a request to this route needs.

    Raises:
        RouteNotGranted: the table has no such row.
    """
    # Flask answers OPTIONS by itself, from the table of routes and without any view (`require_complete_table` checks it).
    if method == "OPTIONS":
        return OPEN
    try:
        return ROUTES[IMPLIED_METHODS.get(method, method), template]
    except KeyError:
        raise RouteNotGranted from None


def require_complete_table(app: flask.Flask) -> None:
    """Fail unless every route of an application is in the table.

    Raises:
        LookupError: with every route that is not, and what to do.
    """
    unknown = []
    for rule in app.url_map.iter_rules():
        methods = {IMPLIED_METHODS.get(method, method) for method in rule.methods or ()}
        # The attribute is Flask's own: false where a view answers OPTIONS, which would then be open to all.
        if getattr(rule, "provide_automatic_options", False):
            methods -= {"OPTIONS"}
        unknown += [f"{method} {rule.rule}" for method in methods if (method, rule.rule) not in ROUTES]
    if unknown:
        message = f"no row in gateway/access/routes.py says who may use: {', '.join(sorted(unknown))}"
        raise LookupError(message)
