"""Which version must answer, and with what: the pin and the golden crops, read again when the pin changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from serving.repository import ModelRepository, Pin, RepositoryError
from serving.wire.errors import GoldenUnreadable
from serving.wire.golden_check import GoldenCrops, read_golden

if TYPE_CHECKING:
    from pathlib import Path

_Fingerprint = tuple[int, int, int]


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
    """

    def __init__(self, repository: ModelRepository) -> None:
        self._repository = repository
        self._path = repository.directory / "pin.json"
        self._fingerprint: _Fingerprint | None = None
        self._pinned: PinnedVersion | None = None

    def current(self) -> PinnedVersion:
        """The pinned version now. Every file of it is compared with its digest, once per change of the pin.

        Raises:
            NotPinned: Nothing is pinned, or the pin or the version it names cannot be trusted. The next call tries anew.
        """
        fingerprint = _fingerprint_of(self._path)
        if self._pinned is None or fingerprint != self._fingerprint:
            self._pinned = None
            self._pinned = self._read()
            # Of before the reading: a pin that changed meanwhile differs from it, and is read by the next call.
            self._fingerprint = fingerprint
        return self._pinned

    def _read(self) -> PinnedVersion:
        try:
            pin = self._repository.pin()
            digest = self._repository.verify(pin.version)
            golden = read_golden(self._repository.version_path(pin.version))
        except (RepositoryError, GoldenUnreadable) as error:
            raise NotPinned(str(error)) from error
        except OSError as error:
            message = f"The model repository cannot be read: {error.strerror}."
            raise NotPinned(message) from error
        if digest != pin.digest:
            message = f"Version {pin.version} is not the one that was pinned: its digest is another."
            raise NotPinned(message)
        return PinnedVersion(pin, golden)


def _fingerprint_of(path: Path) -> _Fingerprint | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
