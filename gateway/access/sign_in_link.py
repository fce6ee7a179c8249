"""Where a page offers to sign in, and where that leads back to."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import flask

from gateway.access.cross_site import SAFE_METHODS
from gateway.access.routes import PAGE_ROUTES
from gateway.access.sign_in.local_paths import HOME, SIGN_IN_PATH, local_path
from gateway.errors import (
    RoleMissing,
    SessionExpired,
    SignInDenied,
    SignInInterrupted,
    SignInNeeded,
    SignInRefused,
    SignInUnavailable,
)

OFFERED_AFTER: Final = tuple(
    error.code
    for error in (
        SignInNeeded,
        SessionExpired,
        SignInInterrupted,
        SignInDenied,
        SignInRefused,
        SignInUnavailable,
        RoleMissing,
    )
)
"""Codes of the problems that signing in may mend."""


def add_sign_in_link(app: flask.Flask, contact: str | None) -> None:
    """Give the templates of an application `sign_in_link()`, and `access_contact`, whom people without a role are to ask."""
    app.jinja_env.globals.update(sign_in_link=sign_in_link, access_contact=contact, asks_for_role=RoleMissing.code)


def sign_in_link() -> str | None:
    """The address that signs in and leads back to the page of this request; None where the page tells of something else."""
    if flask.g.get("problem_code") not in OFFERED_AFTER:
        return None
    to = local_path(flask.g.get("sign_in_to") or _here())
    return SIGN_IN_PATH if to == HOME else f"{SIGN_IN_PATH}?{urlencode({'to': to})}"


def _here() -> str:
    """The page of this request; what was sent to one cannot be sent again from where people come back to."""
    request = flask.request
    is_page = request.url_rule is not None and request.url_rule.rule in PAGE_ROUTES
    return request.full_path.rstrip("?") if is_page and request.method in SAFE_METHODS else HOME
