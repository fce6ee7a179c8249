"""Bearer tokens of the site's identity provider: JSON Web Tokens, checked as RFC 8725 and RFC 9068 say.

Imported only where a provider is set up, because joserfc brings the cryptography package along.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jws import JWSRegistry, extract_compact
from joserfc.jwt import JWTClaimsRegistry

from gateway.access.grant import FROM_PROVIDER, Grant
from gateway.access.issuer import SigningKey
from gateway.access.token_scopes import ScopeMapping, scopes_of
from gateway.errors import CredentialExpired, CredentialInvalid

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519",
)  # fmt: skip
"""Asymmetric ones only: with a symmetric one, whoever can check a token could make one, and the public key could be its key."""
TYPES: Final = (None, "jwt", "at+jwt", "application/at+jwt")
"""Values of the header `typ`: a logout token, say, is signed with the same key and is no access token."""
MAX_HEADER_BYTES: Final = 2048
MAX_SUBJECT_LENGTH: Final = 255


class KeySource(Protocol):
    """Where keys come from; `issuer_keys.IssuerKeys`."""

    def key(self, key_id: str | None) -> SigningKey:
        """The key of that id; see `IssuerKeys.key` for what it raises."""
        ...


class TokenVerifier:
    """Checks tokens.

    Args:
        keys: The provider's.
        issuer: Its identifier.
        audience: What our tokens are made out to.
        scope_claim: Claim that holds scopes or roles.
        scope_mapping: What its values grant.
        clock_skew_seconds: How far the provider's clock and ours may be apart.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        keys: KeySource,
        *,
        issuer: str,
        audience: str,
        scope_claim: str,
        scope_mapping: ScopeMapping,
        clock_skew_seconds: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._scope_claim = scope_claim
        self._scope_mapping = scope_mapping
        # Headers that we do not know are no reason to refuse (RFC 7515, section 4), those of `crit` are.
        self._signatures = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        self._signatures.max_header_length = MAX_HEADER_BYTES
        self._claims = JWTClaimsRegistry(
            now=lambda: int(now()),
            leeway=clock_skew_seconds,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def grant_of(self, credential: str) -> Grant:
        """What a token grants.

        Raises:
            CredentialInvalid: not signed by the provider, or not for us, or not yet.
            CredentialExpired: the right token, too late.
            IdentityProviderUnavailable: the provider's keys cannot be had.
        """
        claims = self._claims_of(credential)
        subject = claims["sub"]
        # A database refuses NUL and half a character, and with them the receipts that are written together with this one's.
        if len(subject) > MAX_SUBJECT_LENGTH or not subject.isprintable():
            raise CredentialInvalid
        return Grant(f"{FROM_PROVIDER}{subject}", scopes_of(claims, self._scope_claim, self._scope_mapping))

    def _claims_of(self, credential: str) -> dict[str, Any]:
        try:
            header = extract_compact(credential.encode(), registry=self._signatures).headers()
            if header.get("alg") not in ALGORITHMS or not _is_type(header.get("typ")):
                raise CredentialInvalid
            key_id = header.get("kid")
            if not isinstance(key_id, str | None):
                raise CredentialInvalid
            key = self._keys.key(key_id)
            # The key is chosen here and by its id alone: what a token says of keys (`jwk`, `jku`, `x5u`) is never followed.
            token = jwt.decode(credential, key, registry=self._signatures)
            self._claims.validate(token.claims)
        except ExpiredTokenError as error:
            raise CredentialExpired from error
        # The last is what a header of a thousand brackets ends in; anybody can send one.
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise CredentialInvalid from error
        return token.claims


def _is_type(value: object) -> bool:
    return (value.lower() if isinstance(value, str) else value) in TYPES
