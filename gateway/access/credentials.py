"""Where a request carries its credential: `Authorization: Bearer ...`, or `X-API-Key: ...` for a key."""

from __future__ import annotations

from typing import Final

from werkzeug.datastructures import Headers

from gateway.errors import CredentialInvalid

KEY_HEADER: Final = "X-API-Key"
SCHEME: Final = "bearer"


def credential_of(headers: Headers) -> str | None:
    """The key or token of a request, or None where it has none.

    Raises:
        CredentialInvalid: another scheme than Bearer, or two credentials that differ: which to believe is not ours to guess.
    """
    key = headers.get(KEY_HEADER)
    authorization = headers.get("Authorization")
    if authorization is None:
        return key
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != SCHEME or not token or (key is not None and key != token):
        raise CredentialInvalid
    return token
