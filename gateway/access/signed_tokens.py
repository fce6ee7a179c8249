"""JSON Web Tokens signed by the identity provider, checked as RFC 8725 says: signature, type, and claims.

Imported only where a provider is set up, because joserfc brings the cryptography package along.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jws import JWSRegistry, extract_compact
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

from gateway.access.issuer import SigningKey
from gateway.errors import CredentialExpired, CredentialInvalid

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519",
)  # fmt: skip
"""Asymmetric ones only: with a symmetric one, whoever can check a token could make one, and the public key could be its key."""
MAX_HEADER_BYTES: Final = 2048
MAX_SUBJECT_LENGTH: Final = 255


class KeySource(Protocol):
    """Where keys come from; `issuer_keys.IssuerKeys`."""

    def key(self, key_id: str | None) -> SigningKey:
        """The key of that id; see `IssuerKeys.key` for what it raises."""
        ...


class SignedTokens:
    """Checks tokens of one kind.

    Args:
        keys: The provider's.
        types: Values of the header `typ`, in small letters: tokens of other kinds are signed with the same keys.
        issuer: The provider's identifier.
        audience: What these tokens are made out to.
        essential: Claims that must be there beside `iss`, `aud`, `exp` and `sub`.
        clock_skew_seconds: How far the provider's clock and ours may be apart.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        keys: KeySource,
        *,
        types: tuple[str | None, ...],
        issuer: str,
        audience: str,
        clock_skew_seconds: int,
        essential: tuple[str, ...] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._types = types
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
            **{name: ClaimsOption(essential=True) for name in essential},
        )

    def claims_of(self, token: str) -> dict[str, Any]:
        """The claims of a token that is right in everything; `sub` is a text that can be kept.

        Raises:
            CredentialInvalid: not signed by the provider, or not for us, or not yet.
            CredentialExpired: the right token, too late.
            IdentityProviderUnavailable: the provider's keys cannot be had.
        """
        claims = self._checked(token)
        subject = claims["sub"]
        # A database refuses NUL and half a character, and with them the receipts that are written together with this one's.
        if not isinstance(subject, str) or len(subject) > MAX_SUBJECT_LENGTH or not subject.isprintable():
            raise CredentialInvalid
        return claims

    def _checked(self, token: str) -> dict[str, Any]:
        try:
            header = extract_compact(token.encode(), registry=self._signatures).headers()
            if header.get("alg") not in ALGORITHMS or not self._is_type(header.get("typ")):
                raise CredentialInvalid
            key_id = header.get("kid")
            if not isinstance(key_id, str | None):
                raise CredentialInvalid
            key = self._keys.key(key_id)
            # The key is chosen here and by its id alone: what a token says of keys (`jwk`, `jku`, `x5u`) is never followed.
            decoded = jwt.decode(token, key, registry=self._signatures)
            self._claims.validate(decoded.claims)
        except ExpiredTokenError as error:
            raise CredentialExpired from error
        # The last is what a header of a thousand brackets ends in; anybody can send one.
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise CredentialInvalid from error
        return decoded.claims

    def _is_type(self, value: object) -> bool:
        return (value.lower() if isinstance(value, str) else value) in self._types
