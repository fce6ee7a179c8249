"""The access that the settings ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gateway.access.guard import Authenticator, Failures, Guard
from gateway.access.secret_keys import SecretKeys
from gateway.admission.client_rates import ClientRates
from gateway.settings import Settings

if TYPE_CHECKING:  # imported only where people can sign in
    from gateway.access.sign_in.assembly import SignIn

FAILURE_BURST: Final = 20
"""Wrong credentials in a row that a person with the wrong key, or a service in the middle of a rotation, may send."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use one gateway.

    Attributes:
        guard: Lets requests in.
        sign_in: For people; None where they cannot sign in.
    """

    guard: Guard
    sign_in: SignIn | None


def set_up_access(
    settings: Settings, *, session_keys: SecretKeys, person_keys: SecretKeys, on_refusal: Callable[[str], None]
) -> Access:
    """What the settings ask for: strangers are let in on loopback only, and there only where no access is set up.

    A gateway on loopback that has keys may well stand behind a proxy of the same machine, so it asks for them.

    Args:
        settings: How this gateway runs.
        session_keys: The secret that all replicas share.
        person_keys: What digests of people are made with, as in the records.
        on_refusal: Told the reason of every refusal.
    """
    keys = _create_key_ring(settings)
    tokens, sign_in = _use_provider(settings, session_keys, person_keys)
    rates = ClientRates(settings.access_failures_per_second_per_client, FAILURE_BURST)
    guard = Guard(
        keys=keys,
        tokens=tokens,
        sessions=None if sign_in is None else sign_in.sessions,
        public_host=None if settings.public_url is None else urlsplit(settings.public_url).netloc,
        anonymous=settings.is_loopback and keys is None and settings.oidc_issuer is None,
        failures=Failures(rates, settings.trusted_proxies),
        on_refusal=on_refusal,
    )
    return Access(guard, sign_in)


def _create_key_ring(settings: Settings) -> Authenticator | None:
    if settings.api_keys_file is None:
        return None
    from gateway.access.keys import KeyRing  # noqa: PLC0415 - only where there are keys

    return KeyRing(settings.api_keys_file)


def _use_provider(
    settings: Settings, session_keys: SecretKeys, person_keys: SecretKeys
) -> tuple[Authenticator | None, SignIn | None]:
    """What the identity provider is used for: tokens of programs, people, or both."""
    if settings.oidc_issuer is None:
        return None, None
    from gateway.access.issuer import Issuer  # noqa: PLC0415 - joserfc and cryptography, only where they are needed
    from gateway.access.issuer_keys import IssuerKeys  # noqa: PLC0415 - as above
    from gateway.access.sign_in.assembly import assemble_sign_in  # noqa: PLC0415 - as above
    from gateway.access.tokens import TokenVerifier  # noqa: PLC0415 - as above

    issuer = Issuer(settings.oidc_issuer, settings.oidc_ca_file)
    keys = IssuerKeys(issuer.read_keys, stale_seconds=settings.oidc_keys_stale_seconds)
    tokens = None
    if settings.oidc_audience is not None:
        tokens = TokenVerifier(
            keys,
            issuer=settings.oidc_issuer,
            audience=settings.oidc_audience,
            scope_claim=settings.oidc_scope_claim,
            scope_mapping=settings.oidc_scope_mapping,
            clock_skew_seconds=settings.oidc_clock_skew_seconds,
        )
    return tokens, assemble_sign_in(settings, keys, session_keys, person_keys)
