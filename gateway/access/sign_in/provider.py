"""The identity provider's part in signing in: where a browser is sent, and what becomes of the code that it brings back."""

from __future__ import annotations

import base64
import hmac
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

from gateway.access.issuer import ProviderConfiguration
from gateway.access.provider_http import IssuerAway, ProviderHttp
from gateway.access.remembered import WAIT_SECONDS, Remembered
from gateway.access.sign_in.flow import Flow
from gateway.access.signed_tokens import SignedTokens
from gateway.errors import (
    CredentialExpired,
    CredentialInvalid,
    IdentityProviderUnavailable,
    SignInRefused,
    SignInUnavailable,
)
from gateway.greenlets import run_in_thread, wait_for

MAX_EXCHANGES: Final = 16
"""Codes at the provider at once: a provider that hangs ties up so many threads, and no more."""
ID_TOKEN_TYPES: Final = (None, "jwt")


@dataclass(frozen=True, slots=True)
class Client:
    """What this gateway is to the provider.

    Attributes:
        id: As the provider knows it.
        secret: None for a public client, which PKCE alone protects.
        redirect_address: Where browsers are sent back to.
        home_address: Where they are sent after signing out.
        scope: What is asked for.
    """

    id: str
    secret: str | None
    redirect_address: str
    home_address: str
    scope: str


class SignInProvider:
    """Speaks with the provider.

    Args:
        issuer: Its identifier.
        client: What we are to it.
        configuration: What it says of itself.
        id_tokens: Checks its ID tokens; `nonce` and `iat` are among what must be there.
        http: Asks it.
        stale_seconds: How long what it said of itself is believed while it is away.
    """

    def __init__(
        self,
        issuer: str,
        client: Client,
        *,
        configuration: Remembered[ProviderConfiguration],
        id_tokens: SignedTokens,
        http: ProviderHttp,
        stale_seconds: float,
    ) -> None:
        self._issuer = issuer
        self._client = client
        self._configuration = configuration
        self._id_tokens = id_tokens
        self._http = http
        self._stale_seconds = stale_seconds
        self._room = threading.BoundedSemaphore(MAX_EXCHANGES)

    def sign_in_address(self, flow: Flow) -> str:
        """Where a browser goes to sign in.

        Raises:
            SignInUnavailable: the provider is away, or has no such place.
        """
        endpoint = self._current().authorization_endpoint
        if endpoint is None:
            raise SignInUnavailable
        return _with_query(
            endpoint,
            {
                "response_type": "code",
                "client_id": self._client.id,
                "redirect_uri": self._client.redirect_address,
                "scope": self._client.scope,
                "state": flow.state,
                "nonce": flow.nonce,
                "code_challenge": flow.challenge,
                "code_challenge_method": "S256",
            },
        )

    def sign_out_address(self) -> str | None:
        """Where a browser goes to sign out at the provider too; None where the provider has no such place, or is away.

        No ID token goes along, because it names the person and is not kept: the provider may ask whether this is meant.
        """
        try:
            endpoint = self._current().end_session_endpoint
        except SignInUnavailable:
            return None
        if endpoint is None:
            return None
        return _with_query(
            endpoint,
            {"client_id": self._client.id, "post_logout_redirect_uri": self._client.home_address},
        )

    def require_its_answer(self, named_issuer: str | None) -> None:
        """Go on only if the answer that a browser brought says that this provider gave it (RFC 9207), where it says so at all.

        Raises:
            SignInRefused: it names another, or none though this provider always does.
            SignInUnavailable: what this provider does is not known.
        """
        if named_issuer is not None:
            if not hmac.compare_digest(named_issuer.encode(), self._issuer.encode()):
                raise SignInRefused
        elif self._current().names_itself:
            raise SignInRefused

    def claims_of_code(self, code: str, flow: Flow) -> dict[str, Any]:
        """What the provider says of the person for whom it gave a code; other requests are answered meanwhile.

        Raises:
            SignInRefused: the code is worth nothing, or what came for it is not right in everything.
            SignInUnavailable: the provider did not answer.
        """
        configuration = self._current()
        endpoint, is_in_form = configuration.token_endpoint, configuration.takes_secret_in_form
        if endpoint is None or not self._room.acquire(blocking=False):
            raise SignInUnavailable
        try:
            exchange = run_in_thread(
                lambda: self._exchange(endpoint, code, flow.verifier, is_in_form=is_in_form), "sign-in"
            )
        except RuntimeError:  # no further thread
            self._room.release()
            raise SignInUnavailable from None
        exchange.add_done_callback(lambda _: self._room.release())
        try:
            status, answer = wait_for(exchange, WAIT_SECONDS)
        except (TimeoutError, IssuerAway) as error:
            raise SignInUnavailable from error
        token = answer.get("id_token")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise SignInUnavailable
        if status != HTTPStatus.OK or not isinstance(token, str):
            raise SignInRefused
        return self._claims_of_token(token, flow)

    def _claims_of_token(self, token: str, flow: Flow) -> dict[str, Any]:
        try:
            claims = self._id_tokens.claims_of(token)
        except (CredentialInvalid, CredentialExpired) as error:
            raise SignInRefused from error
        except IdentityProviderUnavailable as error:
            raise SignInUnavailable from error
        audience, party, nonce = claims["aud"], claims.get("azp"), claims["nonce"]
        # OpenID Connect Core 1.0, section 3.1.3.7: made out to several, it must say that we are who asked for it.
        is_ours = party == self._client.id or (party is None and audience in (self._client.id, [self._client.id]))
        if (
            not is_ours
            or not isinstance(nonce, str)
            or not nonce.isascii()
            or not hmac.compare_digest(nonce.encode(), flow.nonce.encode())
        ):
            raise SignInRefused
        return claims

    def _exchange(self, endpoint: str, code: str, verifier: str, *, is_in_form: bool) -> tuple[int, dict[str, Any]]:
        """Blocking, in a thread."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.redirect_address,
            "code_verifier": verifier,
        }
        authorization = None
        if self._client.secret is not None and not is_in_form:
            authorization = _basic(self._client.id, self._client.secret)
        else:
            form["client_id"] = self._client.id
            form |= {} if self._client.secret is None else {"client_secret": self._client.secret}
        return self._http.answer_to_form(endpoint, form, authorization)

    def _current(self) -> ProviderConfiguration:
        known = self._known()
        if known is None:
            self._configuration.renew()
            self._configuration.wait()
            known = self._known()
        else:
            self._configuration.renew_if_old()
        if known is None:
            raise SignInUnavailable
        return known

    def _known(self) -> ProviderConfiguration | None:
        value = self._configuration.value
        return value if self._configuration.age_seconds <= self._stale_seconds else None


def _with_query(address: str, query: Mapping[str, str]) -> str:
    return address + ("&" if urlsplit(address).query else "?") + urlencode(query)


def _basic(client_id: str, secret: str) -> str:
    """RFC 6749, section 2.3.1: both are form-encoded first."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
