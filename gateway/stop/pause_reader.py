"""Whether screening is paused, as every request asks it: read again whenever the record changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from gateway.errors import ScreeningPaused
from gateway.stop.pause_change import PauseAction, PauseChange, PauseReason, PauseRecordUnreadable
from gateway.stop.pause_files import PauseFiles

SENTINEL_TRAFFIC: Final = "sentinel"
"""Passes a pause: only so can it be seen that the answers are right again."""

_Fingerprint: TypeAlias = tuple[int, int, int] | bool


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause in force.

    Attributes:
        reason: Why, as a class.
        since: When it began, UTC, ISO 8601; None where the record cannot say.
        here_only: True where this gateway paused itself and the record does not say so, or not yet.
    """

    reason: PauseReason
    since: str | None
    here_only: bool = False

    def as_json(self) -> dict[str, str | None]:
        """What callers are told."""
        return {"reason": self.reason.value, "since": self.since}


class PauseReader:
    """Reads the record of the stop switch. Any thread may ask.

    Args:
        directory: Of the model in the repository.
        on_change: Told the pause that began, or None when one ended.
    """

    def __init__(self, directory: Path, on_change: Callable[[Pause | None], None]) -> None:
        self._files = PauseFiles(directory)
        self._on_change = on_change
        self._changing = threading.Lock()
        self._seen: tuple[_Fingerprint, Pause | None] | None = None
        self._here: tuple[_Fingerprint, Pause] | None = None
        self._told: Pause | None = None

    def current(self) -> Pause | None:
        """The pause in force; None while screening goes on."""
        try:
            fingerprint = self._fingerprint()
        except OSError:
            # It says nothing about the record, so the next request looks again; until it can be read, nobody is answered.
            return self._tell(Pause(PauseReason.STATE_UNREADABLE, None))
        seen = self._seen
        if seen is None or seen[0] != fingerprint:
            try:
                seen = (fingerprint, self._read())
            except OSError:
                return self._tell(Pause(PauseReason.STATE_UNREADABLE, None))
            self._seen = seen
        here = self._here
        if here is not None and seen[1] is None:
            if here[0] == fingerprint:
                return self._tell(here[1])
            self._here = None  # a person changed the record since: it counts again
        return self._tell(seen[1])

    def require_running(self, traffic: str) -> None:
        """Let a screening go on, or refuse it.

        Raises:
            ScreeningPaused: screening is paused, and this is not the sentinel's.
        """
        pause = self.current()
        if pause is not None and traffic != SENTINEL_TRAFFIC:
            raise ScreeningPaused.because_of(pause.reason)

    def mark(self) -> Hashable:
        """Of the moment; an equal mark later says that no pause began or ended in between, whether anybody asked or not."""
        self.current()
        return self._seen and self._seen[0], self._here

    def pause_here(self, reason: PauseReason, since: str) -> None:
        """Pause this gateway alone, until the record changes: for a mismatch that is not written there yet, or cannot be."""
        try:
            fingerprint = self._fingerprint()
        except OSError:
            return  # paused as it is
        self._here = fingerprint, Pause(reason, since, here_only=True)
        self.current()

    def _read(self) -> Pause | None:
        try:
            change = self._files.read_state()
        except PauseRecordUnreadable:
            return Pause(PauseReason.STATE_UNREADABLE, None)
        return _pause_of(change)

    def _fingerprint(self) -> _Fingerprint:
        """One stat call per request where there is a record, two where there is none yet."""
        try:
            status = self._files.state_path.stat()
        except FileNotFoundError:
            return self._files.history_path.exists()
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _tell(self, pause: Pause | None) -> Pause | None:
        if pause != self._told:
            with self._changing:
                is_news, self._told = pause != self._told, pause
            if is_news:
                self._on_change(pause)
        return pause


def _pause_of(change: PauseChange | None) -> Pause | None:
    if change is None or change.action is not PauseAction.PAUSE:
        return None
    return Pause(change.reason, change.at)
