"""Throws the stop switch: for the commands of people and for the sentinel. Readers use `pause_reader`."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.stop.pause_change import PauseAction, PauseChange, PauseReason, PauseRecordUnreadable
from gateway.stop.pause_files import PauseFiles


class Effect(enum.StrEnum):
    """What became of an order."""

    PAUSED = "paused"
    RESUMED = "resumed"
    ALREADY_PAUSED = "already_paused"
    NOT_PAUSED = "not_paused"
    """There was nothing to resume."""
    OTHER_PAUSE = "other_pause"
    """Another pause is in force than the one that was to be ended."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an order.

    Attributes:
        effect: What became of it.
        change: The change in force afterwards; None where screening was never paused.
        noted: Whether the history has it. Where it has not, the next change notes it first.
    """

    effect: Effect
    change: PauseChange | None
    noted: bool = True


class StopSwitch:
    """One model's stop switch. Several processes may use it at once: each order is one change, or none.

    Args:
        directory: Of the model in the repository.
    """

    def __init__(self, directory: Path) -> None:
        self._files = PauseFiles(directory)

    def state(self) -> PauseChange | None:
        """The change in force; None where screening was never paused.

        Raises:
            PauseRecordUnreadable: the record is damaged.
            OSError: it could not be read.
        """
        return self._files.read_state()

    def history(self) -> tuple[list[PauseChange], int]:
        """Every change, oldest first, and how many lines of the history say nothing.

        Raises:
            OSError: it could not be read.
        """
        return self._files.read_history()

    def pause(self, *, by: str, why: str) -> Outcome:
        """Pause for a person. Where screening is paused already, the first pause stays and this one is noted.

        Raises:
            OSError: it could not be written; nothing changed.
        """
        with self._files.exclusive():
            current = self._current()
            if current is not None and current.action is PauseAction.PAUSE:
                note = PauseChange.now(PauseAction.NOTE, PauseReason.OPERATOR, by=by, why=why)
                return Outcome(Effect.ALREADY_PAUSED, current, noted=self._note(note))
            return self._put(PauseChange.now(PauseAction.PAUSE, PauseReason.OPERATOR, by=by, why=why), Effect.PAUSED)

    def pause_for_mismatch(self, reason: PauseReason, *, by: str, why: str, details: dict[str, Any]) -> Outcome:
        """Pause because answers or files are wrong. Takes the place of a person's pause: whoever resumes must know.

        Raises:
            OSError: it could not be written; nothing changed.
        """
        with self._files.exclusive():
            current = self._current()
            if current is not None and current.action is PauseAction.PAUSE and current.reason.is_mismatch:
                return Outcome(Effect.ALREADY_PAUSED, current)
            return self._put(PauseChange.now(PauseAction.PAUSE, reason, by=by, why=why, details=details), Effect.PAUSED)

    def resume(self, *, by: str, why: str, details: dict[str, Any], pause_id: str | None = None) -> Outcome:
        """End the pause, or replace a record of it that cannot be read.

        Args:
            by: Who.
            why: Their words.
            details: Which look it stands on.
            pause_id: The change that is to be ended, where whoever orders it has seen one: a pause that the sentinel made since
                then was not looked into. None ends whatever is in force.

        Raises:
            OSError: it could not be written; nothing changed.
        """
        with self._files.exclusive():
            try:
                current = self._files.read_state()
            except PauseRecordUnreadable:
                reason = PauseReason.STATE_UNREADABLE
            else:
                if current is None or current.action is PauseAction.RESUME:
                    return Outcome(Effect.NOT_PAUSED, current)
                if pause_id is not None and current.id != pause_id:
                    return Outcome(Effect.OTHER_PAUSE, current)
                reason = current.reason
            change = PauseChange.now(PauseAction.RESUME, reason, by=by, why=why, details=details)
            return self._put(change, Effect.RESUMED)

    def _current(self) -> PauseChange | None:
        """The change in force; a damaged record is none, and is replaced."""
        try:
            return self._files.read_state()
        except PauseRecordUnreadable:
            return None

    def _put(self, change: PauseChange, effect: Effect) -> Outcome:
        self._files.write_state(change)
        return Outcome(effect, change, noted=self._note(change))

    def _note(self, change: PauseChange) -> bool:
        try:
            self._files.note(change)
        except OSError:
            return False
        return True
