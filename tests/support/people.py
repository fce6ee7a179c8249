"""People in front of an app: browsers that sign in at a real provider, without a network of their own."""

from __future__ import annotations

import re
import time
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.access.form_tokens import FormTokens
from gateway.access.secret_keys import Purpose, SecretKeys
from gateway.access.sign_in.sealed import Seal
from tests.support.access import write_session_key
from tests.support.sign_in_provider import CLIENT_ID

if TYPE_CHECKING:
    from pathlib import Path

HTML = {"Accept": "text/html"}
PUBLIC_URL = "http://localhost"
"""What Flask's client calls the app."""


def sign_in_settings(provider, folder: Path, **changes) -> dict:
    """Settings with which people sign in at a provider."""
    path = folder / "session.key"
    return {
        "oidc_issuer": provider.address,
        "oidc_client_id": CLIENT_ID,
        "public_url": PUBLIC_URL,
        "session_key_file": path if path.exists() else write_session_key(path),
    } | changes


def leave(client, to: str | None = None) -> str:
    """Set out to sign in; the address at the provider."""
    response = client.get("/sign-in", query_string={"to": to} if to else None, headers=HTML)
    assert response.status_code == 303, response.text
    return response.headers["Location"]


def ask_provider(address: str) -> str:
    """What the provider leads back to, as a path with its query."""
    back = urllib.request.build_opener(NoRedirect()).open(address, timeout=10).headers["Location"]
    parts = urlsplit(back)
    return f"{parts.path}?{parts.query}"


def sign_in(client, to: str | None = None):
    """The whole way; the answer to coming back."""
    return client.get(ask_provider(leave(client, to)), headers=HTML)


def form_token_of(client, path: str = "/") -> str:
    """What the forms of a page hold."""
    found = re.search(r'name="form_token" value="([^"]+)"', client.get(path, headers=HTML).text)
    assert found, "no form"
    return found[1]


class NoRedirect(urllib.request.HTTPErrorProcessor):
    """Shows a redirect instead of following it."""

    def http_response(self, _request, response):
        return response


def session_cookie(secret: Path, role: str, *, now: float | None = None) -> str:
    """The cookie of somebody with a role, as a gateway with this secret seals it; in use at a moment, or just now."""
    seen_at = int(time.time() if now is None else now)
    members = {"id": "the-session", "person": "f" * 64, "roles": [role], "began_at": seen_at, "seen_at": seen_at}
    return Seal(SecretKeys.read(secret).derive(Purpose.SESSION)).close(members)


def form_token(secret: Path) -> str:
    """What the forms of that session hold."""
    return FormTokens(SecretKeys.read(secret)).make("the-session")
