"""Which people were counted today: their keyed digests, in memory, for a day at most, so that nobody counts twice.

A day is one of UTC, the same for all gateways whatever their clock's zone. What is remembered is a second digest, under a key that
is drawn anew each day and kept nowhere: it cannot be found in any record. It is gone with the first photo, or the first look at
`remembered`, of another day.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Final

SECONDS_PER_DAY: Final = 86_400
MOST_SUBJECTS: Final = 65_536
"""People and versions at once, about 5 MB: a whole day of the largest site that is planned for (50,000 photos), on one gateway."""
DIGEST_BYTES: Final = 8
"""Two of 65,536 people share one once in ten billion days; then one photo is not counted."""


class Counted(Enum):
    """Whether a photo is a person's first of the day."""

    FIRST = "first"
    REPEAT = "repeat"
    FULL = "full"
    """Nobody can say: there is no room to remember another person. The photo is left out."""


def utc_day() -> int:
    """Days since 1970-01-01, UTC."""
    return int(time.time() // SECONDS_PER_DAY)


class SubjectMemory:
    """Remembers people until the day ends. Safe in any thread.

    When it is full, people who are remembered are told apart as before, and whoever comes new is left out until the day ends: a
    photo too few costs a little power, a photo twice makes false alarms.

    Args:
        most: Remembered at once.
        today: The number of the day.
    """

    def __init__(self, *, most: int = MOST_SUBJECTS, today: Callable[[], int] = utc_day) -> None:
        self._most = most
        self._today = today
        self._lock = threading.Lock()
        self._day = today()
        self._key = secrets.token_bytes(32)
        self._seen: set[int] = set()

    def see(self, version: str, subject_digest: str) -> Counted:
        """Remember a person whom a version answered for, and tell whether it is for the first time today."""
        with self._lock:
            self._end_the_day()
            name = f"{version} {subject_digest}".encode()
            found = int.from_bytes(hashlib.blake2b(name, key=self._key, digest_size=DIGEST_BYTES).digest())
            if found in self._seen:
                return Counted.REPEAT
            if len(self._seen) >= self._most:
                return Counted.FULL
            self._seen.add(found)
            return Counted.FIRST

    @property
    def remembered(self) -> int:
        """How many are remembered now."""
        with self._lock:
            self._end_the_day()
            return len(self._seen)

    def _end_the_day(self) -> None:
        today = self._today()
        if today != self._day:
            self._day = today
            self._key = secrets.token_bytes(32)
            self._seen = set()
