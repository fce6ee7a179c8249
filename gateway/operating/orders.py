"""Pausing and resuming from the page, under the same rules as the commands `pause` and `resume`."""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.errors import RecordsUnavailable
from gateway.logs import log_event
from gateway.stop.file_thread import FileThread
from gateway.stop.finding import Finding
from gateway.stop.pause_change import PauseAction, PauseChange, PauseReason, PauseRecordUnreadable
from gateway.stop.resuming import Obstacle, obstacle_to_resume
from gateway.stop.stop_switch import Effect, StopSwitch


class Cause(enum.StrEnum):
    """Why an operator pauses. A closed list: what a person types freely may name another person, and the record is kept."""

    ODD_ANSWERS = "odd_answers"
    MODEL_SERVER = "model_server"
    MAINTENANCE = "maintenance"
    CLINICAL_LEAD = "clinical_lead"
    DRILL = "drill"


class Said(enum.StrEnum):
    """What became of an order, as the page says it."""

    PAUSED = "paused"
    ALREADY_PAUSED = "already_paused"
    RESUMED = "resumed"
    NOT_PAUSED = "not_paused"
    OTHER_PAUSE = "other_pause"
    MISMATCH_SHOWS = "mismatch_shows"
    NOT_LOOKED = "not_looked"
    NOT_WRITTEN = "not_written"
    NOT_NOTED = "not_noted"
    """Paused, and the audit trail does not say so."""


FAILED: Final = frozenset(Said) - {Said.PAUSED, Said.ALREADY_PAUSED, Said.RESUMED, Said.NOT_PAUSED}
"""What is told as a failure of the order."""
SAID_OF_EFFECTS: Final = {
    Effect.PAUSED: Said.PAUSED,
    Effect.ALREADY_PAUSED: Said.ALREADY_PAUSED,
    Effect.RESUMED: Said.RESUMED,
    Effect.NOT_PAUSED: Said.NOT_PAUSED,
    Effect.OTHER_PAUSE: Said.OTHER_PAUSE,
}
SAID_OF_OBSTACLES: Final = {Obstacle.MISMATCH_SHOWS: Said.MISMATCH_SHOWS, Obstacle.NOT_LOOKED: Said.NOT_LOOKED}


class Noting(Protocol):
    """Writes an order into the audit trail."""

    def __call__(self, order: str, by: str, details: dict[str, str]) -> None:
        """Write it.

        Raises:
            RecordsUnavailable: it could not be written.
        """
        ...


@dataclass(frozen=True, slots=True)
class Orders:
    """Takes orders.

    Attributes:
        switch: Thrown.
        look: What every file and every golden crop says now.
        files: Runs what reads and writes the switch.
        note: Writes orders into the audit trail; None where no records are kept.
    """

    switch: StopSwitch
    look: Callable[[], Finding]
    files: FileThread
    note: Noting | None

    def pause(self, cause: Cause, by: str) -> Said:
        """Pause. First the stop, then the note of it: no database may keep anybody from stopping.

        Args:
            cause: Why.
            by: Who, as records name callers.
        """
        try:
            outcome = self.files.run(lambda: self.switch.pause(by=by, why=cause.value))
        except OSError as error:
            return _not_written(error)
        try:
            self._note(PauseAction.PAUSE, by, {"cause": cause.value})
        except RecordsUnavailable:
            return Said.NOT_NOTED
        return SAID_OF_EFFECTS[outcome.effect]

    def resume(self, pause_id: str, by: str) -> Said:
        """Resume after a close look, or say what stands in the way.

        Args:
            pause_id: The change that whoever orders it has seen; "" for a record that cannot be read.
            by: Who, as records name callers.

        Raises:
            RecordsUnavailable: the order cannot be noted. It is not carried out: resuming can wait.
        """
        noted = False
        try:
            change = self.files.run(self._pause_in_force)
            if change is None:
                return Said.NOT_PAUSED
            if isinstance(change, PauseChange) and change.id != pause_id:
                return Said.OTHER_PAUSE
            reason = change.reason if isinstance(change, PauseChange) else change
            finding = self.look()
            obstacle = obstacle_to_resume(reason, finding)
            if obstacle is not None:
                return SAID_OF_OBSTACLES[obstacle]
            details = {"look": finding.result.value}
            self._note(PauseAction.RESUME, by, details)
            noted = True
            outcome = self.files.run(
                lambda: self.switch.resume(by=by, why="", details=details, pause_id=pause_id or None)
            )
        except OSError as error:
            if noted:
                self._note(PauseAction.RESUME, by, {"effect": Said.NOT_WRITTEN.value})
            return _not_written(error)
        if outcome.effect is not Effect.RESUMED:
            # Somebody paused between the look and the switch: the trail must not say that screening went on.
            self._note(PauseAction.RESUME, by, {"effect": outcome.effect.value})
        return SAID_OF_EFFECTS[outcome.effect]

    def _pause_in_force(self) -> PauseChange | PauseReason | None:
        """The pause; only its reason where the record cannot be read; None where screening goes on."""
        try:
            state = self.switch.state()
        except PauseRecordUnreadable:
            return PauseReason.STATE_UNREADABLE
        return state if state is not None and state.action is PauseAction.PAUSE else None

    def _note(self, action: PauseAction, by: str, details: dict[str, str]) -> None:
        if self.note is not None:
            self.note(action.value, by, details)


def _not_written(error: OSError) -> Said:
    log_event("stop switch not written", {}, level=logging.ERROR, error=error)
    return Said.NOT_WRITTEN
