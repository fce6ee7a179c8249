"""Which version must answer, and with what: the pin and the golden crops, read again when the pin changes.

Every probe of a cluster reads the same files, so a file server that stumbles would make every server unready at once. What cannot
be read is therefore no reason by itself: the version that was pinned last counts on for `TROUBLE_SECONDS`. What can be read and is
wrong, and a pin that is not there, counts at once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from serving.repository import ModelRepository, Pin, RepositoryError
from serving.repository.fingerprints import Fingerprint, fingerprint_file, fingerprint_files
from serving.wire.errors import GoldenUnreadable
from serving.wire.golden_check import GoldenCrops, read_golden

if TYPE_CHECKING:
    from collections.abc import Callable

TROUBLE_SECONDS: Final = 60.0
"""How long the last good pin counts while the repository cannot be read."""
DAMAGE_SECONDS: Final = 60.0
"""Until a damaged version whose files look the same is compared with its digests again: a look every 2 s must not read it all."""


@dataclass(frozen=True, slots=True)
class PinnedVersion:
    """A version that is pinned and lies there undamaged, with its golden crops (3 MB)."""

    pin: Pin
    golden: GoldenCrops

    @property
    def identity(self) -> tuple[int, str]:
        """Version and digest."""
        return self.pin.version, self.pin.digest

    def choose(self, start: int, count: int) -> GoldenCrops:
        """So many golden crops from an index on, going round; all of them where `count` is larger."""
        total = len(self.golden.crops)
        chosen = [(start + step) % total for step in range(min(count, total))]
        return GoldenCrops(
            self.golden.crops[chosen],
            self.golden.p_no_depression[chosen],
            tuple(self.golden.bands[index] for index in chosen),
        )


class NotPinned(Exception):
    """No version can be held against its golden answers; the message says why, to whoever runs the server."""


class PinWatch:
    """Reads the pin, and what it names, whenever pin.json changed.

    Args:
        repository: Where pin and versions are; read access is enough.
        clock: Seconds that only grow.
    """

    def __init__(self, repository: ModelRepository, clock: Callable[[], float] = time.monotonic) -> None:
        self._repository = repository
        self._path = repository.directory / "pin.json"
        self._clock = clock
        self._fingerprint: Fingerprint | None = None
        self._pinned: PinnedVersion | None = None
        self._damage: _Damage | None = None
        self._trouble_since: float | None = None

    def current(self) -> PinnedVersion:
        """The pinned version now. Every file of it is compared with its digest, once per change of the pin.

        Raises:
            NotPinned: Nothing is pinned, the pin or the version it names cannot be trusted, or neither could be read for
                `TROUBLE_SECONDS`. The next call looks again.
        """
        try:
            fingerprint = fingerprint_file(self._path)
            if self._pinned is None or fingerprint != self._fingerprint:
                self._pinned = self._read()
                # Of before the reading: a pin that changed meanwhile differs from it, and is read by the next call.
                self._fingerprint = fingerprint
        except OSError as error:
            return self._last_good(error)
        except NotPinned:
            self._pinned = self._trouble_since = None
            raise
        self._trouble_since = None
        return self._pinned

    def _last_good(self, error: OSError) -> PinnedVersion:
        now = self._clock()
        if self._trouble_since is None:
            self._trouble_since = now
        if self._pinned is None or now - self._trouble_since > TROUBLE_SECONDS:
            self._pinned = None
            message = f"The model repository cannot be read: {error.strerror}."
            raise NotPinned(message) from error
        return self._pinned

    def _read(self) -> PinnedVersion:
        try:
            pin = self._repository.pin()
            files = fingerprint_files(self._repository.version_path(pin.version))
        except RepositoryError as error:
            raise NotPinned(str(error)) from error
        known = self._damage
        if known is not None and known.is_of(pin, files) and self._clock() - known.found < DAMAGE_SECONDS:
            raise NotPinned(known.reason)
        self._damage = None
        try:
            return self._verify(pin)
        except NotPinned as error:
            self._damage = _Damage(pin, files, str(error), self._clock())
            raise

    def _verify(self, pin: Pin) -> PinnedVersion:
        try:
            digest = self._repository.verify(pin.version)
            golden = read_golden(self._repository.version_path(pin.version))
        except (RepositoryError, GoldenUnreadable) as error:
            cause = error.__cause__
            if isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError):
                raise cause from error
            raise NotPinned(str(error)) from error
        if digest != pin.digest:
            message = f"Version {pin.version} is not the one that was pinned: its digest is another."
            raise NotPinned(message)
        return PinnedVersion(pin, golden)


@dataclass(frozen=True, slots=True)
class _Damage:
    """A pinned version that was compared with its digests and found wrong; `found` is when, by the watch's clock."""

    pin: Pin
    files: dict[str, Fingerprint]
    reason: str
    found: float

    def is_of(self, pin: Pin, files: dict[str, Fingerprint]) -> bool:
        """Whether this is still what was looked at."""
        return (self.pin, self.files) == (pin, files)
