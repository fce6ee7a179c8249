"""The crop goes out with a form and comes back with it, because nobody keeps it: a seal says that it is this answer's."""

from __future__ import annotations

import hmac
from typing import Final

from gateway.access.secret_keys import Purpose, SecretKeys

PICTURE: Final = "data:image/png;base64,"
"""How every picture of ours begins (`gateway.crop_picture`)."""


class CropSeals:
    """Seals the pictures of crops, each to one answer.

    Args:
        keys: The site's secret, the same for all replicas: a form comes back soon, or never.
    """

    def __init__(self, keys: SecretKeys) -> None:
        self._keys = keys.derive(Purpose.CROP)

    def seal(self, receipt_id: str, picture: str) -> str:
        """What goes with a picture, 64 hexadecimal digits."""
        return _code(self._keys[0], receipt_id, picture)

    def picture_of(self, receipt_id: str, picture: str, seal: str) -> str | None:
        """The picture, where it is the one that was sealed for this answer; None where it is not, and then none is shown."""
        known = any(
            hmac.compare_digest(_code(key, receipt_id, picture).encode(), seal.encode(errors="replace"))
            for key in self._keys
        )
        return picture if known and picture.startswith(PICTURE) else None


def _code(key: bytes, receipt_id: str, picture: str) -> str:
    # An id is always as long as any other, so nothing of one can count as the beginning of the other.
    return hmac.digest(key, f"{receipt_id}\n{picture}".encode(errors="replace"), "sha256").hex()
