"""Where every request passes before any view: which route, what it needs, who asks, and whether that is enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import flask

from gateway.access.credentials import credential_of
from gateway.access.cross_site import comes_from_elsewhere
from gateway.access.form_check import check_form
from gateway.access.grant import TRAFFIC_HEADER, Grant
from gateway.access.host_names import names_this_machine
from gateway.access.key_text import PREFIX
from gateway.access.routes import OPEN, PAGE_ROUTES, SESSION, need_of, require_complete_table
from gateway.access.scopes import Scope
from gateway.access.session import Session
from gateway.admission.client_address import Network, client_of
from gateway.admission.client_rates import ClientRates
from gateway.caller import ANONYMOUS, NOBODY, Caller
from gateway.errors import (
    AccessError,
    AccessUnavailable,
    CredentialExpired,
    CredentialInvalid,
    CredentialMissing,
    CrossSiteRequest,
    HostNotLocal,
    SignInMissing,
    SignInNeeded,
)


class Authenticator(Protocol):
    """Tells what a credential grants: `keys.KeyRing` for API keys, `tokens.TokenVerifier` for tokens."""

    def grant_of(self, credential: str) -> Grant:
        """What it grants.

        Raises:
            AccessError: nothing.
            AccessUnavailable: that cannot be found out right now.
        """
        ...


class PersonSessions(Protocol):
    """Sessions of people who signed in: `sign_in.sessions.Sessions`."""

    def of(self, request: flask.Request) -> Session | None:
        """The session of a request; None where it comes with none.

        Raises:
            SessionExpired: with one that is over.
        """
        ...

    def renew(self, response: flask.Response, session: Session) -> None:
        """Note that a session is in use."""
        ...

    def end(self, response: flask.Response) -> None:
        """Take the session from a browser."""
        ...


class Failures:
    """Counts the wrong credentials of each address: past its rate they get 429 and a time to wait.

    Only wrong ones: a right credential always passes, so nobody who shares an address with a guesser, or stands behind the
    same proxy, can be locked out by them. Guessing is hopeless anyway; this is for clients that do not stop by themselves.

    Args:
        rates: How often.
        trusted_proxies: Whose `X-Forwarded-For` is believed.
    """

    def __init__(self, rates: ClientRates, trusted_proxies: tuple[Network, ...]) -> None:
        self._rates = rates
        self._trusted_proxies = trusted_proxies

    def count(self, request: flask.Request) -> None:
        """Count one wrong credential.

        Raises:
            ClientRateExceeded: too many came from this address.
        """
        forwarded_for = request.headers.get("X-Forwarded-For", "")
        self._rates.take(client_of(ANONYMOUS, request.remote_addr or "", forwarded_for, self._trusted_proxies))


class Guard:
    """Lets requests in.

    Args:
        keys: For API keys, where there are any.
        tokens: For tokens of the identity provider, where there is one.
        sessions: Of people, where they can sign in.
        public_host: Name and port by which browsers know the gateway, where people can sign in: a proxy may ask for another.
        anonymous: Whoever asks without a credential may do what `caller.ANONYMOUS` may; only on loopback without keys
            and tokens.
        failures: Counts wrong credentials.
        on_refusal: Told the reason of every refusal.
    """

    def __init__(
        self,
        *,
        keys: Authenticator | None,
        tokens: Authenticator | None,
        sessions: PersonSessions | None = None,
        public_host: str | None = None,
        anonymous: bool,
        failures: Failures,
        on_refusal: Callable[[str], None],
    ) -> None:
        self._keys = keys
        self._tokens = tokens
        self.sessions = sessions
        self._public_host = public_host
        self._anonymous = anonymous
        self._failures = failures
        self._on_refusal = on_refusal

    @property
    def asks(self) -> bool:
        """Whether a key, a token or a session is needed."""
        return not self._anonymous

    def caller_of(self, request: flask.Request) -> Caller:
        """Who asks, if the route may be used by them.

        Raises:
            AccessError: it may not.
            AccessUnavailable: nobody can say right now.
            ClientRateExceeded: it may not, and its address has tried too often.
        """
        try:
            return self._caller_of(request)
        except (AccessError, AccessUnavailable) as error:
            self._on_refusal(error.reason)
            if isinstance(error, (CredentialInvalid, CredentialExpired)):
                self._failures.count(request)
            raise

    def _caller_of(self, request: flask.Request) -> Caller:
        # An address that does not exist is refused as such by Flask, whoever asks: no view will run.
        if request.routing_exception is not None or request.url_rule is None:
            return self._stranger(request)
        template = request.url_rule.rule
        need = need_of(request.method, template)
        if need is OPEN:
            return self._stranger(request)
        credential = None if need is SESSION or self._anonymous else credential_of(request.headers)
        if self._anonymous:
            grant = self._grant_of_this_machine(request)
        elif credential is None:
            grant = self._grant_of_session(request, template)
        else:
            grant = self._grant_of_credential(credential)
        flask.g.asked_by = grant.name  # for the audit trail, also where the answer is no
        caller = grant.caller(request.headers.get(TRAFFIC_HEADER))
        if need is not SESSION:
            caller.require(need)
        return caller

    def program_of(self, request: flask.Request, need: Scope) -> Caller | None:
        """Which program asks for something that needs a scope; counts nothing and refuses nobody.

        None wherever more is to be said: of a person with a session, a stranger, or somebody who may not.
        """
        try:
            credential = None if self._anonymous else credential_of(request.headers)
            if self._anonymous:
                grant = self._grant_of_this_machine(request)
            elif credential is not None:
                grant = self._grant_of_credential(credential)
            else:
                return None
            caller = grant.caller(request.headers.get(TRAFFIC_HEADER))
            caller.require(need)
        except (AccessError, AccessUnavailable):
            return None
        return caller

    def _stranger(self, request: flask.Request) -> Caller:
        """Whoever was not asked for a credential."""
        return ANONYMOUS if self._anonymous and names_this_machine(request.headers.get("Host")) else NOBODY

    def _grant_of_this_machine(self, request: flask.Request) -> Grant:
        if not names_this_machine(request.headers.get("Host")):
            raise HostNotLocal
        if _comes_from_elsewhere(request, request.headers.get("Host")):
            raise CrossSiteRequest
        return Grant(ANONYMOUS.name, ANONYMOUS.scopes)

    def _grant_of_session(self, request: flask.Request, template: str) -> Grant:
        session = None if self.sessions is None else self.sessions.of(request)
        if session is None:
            if template not in PAGE_ROUTES:
                raise CredentialMissing
            raise SignInMissing if self.sessions is None else SignInNeeded
        flask.g.asked_by = session.caller_name
        if all(_comes_from_elsewhere(request, host) for host in (request.headers.get("Host"), self._public_host)):
            raise CrossSiteRequest
        check_form(request, template, session)
        flask.g.session = session
        return session.grant

    def _grant_of_credential(self, credential: str) -> Grant:
        authenticator = self._keys if credential.startswith(PREFIX) else self._tokens
        if authenticator is None:
            raise CredentialInvalid
        return authenticator.grant_of(credential)


def _comes_from_elsewhere(request: flask.Request, host: str | None) -> bool:
    headers = request.headers
    return comes_from_elsewhere(
        request.method, host=host, site=headers.get("Sec-Fetch-Site"), origin=headers.get("Origin")
    )


def guard_requests(app: flask.Flask, guard: Guard) -> None:
    """Put the guard before every view of an application, and fail unless every route is in the table.

    Call it after the last blueprint, and after what gives requests their id.

    Raises:
        LookupError: a route is in no row of `routes.ROUTES`.
    """
    require_complete_table(app)

    @app.before_request
    def pass_guard() -> None:
        # First the least: a refusal is rendered for nobody.
        flask.g.caller = NOBODY
        flask.g.caller = guard.caller_of(flask.request)

    @app.after_request
    def keep_session(response: flask.Response) -> flask.Response:
        session: Session | None = flask.g.get("session")
        if session is None or guard.sessions is None:
            return response
        if flask.g.get("session_ends"):
            guard.sessions.end(response)
        else:
            guard.sessions.renew(response, session)
        return response
