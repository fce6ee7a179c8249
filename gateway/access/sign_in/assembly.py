"""The sign-in that the settings ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from gateway.access.issuer import Issuer
from gateway.access.provider_http import ProviderHttp
from gateway.access.remembered import Remembered
from gateway.access.roles import RoleMapping, roles_of
from gateway.access.secret_keys import Purpose, SecretKeys
from gateway.access.session import Session
from gateway.access.sign_in.flow import Flows
from gateway.access.sign_in.provider import ID_TOKEN_TYPES, Client, SignInProvider
from gateway.access.sign_in.routes import CALLBACK_PATH
from gateway.access.sign_in.sessions import Sessions
from gateway.access.signed_tokens import KeySource, SignedTokens
from gateway.settings import Settings

ESSENTIAL_CLAIMS: Final = ("iat", "nonce")


@dataclass(frozen=True, slots=True)
class SignIn:
    """The parts.

    Attributes:
        provider: Speaks with the identity provider.
        flows: Attempts, in the browsers that began them.
        sessions: What follows, in the same way.
        person_keys: What the digests of people are made with.
        role_claim: Claim of an ID token with the roles.
        role_mapping: What its values give.
    """

    provider: SignInProvider
    flows: Flows
    sessions: Sessions
    person_keys: SecretKeys
    role_claim: str
    role_mapping: RoleMapping

    def session_of(self, claims: Mapping[str, Any]) -> Session:
        """A session for whom the provider signed in; what they are called ends here."""
        person = self.person_keys.digests(Purpose.CALLER, claims["sub"])[0]
        return self.sessions.begin(person, roles_of(claims, self.role_claim, self.role_mapping))


def assemble_sign_in(
    settings: Settings, keys: KeySource, session_keys: SecretKeys, person_keys: SecretKeys
) -> SignIn | None:
    """The parts; None where people cannot sign in.

    Args:
        settings: How this gateway runs.
        keys: The provider's, for signatures.
        session_keys: The secret that all replicas share.
        person_keys: What the digests of people are made with, as in the records.
    """
    issuer, client_id, public_url = settings.oidc_issuer, settings.oidc_client_id, settings.public_url
    if issuer is None or client_id is None or public_url is None:
        return None
    is_secure = urlsplit(public_url).scheme == "https"
    secret_file = settings.oidc_client_secret_file
    client = Client(
        id=client_id,
        secret=None if secret_file is None else secret_file.read_text(encoding="ascii").strip(),
        redirect_address=public_url + CALLBACK_PATH,
        home_address=public_url + "/",
        scope=settings.oidc_sign_in_scope,
    )
    provider = SignInProvider(
        issuer,
        client,
        configuration=Remembered(
            Issuer(issuer, settings.oidc_ca_file).read_configuration, read_event="identity provider configuration read"
        ),
        id_tokens=SignedTokens(
            keys,
            types=ID_TOKEN_TYPES,
            issuer=issuer,
            audience=client_id,
            essential=ESSENTIAL_CLAIMS,
            clock_skew_seconds=settings.oidc_clock_skew_seconds,
        ),
        http=ProviderHttp(settings.oidc_ca_file),
        stale_seconds=settings.oidc_keys_stale_seconds,
    )
    return SignIn(
        provider=provider,
        flows=Flows(session_keys.derive(Purpose.SIGN_IN), is_secure=is_secure),
        sessions=Sessions(
            session_keys.derive(Purpose.SESSION),
            is_secure=is_secure,
            idle_seconds=settings.session_idle_seconds,
            absolute_seconds=settings.session_absolute_seconds,
        ),
        person_keys=person_keys,
        role_claim=settings.oidc_role_claim,
        role_mapping=settings.oidc_role_mapping,
    )
