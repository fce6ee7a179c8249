"""A real identity provider where people sign in: authorization code with PKCE, and what can go wrong with each step."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from tests.support.identity_provider import SUBJECT, IdentityProvider, base64url

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

CLIENT_ID = "symmetra-page"
CLIENT_SECRET = "zq+secret/of:the client"
DISCOVERY = "/.well-known/openid-configuration"


@dataclass
class Asked:
    """What a browser came with, until its code is used."""

    query: dict[str, str]
    used: bool = field(default=False)


class SignInProvider(IdentityProvider):
    """Signs everybody in at once, with the roles that are set, unless told otherwise."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.reset()

    def reset(self) -> None:
        """As it was at first, except for its keys."""
        self.status = 200
        self.requests.clear()
        self.roles: object = ["clinician"]
        self.subject = SUBJECT
        self.shows_page = False
        """Show a page with a button instead of leading back at once."""
        self.secret: str | None = None
        """Asked of the client, where one is set."""
        self.configuration: dict = {}
        """Changes of what it says of itself."""
        self.denies: str | None = None
        """The error that it leads back with."""
        self.named_in_answer: str | None = None
        """The parameter `iss` of what it leads back with."""
        self.claims: dict = {}
        """Changes of the ID token."""
        self.token_changes: dict = {}
        """Changes of how it is signed."""
        self.raw_answer: tuple[int, str] | None = None
        """What the token endpoint answers whatever it is asked."""
        self.go_on = threading.Event()
        """Cleared, the token endpoint hangs."""
        self.go_on.set()
        self.asked: dict[str, Asked] = {}
        self.forms: list[dict[str, str]] = []
        self.authorizations: list[str | None] = []

    def document(self, path: str) -> object:
        document = super().document(path)
        if path == DISCOVERY:
            endpoints = {
                "authorization_endpoint": f"{self.address}/authorize?tenant=1",
                "token_endpoint": f"{self.address}/token",
                "end_session_endpoint": f"{self.address}/logout",
            }
            return endpoints | document | self.configuration
        return document

    def answer_get(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/authorize":
            back = self.lead_back(query)
            if self.shows_page:
                page = f'<!doctype html><title>Account</title><a id="go" href="{html.escape(back)}">Go on</a>'
                self.send(handler, 200, page, {"Content-Type": "text/html"})
            else:
                self.send(handler, 302, "", {"Location": back})
        elif parts.path == "/logout":
            self.send(handler, 200, "<!doctype html><title>Account</title><p>Bye", {"Content-Type": "text/html"})
        else:
            super().answer_get(handler)

    def lead_back(self, query: dict[str, str]) -> str:
        """Where a browser is sent after signing in."""
        answer = {"state": query["state"]}
        if self.denies is not None:
            answer |= {"error": self.denies, "error_description": "zq <b>told</b>"}
        else:
            code = secrets.token_urlsafe(16)
            self.asked[code] = Asked(query)
            answer["code"] = code
        if self.named_in_answer is not None:
            answer["iss"] = self.named_in_answer
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def answer_post(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.forms.append(form)
        self.authorizations.append(handler.headers["Authorization"])
        assert self.go_on.wait(60)
        status, content = self.raw_answer or self.token_answer(form, handler.headers["Authorization"])
        self.send(handler, status, content, {"Content-Type": "application/json"})

    def token_answer(self, form: dict[str, str], authorization: str | None) -> tuple[int, str]:
        if not self.knows_client(form, authorization):
            return 401, json.dumps({"error": "invalid_client"})
        asked = self.asked.get(form.get("code", ""))
        if asked is None or asked.used or not self.fits(asked.query, form):
            return 400, json.dumps({"error": "invalid_grant"})
        asked.used = True
        now = int(time.time())
        claims = {"aud": CLIENT_ID, "sub": self.subject, "nonce": asked.query["nonce"], "auth_time": now} | {
            "roles": self.roles, "name": "zq Ada", "email": "zq@example.org", "scope": None,
        }  # fmt: skip
        token = self.token(**{"header": {"typ": "JWT"}, **claims, **self.claims, **self.token_changes})
        answer = {"access_token": "zq-access", "token_type": "Bearer", "expires_in": 60, "id_token": token}
        return 200, json.dumps(answer)

    def knows_client(self, form: dict[str, str], authorization: str | None) -> bool:
        if self.secret is None:
            return form.get("client_id") == CLIENT_ID and authorization is None
        if authorization is None:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, self.secret)
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        return [unquote_plus(part) for part in pair] == [CLIENT_ID, self.secret]

    @staticmethod
    def fits(query: dict[str, str], form: dict[str, str]) -> bool:
        """Whether a code is asked for by whoever began: the same redirect, and the verifier of the challenge."""
        challenge = base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        return (form.get("redirect_uri"), challenge, "S256") == (
            query["redirect_uri"],
            query["code_challenge"],
            query["code_challenge_method"],
        )
