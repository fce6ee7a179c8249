"""The code (HMAC-SHA-256) that each event carries over itself and the code before it, and the keys that make it."""

from __future__ import annotations

import hmac
import json
from typing import Final

from gateway.access.secret_keys import Purpose, SecretKeys

GENESIS: Final = "0" * 64
"""What stands where the first event has no code before it."""
KEY_ID_CHARACTERS: Final = 16
_FORMAT: Final = "symmetra audit event 1"


class AuditKeys:
    """Keys of the chain, the one that makes first.

    Args:
        keys: Of the records: every one that the chain was ever made with, so that all of it can be verified.
    """

    def __init__(self, keys: SecretKeys) -> None:
        derived = keys.derive(Purpose.AUDIT)
        self._keys = {id_of_key(key): key for key in derived}
        self.making_id = id_of_key(derived[0])

    def __contains__(self, key_id: object) -> bool:
        """Whether codes of this key can be made."""
        return key_id in self._keys

    def mac(
        self,
        previous_mac: str,
        *,
        sequence: int,
        at_us: int,
        kind: str,
        actor: str,
        receipt_id: str | None,
        details: str,
        key_id: str,
    ) -> str:
        """The code of an event, 64 hexadecimal digits.

        It covers every column and the code before. A JSON array of texts, integers and null says which is which and where each
        ends, so no two events are encoded alike.

        Raises:
            KeyError: the key is none of these.
        """
        fields = [_FORMAT, previous_mac, sequence, at_us, kind, actor, receipt_id, details, key_id]
        return self.code(key_id, json.dumps(fields))

    def code(self, key_id: str, text: str) -> str:
        """The code of a text in ASCII, 64 hexadecimal digits.

        Raises:
            KeyError: the key is none of these.
        """
        return hmac.digest(self._keys[key_id], text.encode("ascii"), "sha256").hex()


def id_of_key(key: bytes) -> str:
    """The public name of a key: tells keys apart, and says nothing of them."""
    return hmac.digest(key, b"symmetra audit key id", "sha256").hex()[:KEY_ID_CHARACTERS]
