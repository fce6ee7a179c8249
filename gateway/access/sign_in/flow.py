"""One attempt to sign in: what was sent with the browser to the identity provider, and what must come back with it.

It is kept in a sealed cookie of the browser that began, so a code that was got in another browser is worth nothing in this one
(login CSRF), and one that was caught on its way is worth nothing without the verifier (PKCE, RFC 7636).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final, Self

import flask

from gateway.access.sign_in.cookies import Cookie
from gateway.access.sign_in.sealed import Seal

FLOW_COOKIE: Final = "symmetra-sign-in"
FLOW_SECONDS: Final = 600
"""From leaving for the provider to coming back: time for a password, a second factor, and to find the telephone."""
CHANCE_BYTES: Final = 32
"""43 characters in base64url, the least that RFC 7636 wants of a verifier."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One attempt.

    Attributes:
        state: Comes back beside the code.
        nonce: Comes back inside the ID token.
        verifier: Never leaves but with the code; its digest went before.
        to: The page to lead to afterwards, a path of this gateway.
        began_at: Seconds since 1970.
    """

    state: str
    nonce: str
    verifier: str
    to: str
    began_at: int

    @classmethod
    def begin(cls, to: str, now: float) -> Self:
        """A new one, of chance."""
        state, nonce, verifier = (secrets.token_urlsafe(CHANCE_BYTES) for _ in range(3))
        return cls(state, nonce, verifier, to, int(now))

    @property
    def challenge(self) -> str:
        """S256 of the verifier.

        >>> Flow("", "", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "/", 0).challenge  # RFC 7636, appendix B
        'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
        """
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Flows:
    """Keeps attempts in the browsers that began them.

    Args:
        keys: Made from the site's secret for this; the first seals.
        is_secure: Whether people come over TLS.
        now: Seconds since 1970.
    """

    def __init__(self, keys: tuple[bytes, ...], *, is_secure: bool, now: Callable[[], float] = time.time) -> None:
        self._seal = Seal(keys)
        self._cookie = Cookie(FLOW_COOKIE, is_secure, max_age_seconds=FLOW_SECONDS)
        self._now = now

    def begin(self, to: str) -> Flow:
        """A new attempt."""
        return Flow.begin(to, self._now())

    def write(self, response: flask.Response, flow: Flow) -> None:
        """Give an attempt to the browser that began it, in place of an earlier one."""
        self._cookie.set(response, self._seal.close(asdict(flow)))

    def of(self, request: flask.Request) -> Flow | None:
        """The attempt that this browser began; None where it began none, or too long ago."""
        sealed = self._cookie.of(request)
        members = self._seal.open(sealed) if sealed else None
        try:
            flow = None if members is None else Flow(**members)
        except TypeError:  # another release of ours sealed something else
            return None
        return flow if flow is not None and self._now() < flow.began_at + FLOW_SECONDS else None

    def end(self, response: flask.Response) -> None:
        """Take the attempt from the browser: it is made once."""
        self._cookie.delete(response)
