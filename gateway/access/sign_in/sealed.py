"""Cookies that only a gateway with the site's secret can read or make: JSON Web Encryption (RFC 7516), AES-256-GCM.

Imported only where people can sign in, because joserfc brings the cryptography package along.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import OctKey

HEADER: Final = {"alg": "dir", "enc": "A256GCM"}
MAX_CHARACTERS: Final = 3072
"""Browsers keep 4096 of a cookie with its name and attributes."""


class Seal:
    """Seals members, and opens what was sealed under any of the accepted keys.

    Args:
        keys: Of 32 bytes, made for this kind of cookie alone; the first seals.
    """

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._keys = [OctKey.import_key(key) for key in keys]
        self._registry = JWERegistry(algorithms=list(HEADER.values()))

    def close(self, members: Mapping[str, Any]) -> str:
        """The members as one text of visible ASCII.

        Raises:
            ValueError: it would be longer than a browser keeps.
        """
        plain = json.dumps(dict(members), separators=(",", ":"))
        sealed = jwe.encrypt_compact(dict(HEADER), plain, self._keys[0], registry=self._registry)
        if len(sealed) > MAX_CHARACTERS:
            message = f"a cookie of {len(sealed)} characters is too long"
            raise ValueError(message)
        return sealed

    def open(self, sealed: str) -> dict[str, Any] | None:
        """The members; None where no accepted key sealed this."""
        if len(sealed) > MAX_CHARACTERS:
            return None
        for key in self._keys:
            try:
                opened = jwe.decrypt_compact(sealed, key, registry=self._registry)
            # The last is what a header of a thousand brackets ends in; anybody can send one.
            except (JoseError, ValueError, TypeError, RecursionError):
                continue
            members: dict[str, Any] = json.loads(opened.plaintext or b"{}")
            return members
        return None
