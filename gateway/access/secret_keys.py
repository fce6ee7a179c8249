"""The site's secret, shared by all replicas, and the keys made from it: one per purpose, so that none can stand for another.

A file holds one key a line, in hexadecimal, each of at least 32 bytes (`openssl rand -hex 32`). The first makes; those after it
are still accepted, so that a key can be changed while what was made with an old one is still around.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

MIN_BYTES: Final = 32
MAX_KEYS: Final = 2
"""Of a file for what is short-lived."""
MIN_DIFFERENT_BYTES: Final = 16
"""Of 32 random bytes fewer than 16 differ once in 10^11 times: a line of zeros or of one repeated word is no key."""


class SecretKeysInvalid(ValueError):
    """The file does not hold keys, or too many; the message holds nothing of it."""


class Purpose(StrEnum):
    """What a key is made for."""

    SUBJECT = "subject"
    """Site pseudonyms of subjects, which are never kept in clear."""
    PHOTO = "photo"
    """Bytes of photos, in receipts."""
    CALLER = "caller"
    """Subjects of tokens, in receipts: the identity provider's names of people."""
    AUDIT = "audit"
    """The chain of audit events."""
    SESSION = "session"
    """Cookies of people who signed in."""
    SIGN_IN = "sign_in"
    """Cookies of attempts to sign in."""
    FORM = "form"
    """Tokens of forms, against requests that another site's page makes."""
    CROP = "crop"
    """Pictures of crops that go out with a form and come back with it."""
    ONCE = "once"
    """Idempotency keys of reviews and outcomes."""
    ERASURE = "erasure"
    """Site pseudonyms of subjects, in receipts of their erasure: no deleted row held the same digest."""


@dataclass(frozen=True, slots=True, repr=False)
class SecretKeys:
    """The accepted keys, the one that makes first."""

    _keys: tuple[bytes, ...]

    @classmethod
    def read(cls, path: Path, *, most: int = MAX_KEYS) -> Self:
        """From a file.

        Args:
            path: Of the file.
            most: Keys that it may hold.

        Raises:
            OSError: it cannot be read.
            SecretKeysInvalid: it holds no key, more than `most`, or something that is none.
        """
        lines = path.read_bytes().split()
        if not 1 <= len(lines) <= most:
            message = f"must hold 1 to {most} keys, one a line, and holds {len(lines)}"
            raise SecretKeysInvalid(message)
        return cls(tuple(_key(line) for line in lines))

    @classmethod
    def random(cls) -> Self:
        """For a gateway without a file, on loopback: what is made with it is comparable until the gateway ends."""
        return cls((secrets.token_bytes(MIN_BYTES),))

    def derive(self, purpose: Purpose) -> tuple[bytes, ...]:
        """A key of 32 bytes per accepted key, the one that makes first (HKDF-SHA-256, RFC 5869, without salt)."""
        return tuple(hkdf_sha256(key, b"symmetra:" + purpose.encode()) for key in self._keys)

    def digests(self, purpose: Purpose, value: str) -> tuple[str, ...]:
        """HMAC-SHA-256 of a text in hexadecimal: what is kept comes first, and all of them may be found in older records."""
        return tuple(hmac.new(key, value.encode(), hashlib.sha256).hexdigest() for key in self.derive(purpose))


def hkdf_sha256(secret: bytes, info: bytes, salt: bytes = b"") -> bytes:
    """RFC 5869 for one block of 32 bytes."""
    extracted = hmac.digest(salt or bytes(32), secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def _key(line: bytes) -> bytes:
    try:
        key = bytes.fromhex(line.decode("ascii"))
    except ValueError:
        message = "holds a line that is not hexadecimal"
        raise SecretKeysInvalid(message) from None
    if len(key) < MIN_BYTES or len(set(key)) < MIN_DIFFERENT_BYTES:
        message = f"holds a key of fewer than {MIN_BYTES} random bytes; `openssl rand -hex 32` makes one"
        raise SecretKeysInvalid(message)
    return key
