"""A checkpoint: a signed statement that the chain had so many events, and which code the last of them carried.

It is one word, so that it survives a log, a mail and a printed page:

    symmetra-audit-checkpoint-1:SEQUENCE:MICROSECONDS:CODE:KEY:SIGNATURE

The signature (Ed25519, base64url) is over everything before the last colon. Whoever has the public key can check it and cannot
make one; that is what sets it apart from the codes of the events, which whoever can check can also make.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.access.secret_keys import Purpose, SecretKeys, hkdf_sha256
from gateway.records.audit.macs import id_of_key

PREFIX: Final = "symmetra-audit-checkpoint-1"
WORD: Final = re.compile(
    rf"{PREFIX}:(?P<sequence>[1-9][0-9]{{0,18}}):(?P<at_us>[0-9]{{1,19}}):(?P<mac>[0-9a-f]{{64}}):(?P<key_id>[0-9a-f]{{16}}):"
    r"(?P<signature>[A-Za-z0-9_-]{86})(?![A-Za-z0-9_-])"
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One statement.

    Attributes:
        sequence: Number of the last event, which is the one that says that a checkpoint was made.
        at_us: When, in microseconds since 1970-01-01 UTC.
        mac: Code of that event.
        key_id: Of the key that signed.
        signature: base64url without padding.
    """

    sequence: int
    at_us: int
    mac: str
    key_id: str
    signature: str

    @property
    def statement(self) -> str:
        """What is signed."""
        return f"{PREFIX}:{self.sequence}:{self.at_us}:{self.mac}:{self.key_id}"

    @property
    def word(self) -> str:
        """The whole of it in one word."""
        return f"{self.statement}:{self.signature}"

    @classmethod
    def of_match(cls, match: re.Match[str]) -> Self:
        """From what `WORD` found."""
        return cls(int(match["sequence"]), int(match["at_us"]), match["mac"], match["key_id"], match["signature"])


class CheckpointKeys:
    """Pairs of keys made from those of the chain, the one that signs first.

    Args:
        keys: Of the records.
    """

    def __init__(self, keys: SecretKeys) -> None:
        self._pairs = {
            id_of_key(key): Ed25519PrivateKey.from_private_bytes(hkdf_sha256(key, b"symmetra audit checkpoint"))
            for key in keys.derive(Purpose.AUDIT)
        }
        self._signing_id = next(iter(self._pairs))

    @property
    def public_keys(self) -> dict[str, str]:
        """By the name of the key, 32 bytes as hexadecimal digits; the one that signs first."""
        return {name: pair.public_key().public_bytes_raw().hex() for name, pair in self._pairs.items()}

    def sign(self, sequence: int, at_us: int, mac: str) -> Checkpoint:
        """The statement that the chain ends with this event now."""
        unsigned = Checkpoint(sequence, at_us, mac, self._signing_id, "")
        signature = self._pairs[self._signing_id].sign(unsigned.statement.encode("ascii"))
        text = base64.urlsafe_b64encode(signature).rstrip(b"=").decode("ascii")
        return Checkpoint(sequence, at_us, mac, self._signing_id, text)

    def has_signed(self, checkpoint: Checkpoint) -> bool:
        """Whether the signature is right, and of one of these keys."""
        pair = self._pairs.get(checkpoint.key_id)
        if pair is None or not WORD.fullmatch(checkpoint.word):
            return False
        signature = base64.urlsafe_b64decode(checkpoint.signature + "==")
        if base64.urlsafe_b64encode(signature).rstrip(b"=").decode("ascii") != checkpoint.signature:
            return False  # the same bytes written otherwise: not what was given out
        try:
            pair.public_key().verify(signature, checkpoint.statement.encode("ascii"))
        except InvalidSignature:
            return False
        return True


def checkpoints_in(lines: Iterable[str]) -> Iterator[Checkpoint | int]:
    """Every checkpoint in lines of a log, or of the file of checkpoints; of a damaged one the number of its line."""
    for number, line in enumerate(lines, start=1):
        found = [Checkpoint.of_match(match) for match in WORD.finditer(line)]
        yield from found
        if len(found) < line.count(PREFIX):
            yield number
