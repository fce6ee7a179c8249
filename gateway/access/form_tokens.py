"""Tokens of forms: a page of another site can make a browser send a form with our cookie, but cannot know what must be in it.

A token is made for one session and worth nothing in another. Each is masked by chance, so that two pages never hold the same
one: what compresses answers on the way could otherwise give it away byte by byte (BREACH). Every form calls `form_token()`,
which is empty where nobody is signed in, so also on loopback without access; the guard looks for it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from typing import Final

import flask
from markupsafe import Markup

from gateway.access.secret_keys import Purpose, SecretKeys

FORM_FIELD: Final = "form_token"
FORM_HEADER: Final = "X-Form-Token"
"""For scripts of the page, whose requests need not be forms."""
FORM_TOKENS_EXTENSION: Final = "symmetra_form_tokens"
CHANCE_BYTES: Final = 16
DIGEST_BYTES: Final = 32


class FormTokens:
    """Makes and knows tokens.

    Args:
        keys: The site's secret, the same for all replicas.
    """

    def __init__(self, keys: SecretKeys) -> None:
        self._keys = keys.derive(Purpose.FORM)

    def make(self, session_id: str) -> str:
        """A token for one session; another each time."""
        chance = secrets.token_bytes(CHANCE_BYTES)
        return base64.urlsafe_b64encode(chance + _digest(self._keys[0], chance, session_id)).decode()

    def is_for(self, token: str, session_id: str) -> bool:
        """Whether a token was made for this session, under any of the accepted keys."""
        try:
            content = base64.b64decode(token, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return False
        if len(content) != CHANCE_BYTES + DIGEST_BYTES:
            return False
        chance, digest = content[:CHANCE_BYTES], content[CHANCE_BYTES:]
        return any(hmac.compare_digest(digest, _digest(key, chance, session_id)) for key in self._keys)


def add_form_tokens(app: flask.Flask, tokens: FormTokens) -> None:
    """Give the templates of an application `form_token()`."""
    app.extensions[FORM_TOKENS_EXTENSION] = tokens
    app.jinja_env.globals[FORM_FIELD] = form_token


def form_token() -> Markup:
    """A hidden field for the form of whoever is signed in; nothing for whoever is not."""
    session = flask.g.get("session")
    if session is None:
        return Markup("")
    tokens: FormTokens = flask.current_app.extensions[FORM_TOKENS_EXTENSION]
    return Markup('<input type="hidden" name="{}" value="{}">').format(FORM_FIELD, tokens.make(session.id))


def _digest(key: bytes, chance: bytes, session_id: str) -> bytes:
    return hmac.digest(key, chance + session_id.encode(), "sha256")
