"""The secret that records are found with, kept as long as the records are: rotating the session key does not touch it.

Digests of subjects, photos, callers and idempotency keys, and the chain of audit events, are made with the newest key of
`record_key_file` and are looked for with every key of it. A line that is taken out makes what it made unfindable for good.
"""

from __future__ import annotations

import hmac
from typing import Final

from gateway.access.secret_keys import Purpose, SecretKeys
from gateway.settings import Settings

MAX_KEYS: Final = 32
"""One a year for longer than records are kept anywhere; each costs a look-up more."""


def record_keys_of(settings: Settings) -> SecretKeys:
    """The keys of the records, the newest first; where no file is set, which is without records, one that ends with this process.

    Raises:
        OSError: the file cannot be read.
        SecretKeysInvalid: it holds no key, or something that is none.
    """
    if settings.record_key_file is None:
        return SecretKeys.random()
    return SecretKeys.read(settings.record_key_file, most=MAX_KEYS)


def photo_digests(keys: SecretKeys, photo: bytes) -> tuple[str, ...]:
    """Keyed digests of a photo's bytes, hexadecimal: a receipt holds the first, an older one may hold any of them."""
    return tuple(hmac.digest(key, photo, "sha256").hex() for key in keys.derive(Purpose.PHOTO))
