"""Bearer tokens of the site's identity provider, which programs send: checked as RFC 9068 says, and what they grant."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from gateway.access.grant import FROM_PROVIDER, Grant
from gateway.access.signed_tokens import KeySource, SignedTokens
from gateway.access.token_scopes import ScopeMapping, scopes_of

TYPES: Final = (None, "jwt", "at+jwt", "application/at+jwt")
"""Values of the header `typ`: a logout token, say, is signed with the same key and is no access token."""


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
        self._scope_claim = scope_claim
        self._scope_mapping = scope_mapping
        self._tokens = SignedTokens(
            keys, types=TYPES, issuer=issuer, audience=audience, clock_skew_seconds=clock_skew_seconds, now=now
        )

    def grant_of(self, credential: str) -> Grant:
        """What a token grants.

        Raises:
            CredentialInvalid: not signed by the provider, or not for us, or not yet.
            CredentialExpired: the right token, too late.
            IdentityProviderUnavailable: the provider's keys cannot be had.
        """
        claims = self._tokens.claims_of(credential)
        return Grant(f"{FROM_PROVIDER}{claims['sub']}", scopes_of(claims, self._scope_claim, self._scope_mapping))
