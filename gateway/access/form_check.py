"""Whether a request that a browser sent with our cookie was sent by our own page: it must hold a token of its session.

The token comes in a header or in a field of a form. A form with a photo is received later, under the limits of uploads; there
the token is looked for as soon as its fields are known, before anything is done with the photo (`require_form_token`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import flask
from werkzeug.exceptions import RequestEntityTooLarge

from gateway.access.cross_site import SAFE_METHODS
from gateway.access.form_tokens import FORM_FIELD, FORM_HEADER, FORM_TOKENS_EXTENSION, FormTokens
from gateway.access.session import Session
from gateway.body import names_for_failures, receiving_within
from gateway.errors import FormTokenInvalid

FORM_TYPE: Final = "application/x-www-form-urlencoded"
PHOTO_FORM_TYPE: Final = "multipart/form-data"
PHOTO_FORM_ROUTES: Final = ("/", "/v1/screenings")
"""Whose views call `require_form_token` once they have received the form."""
MAX_FORM_BYTES: Final = 112 * 1024
"""Below what a connection may hold (`Settings.connections`)."""
FORM_SECONDS: Final = 10.0


def check_form(request: flask.Request, template: str, session: Session) -> None:
    """Go on only if a request that changes something holds a token of its session, or will be asked for it later.

    Args:
        request: With the session's cookie.
        template: Of its route.
        session: Whose.

    Raises:
        FormTokenInvalid: it holds none, or is a form that is larger than any of ours.
        RequestError: a form that does not arrive.
    """
    if request.method in SAFE_METHODS:
        return
    token = request.headers.get(FORM_HEADER)
    if token is None and request.mimetype == PHOTO_FORM_TYPE and template in PHOTO_FORM_ROUTES:
        flask.g.owes_form_token = True
        return
    if token is None and request.mimetype == FORM_TYPE:
        token = _fields_of(request).get(FORM_FIELD)
    _require(token, session)


def require_form_token(fields: Mapping[str, Sequence[str]]) -> None:
    """Go on only if the form that was received holds the token which the guard could not see.

    Raises:
        FormTokenInvalid: it does not.
    """
    if flask.g.get("owes_form_token"):
        values = fields.get(FORM_FIELD, ())
        _require(values[0] if len(values) == 1 else None, flask.g.session)


def _require(token: str | None, session: Session) -> None:
    tokens: FormTokens = flask.current_app.extensions[FORM_TOKENS_EXTENSION]
    if token is None or not tokens.is_for(token, session.id):
        raise FormTokenInvalid


def _fields_of(request: flask.Request) -> Mapping[str, str]:
    """The fields of a small form, which are kept for the view."""
    request.max_content_length = request.max_form_memory_size = MAX_FORM_BYTES
    try:
        with receiving_within(FORM_SECONDS), names_for_failures():
            return request.form
    except RequestEntityTooLarge:
        raise FormTokenInvalid from None
