"""The text of an API key, `sym_<id>_<secret>`: how one is made, told apart from anything else, and hashed.

id: 12 characters that name the key in the file and on the terminal; no secret. secret: 256 random bits in 43 characters,
then 6 check characters over everything before, so that a mistyped key needs no look-up and a scanner for leaked secrets
can tell a key from a look-alike: `sym_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}`.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass
from typing import Final, Self

PREFIX: Final = "sym_"
DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
ID_LENGTH: Final = 12
SECRET_LENGTH: Final = 43
"""62^43 is just above 2^256."""
CHECK_LENGTH: Final = 6
"""62^6 is above 2^32, which a CRC-32 needs."""

_SHAPE: Final = re.compile(
    rf"({PREFIX}([0-9A-Za-z]{{{ID_LENGTH}}})_([0-9A-Za-z]{{{SECRET_LENGTH}}}))([0-9A-Za-z]{{{CHECK_LENGTH}}})"
)


@dataclass(frozen=True, slots=True)
class KeyText:
    """One key in clear. `repr` hides the secret, so that no debugger and no stack trace shows it in passing."""

    id: str
    secret: str

    @classmethod
    def random(cls) -> Self:
        """A new key."""
        return cls(_base62(secrets.randbits(64), ID_LENGTH), _base62(secrets.randbits(256), SECRET_LENGTH))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The parts of a key, or None where the text is no key."""
        match = _SHAPE.fullmatch(text)
        if match is None or _check_characters(match[1]) != match[4]:
            return None
        return cls(match[2], match[3])

    @property
    def text(self) -> str:
        """The key as its owner sends it."""
        body = f"{PREFIX}{self.id}_{self.secret}"
        return body + _check_characters(body)

    @property
    def sha256(self) -> str:
        """What the file keeps of the secret, in hexadecimal.

        A plain hash and no slow one: a password can be guessed, 256 random bits cannot, so slowness would protect nothing
        here and would let anybody spend our CPU with made-up keys.
        """
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def __repr__(self) -> str:
        """Without the secret."""
        return f"KeyText({self.id!r})"


def _check_characters(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECK_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(DIGITS))
        digits.append(DIGITS[digit])
    return "".join(reversed(digits))
