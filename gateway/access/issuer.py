"""The identity provider: what it says of itself (OpenID Connect Discovery 1.0), and its signing keys.

Blocking, so it is called in threads of its own (`remembered`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from gateway.access.provider_http import IssuerAway, ProviderHttp

SigningKey = RSAKey | ECKey | OKPKey

KEY_TYPES: Final = ("RSA", "EC", "OKP")
DISCOVERY_PATH: Final = "/.well-known/openid-configuration"
MIN_RSA_CHARACTERS: Final = 342
"""Of a modulus of 2048 bits in base64url."""
BASIC: Final = "client_secret_basic"
POST: Final = "client_secret_post"


@dataclass(frozen=True, slots=True)
class ProviderConfiguration:
    """What the provider says of itself.

    Attributes:
        keys_address: Where its signing keys are.
        authorization_endpoint: Where browsers are sent to sign in; None where it names none that can be used.
        token_endpoint: Where a code becomes a token; None as above.
        end_session_endpoint: Where browsers are sent to sign out; None as above.
        names_itself: Whether its answers to browsers say whose they are (RFC 9207).
        takes_secret_in_form: Whether a client's secret goes into the form and not into a header.
    """

    keys_address: str
    authorization_endpoint: str | None
    token_endpoint: str | None
    end_session_endpoint: str | None
    names_itself: bool
    takes_secret_in_form: bool

    @classmethod
    def of(cls, document: Mapping[str, Any], issuer: str) -> Self:
        """From the document of an issuer.

        Raises:
            IssuerAway: it is another's, or names no keys.
        """
        if document.get("issuer") != issuer:
            message = "its configuration names another issuer"
            raise IssuerAway(message)
        keys_address = _endpoint(document.get("jwks_uri"), issuer)
        if keys_address is None:
            message = "its configuration names no usable address of keys"
            raise IssuerAway(message)
        methods = document.get("token_endpoint_auth_methods_supported")
        return cls(
            keys_address=keys_address,
            authorization_endpoint=_endpoint(document.get("authorization_endpoint"), issuer),
            token_endpoint=_endpoint(document.get("token_endpoint"), issuer),
            end_session_endpoint=_endpoint(document.get("end_session_endpoint"), issuer),
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
            takes_secret_in_form=isinstance(methods, list) and POST in methods and BASIC not in methods,
        )


class Issuer:
    """One identity provider.

    Args:
        address: Its issuer identifier, exactly as its tokens name it.
        ca_file: Certificates to trust instead of the system's.
    """

    def __init__(self, address: str, ca_file: Path | None = None) -> None:
        self._address = address
        self._http = ProviderHttp(ca_file)

    def read_configuration(self) -> ProviderConfiguration:
        """What it says of itself.

        Raises:
            IssuerAway: with the reason, which holds nothing of the document.
        """
        document = self._http.document(self._address.rstrip("/") + DISCOVERY_PATH)
        return ProviderConfiguration.of(document, self._address)

    def read_keys(self) -> dict[str, SigningKey]:
        """Its keys for signatures, by key id.

        Raises:
            IssuerAway: with the reason, which holds nothing of the documents.
        """
        entries = self._http.document(self.read_configuration().keys_address).get("keys")
        keys = {}
        for entry in entries if isinstance(entries, list) else ():
            key = _signing_key(entry)
            if key is not None:
                key.ensure_kid()
                keys[str(key.kid)] = key
        if not keys:
            message = "it has no key that is used here"
            raise IssuerAway(message)
        return keys


def _endpoint(address: object, issuer: str) -> str | None:
    """An address with the issuer's own scheme, so that neither a file nor plain HTTP can be slipped in."""
    if not isinstance(address, str) or not address.isascii() or not address.isprintable() or " " in address:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    usable = parts.scheme == urlsplit(issuer).scheme and parts.hostname and not parts.fragment and not parts.username
    return address if usable else None


def _signing_key(entry: object) -> SigningKey | None:
    """The key of one entry, or None where it is none for signatures, or weak, or damaged."""
    # Symmetric ones not at all: whoever reads this public document could sign with them.
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or entry.get("kty") not in KEY_TYPES:
        return None
    if entry.get("kty") == "RSA" and len(str(entry.get("n"))) < MIN_RSA_CHARACTERS:
        return None
    try:
        key = JWKRegistry.import_key(entry)
    except (JoseError, ValueError, TypeError):
        return None
    return key if isinstance(key, SigningKey) else None
