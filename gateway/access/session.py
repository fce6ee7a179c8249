"""One person's session: from signing in to signing out, or to one of its two timeouts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Final, Self

from gateway.access.grant import Grant
from gateway.access.roles import Role, scopes_of_roles

FROM_SIGN_IN: Final = "oidc:"
"""Of the name of a caller who signed in; the rest is a keyed digest of the identity provider's name of the person."""
ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Session:
    """One session.

    Attributes:
        id: Chance; what forms are bound to.
        person: Keyed digest of the identity provider's name of the person, in hexadecimal.
        roles: At the moment of signing in.
        began_at: Seconds since 1970.
        seen_at: When its cookie was written; seconds since 1970.
    """

    id: str
    person: str
    roles: frozenset[Role]
    began_at: int
    seen_at: int

    @classmethod
    def begin(cls, person: str, roles: frozenset[Role], now: float) -> Self:
        """A new one, with an id that nobody could know before."""
        return cls(secrets.token_urlsafe(ID_BYTES), person, roles, int(now), int(now))

    def seen(self, now: float) -> Self:
        """The same, used once more."""
        return replace(self, seen_at=int(now))

    @property
    def caller_name(self) -> str:
        """As receipts and the audit trail name the person."""
        return FROM_SIGN_IN + self.person

    @property
    def grant(self) -> Grant:
        """What it allows: all that its roles do, for patient traffic."""
        return Grant(self.caller_name, scopes_of_roles(self.roles))
