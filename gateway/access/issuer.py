"""The identity provider over the network: where its signing keys are (OpenID Connect Discovery 1.0), and the keys.

Blocking, so it is called in a thread of its own (`issuer_keys`).
"""

from __future__ import annotations

import json
import ssl
import time
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

SigningKey = RSAKey | ECKey | OKPKey

KEY_TYPES: Final = ("RSA", "EC", "OKP")
DISCOVERY_PATH: Final = "/.well-known/openid-configuration"
TIMEOUT_SECONDS: Final = 3.0
"""For one document, from asking to its last byte."""
MAX_DOCUMENT_BYTES: Final = 512 * 1024
MIN_RSA_CHARACTERS: Final = 342
"""Of a modulus of 2048 bits in base64url."""


class IssuerAway(Exception):
    """The keys could not be had: no answer, a wrong one, or none that holds a key that is used here."""


class Issuer:
    """One identity provider.

    Args:
        address: Its issuer identifier, exactly as its tokens name it.
        ca_file: Certificates to trust instead of the system's.
    """

    def __init__(self, address: str, ca_file: Path | None = None) -> None:
        self._address = address
        self._opener = _opener(ca_file)

    def read_keys(self) -> dict[str, SigningKey]:
        """Its keys for signatures, by key id.

        Raises:
            IssuerAway: with the reason, which holds nothing of the documents.
        """
        configuration = self._document(self._address.rstrip("/") + DISCOVERY_PATH)
        if configuration.get("issuer") != self._address:
            message = "its configuration names another issuer"
            raise IssuerAway(message)
        address = configuration.get("jwks_uri")
        # The scheme is the issuer's own, so neither a file nor plain HTTP can be slipped in.
        if not isinstance(address, str) or urlsplit(address).scheme != urlsplit(self._address).scheme:
            message = "its configuration names no usable address of keys"
            raise IssuerAway(message)
        entries = self._document(address).get("keys")
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

    def _document(self, address: str) -> dict[str, Any]:
        end = time.monotonic() + TIMEOUT_SECONDS
        content = b""
        try:
            with self._opener.open(address, timeout=TIMEOUT_SECONDS) as response:
                if response.status != HTTPStatus.OK:
                    message = "it answered with another status than 200"
                    raise IssuerAway(message)
                # The timeout above holds for each piece, so a trickle needs the deadline too.
                while piece := response.read1(65536):
                    content += piece
                    if len(content) > MAX_DOCUMENT_BYTES or time.monotonic() > end:
                        message = "its document is too large or too slow"
                        raise IssuerAway(message)
            document = json.loads(content)
        except (OSError, HTTPException, ValueError) as error:
            message = "it gave no document"
            raise IssuerAway(message) from error
        if not isinstance(document, dict):
            message = "its document is no object"
            raise IssuerAway(message)
        return document


def _opener(ca_file: Path | None) -> urllib.request.OpenerDirector:
    """HTTP and HTTPS and nothing else: no files, and no redirects, which could lead anywhere, also out of TLS."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


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
