"""How cookies of ours are set: where nobody but this gateway can read or replace them, as far as a browser can see to that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import flask

HOST_PREFIX: Final = "__Host-"
"""Browsers take such a cookie only over TLS, for this host alone, so that no neighbour under the same domain can plant one."""
SAME_SITE: Final = "Lax"
"""Not Strict: the identity provider leads back here from another site, and a browser would come without its cookie."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie of ours.

    Attributes:
        name: Without the prefix.
        is_secure: Only over TLS; not on loopback, where there is none.
        max_age_seconds: How long a browser keeps it; None is until it is closed.
    """

    name: str
    is_secure: bool
    max_age_seconds: int | None = None

    @property
    def full_name(self) -> str:
        """As it is sent."""
        return HOST_PREFIX + self.name if self.is_secure else self.name

    def of(self, request: flask.Request) -> str | None:
        """Its value in a request."""
        return request.cookies.get(self.full_name)

    def set(self, response: flask.Response, value: str) -> None:
        """Give it to a browser."""
        response.set_cookie(
            self.full_name,
            value,
            max_age=self.max_age_seconds,
            path="/",
            secure=self.is_secure,
            httponly=True,
            samesite=SAME_SITE,
        )

    def delete(self, response: flask.Response) -> None:
        """Take it from a browser."""
        response.delete_cookie(self.full_name, path="/", secure=self.is_secure, httponly=True, samesite=SAME_SITE)
