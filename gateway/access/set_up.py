"""The guard that the settings ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.access.guard import Authenticator, Failures, Guard
from gateway.admission.client_rates import ClientRates
from gateway.settings import Settings

FAILURE_BURST: Final = 20
"""Wrong credentials in a row that a person with the wrong key, or a service in the middle of a rotation, may send."""


def create_guard(settings: Settings, on_refusal: Callable[[str], None]) -> Guard:
    """A guard that lets strangers in on loopback only, and there only where no access is set up.

    A gateway on loopback that has keys may well stand behind a proxy of the same machine, so it asks for them.
    """
    keys = _create_key_ring(settings)
    tokens = _create_token_verifier(settings)
    anonymous = settings.is_loopback and keys is None and tokens is None
    rates = ClientRates(settings.access_failures_per_second_per_client, FAILURE_BURST)
    failures = Failures(rates, settings.trusted_proxies)
    return Guard(keys=keys, tokens=tokens, anonymous=anonymous, failures=failures, on_refusal=on_refusal)


def _create_key_ring(settings: Settings) -> Authenticator | None:
    if settings.api_keys_file is None:
        return None
    from gateway.access.keys import KeyRing  # noqa: PLC0415 - only where there are keys

    return KeyRing(settings.api_keys_file)


def _create_token_verifier(settings: Settings) -> Authenticator | None:
    if settings.oidc_issuer is None or settings.oidc_audience is None:
        return None
    from gateway.access.issuer import Issuer  # noqa: PLC0415 - joserfc and cryptography, only where they are needed
    from gateway.access.issuer_keys import IssuerKeys  # noqa: PLC0415 - as above
    from gateway.access.tokens import TokenVerifier  # noqa: PLC0415 - as above

    issuer = Issuer(settings.oidc_issuer, settings.oidc_ca_file)
    return TokenVerifier(
        IssuerKeys(issuer.read_keys, stale_seconds=settings.oidc_keys_stale_seconds),
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        scope_claim=settings.oidc_scope_claim,
        scope_mapping=settings.oidc_scope_mapping,
        clock_skew_seconds=settings.oidc_clock_skew_seconds,
    )
