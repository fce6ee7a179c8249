"""The sentinel as a program: metrics on their port, a look every few minutes, until it is told to stop."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry

from monitoring.log import log
from monitoring.looking import look_until_stopped
from monitoring.sentinel.errors import SettingInvalid
from monitoring.sentinel.front_door import FrontDoor, Reply
from monitoring.sentinel.golden_photos import GoldenSet, read_golden_set
from monitoring.sentinel.looking import Finding, LookResult, look
from monitoring.sentinel.metrics import SentinelMetrics
from monitoring.sentinel.settings import Settings
from monitoring.sentinel.watching import Watch
from serving.repository import ModelRepository


class Sentinel:
    """Put together from settings.

    Raises:
        SettingInvalid: a key or the authorities cannot be read.
        ModelNameInvalid: the model's name is none.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._door = FrontDoor(settings.url, settings.ca_file)
        self._repository = ModelRepository(settings.repository, settings.model)
        read_key(settings.key_file)
        if settings.operate_key_file is not None:
            read_key(settings.operate_key_file)
        self.metrics = SentinelMetrics(CollectorRegistry(), settings.disks)
        pause = None if settings.operate_key_file is None else self._pause
        self._watch = Watch(self.metrics, pause, looks_in_a_row=settings.looks_in_a_row)

    def look_once(self) -> Finding:
        """Look, count and, where that is needed, pause."""
        expires = self._door.certificate_expires_seconds()
        if expires is not None:
            self.metrics.set_certificate(self._door.target, expires)
        finding = look(self._read, self._screen)
        self._watch.take(finding)
        return finding

    def note_failure(self) -> None:
        """A look broke on something of our own."""
        self._watch.take(Finding(LookResult.BLIND, "look_failed"))

    def _read(self) -> GoldenSet:
        return read_golden_set(self._repository)

    def _screen(self, photo: bytes) -> Reply:
        # Read each time: a rotated key counts at once.
        return self._door.screen(photo, read_key(self._settings.key_file))

    def _pause(self) -> None:
        assert self._settings.operate_key_file is not None  # noqa: S101 - for mypy: only then is this called
        self._door.pause(read_key(self._settings.operate_key_file))


def read_key(path: Path) -> str:
    """The key in a file.

    Raises:
        SettingInvalid: it cannot be read, or is empty.
    """
    try:
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"the key in {path} cannot be read: {error}"
        raise SettingInvalid(message) from error
    if not key:
        message = f"{path} holds no key; make one with: python -m gateway keys add"
        raise SettingInvalid(message)
    return key


def watch(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT, or for one look; 0, or 1 where that look was not right.

    Raises:
        SettingInvalid: see `Sentinel`.
        OSError: the port of the metrics cannot be had.
    """
    sentinel = Sentinel(settings)
    if settings.once:
        return 0 if sentinel.look_once().result is LookResult.RIGHT else 1
    look_until_stopped(
        lambda: _look_safely(sentinel),
        sentinel.metrics.registry,
        host=settings.host,
        port=settings.port,
        interval_seconds=settings.interval_seconds,
        started=lambda: log(
            "sentinel started", target=settings.url, port=settings.port, interval_seconds=settings.interval_seconds
        ),
    )
    return 0


def _look_safely(sentinel: Sentinel) -> None:
    """A look that breaks is no reason to stop looking; nothing was learned from it, and what was found before is no longer known."""
    try:
        sentinel.look_once()
    except Exception as error:  # noqa: BLE001 - whatever it is, the next look may be better
        log("look failed", error=type(error).__name__)
        sentinel.note_failure()
