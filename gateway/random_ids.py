"""Random identifiers from the operating system's randomness, which is fetched for many of them at once.

Each fetch lets go of the GIL, and has to wait for it while photos are being decoded: five of them a request are five waits.
"""

from __future__ import annotations

import os
import uuid
from typing import Final

POOL_BYTES: Final = 4096
"""Of about a hundred requests."""


class _Pool:
    """Bytes that were fetched and not yet used, each used once; for the greenlets of one thread."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """A process that was forked must not hand out the bytes that its parent does."""
        self._bytes = b""
        self._used = 0

    def take(self, count_bytes: int) -> bytes:
        if self._used + count_bytes > len(self._bytes):
            self._bytes = os.urandom(POOL_BYTES)
            self._used = 0
        self._used += count_bytes
        return self._bytes[self._used - count_bytes : self._used]


_pool: Final = _Pool()
os.register_at_fork(after_in_child=_pool.forget)


def random_uuid() -> str:
    """A version 4 UUID as text. Only for the thread that serves requests."""
    return str(uuid.UUID(bytes=_pool.take(16), version=4))


def random_hexadecimal(count_bytes: int) -> str:
    """So many random bytes as hexadecimal digits, not all of them 0. Only for the thread that serves requests."""
    digits = _pool.take(count_bytes).hex()
    return digits if digits.strip("0") else random_hexadecimal(count_bytes)
