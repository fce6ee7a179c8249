"""Sessions in sealed cookies: nothing is kept here, so every replica with the site's secret knows every session.

Nothing can be called back either: signing out takes the cookie from the browser, and a copy that somebody took before lives
until a timeout. What somebody's roles are is asked for at sign-in and counts until the session ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import flask

from gateway.access.roles import Role
from gateway.access.session import Session
from gateway.access.sign_in.cookies import Cookie
from gateway.access.sign_in.sealed import Seal
from gateway.errors import SessionExpired

SESSION_COOKIE: Final = "symmetra-session"
RENEW_SHARE: Final = 0.05
"""Of the idle timeout, after which a cookie is written anew: a session may end that much early, and most answers carry none."""


class Sessions:
    """Reads and writes sessions.

    Args:
        keys: Made from the site's secret for sessions; the first seals.
        is_secure: Whether people come over TLS.
        idle_seconds: A session ends that long after it was last used,
        absolute_seconds: and that long after it began, however much it is used.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        keys: tuple[bytes, ...],
        *,
        is_secure: bool,
        idle_seconds: int,
        absolute_seconds: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._seal = Seal(keys)
        self._cookie = Cookie(SESSION_COOKIE, is_secure)
        self._idle_seconds = idle_seconds
        self._absolute_seconds = absolute_seconds
        self._now = now

    def begin(self, person: str, roles: frozenset[Role]) -> Session:
        """A session of a person who just signed in."""
        return Session.begin(person, roles, self._now())

    def of(self, request: flask.Request) -> Session | None:
        """The session that a request comes with; None where it comes with none.

        Raises:
            SessionExpired: one that is over, or that no accepted key sealed.
        """
        sealed = self._cookie.of(request)
        if not sealed:
            return None
        members = self._seal.open(sealed)
        session = None if members is None else _session_of(members)
        if session is None:
            raise SessionExpired
        now = self._now()
        if now >= session.seen_at + self._idle_seconds or now >= session.began_at + self._absolute_seconds:
            raise SessionExpired
        return session

    def write(self, response: flask.Response, session: Session) -> None:
        """Give a session to a browser."""
        members = {
            "id": session.id,
            "person": session.person,
            "roles": sorted(session.roles),
            "began_at": session.began_at,
            "seen_at": session.seen_at,
        }
        self._cookie.set(response, self._seal.close(members))

    def renew(self, response: flask.Response, session: Session) -> None:
        """Note in the cookie that a session is in use, where that is not noted already."""
        now = self._now()
        if now - session.seen_at >= RENEW_SHARE * self._idle_seconds:
            self.write(response, session.seen(now))

    def end(self, response: flask.Response) -> None:
        """Take the session from a browser."""
        self._cookie.delete(response)


def _session_of(members: Mapping[str, Any]) -> Session | None:
    """None where another release of ours sealed something else."""
    try:
        roles = frozenset(Role(name) for name in members["roles"])
        return Session(members["id"], members["person"], roles, members["began_at"], members["seen_at"])
    except (KeyError, TypeError, ValueError):
        return None
