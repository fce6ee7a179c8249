"""Reading and writing the stop switch's files; see the package for what they are.

The state is written before the history: a pause must hold before anything is noted about it. A writer that dies in between
leaves a state that its history lacks, and the next writer notes it then. So there is never a history without a state, and a
state that is gone while its history is there was taken away.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from gateway.stop.pause_change import PauseAction, PauseChange, PauseRecordUnreadable
from serving.repository.durable import append_line, locked, write_atomically

STATE_NAME: Final = "pause.json"
HISTORY_NAME: Final = "pauses.jsonl"
LOCK_NAME: Final = ".pause.lock"


class PauseFiles:
    """The files of one model's stop switch.

    Args:
        directory: Of the model in the repository, where pin.json lies.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.state_path = directory / STATE_NAME
        self.history_path = directory / HISTORY_NAME

    def read_state(self) -> PauseChange | None:
        """The change in force; None where screening was never paused.

        Raises:
            PauseRecordUnreadable: it is not what this gateway writes, or it was taken away.
            OSError: it could not be read.
        """
        try:
            text = self.state_path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            if self.history_path.exists():
                message = f"it is gone, and {HISTORY_NAME} is there"
                raise PauseRecordUnreadable(message) from error
            return None
        except UnicodeDecodeError as error:
            message = "it is no text"
            raise PauseRecordUnreadable(message) from error
        change = PauseChange.from_json(text)
        if change.action is PauseAction.NOTE:
            message = "it holds a note, which changes nothing"
            raise PauseRecordUnreadable(message)
        return change

    def read_history(self) -> tuple[list[PauseChange], int]:
        """Every change, oldest first, one that is in force and not noted yet included; and how many lines say nothing.

        Raises:
            OSError: it could not be read.
        """
        changes, unreadable = self._read_lines()
        with suppress(PauseRecordUnreadable):
            state = self.read_state()
            if state is not None and all(change.id != state.id for change in changes):
                changes.append(dataclasses.replace(state, recovered=True))
        return changes, unreadable

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other writers out for the time of a block; what a dead one left unnoted is noted first."""
        with locked(self._directory / LOCK_NAME):
            with suppress(PauseRecordUnreadable):
                state = self.read_state()
                if state is not None and all(change.id != state.id for change in self._read_lines()[0]):
                    self.note(dataclasses.replace(state, recovered=True))
            yield

    def write_state(self, change: PauseChange) -> None:
        """Put a change in force. Inside `exclusive`."""
        write_atomically(self.state_path, change.to_json(indent=2) + "\n")

    def note(self, change: PauseChange) -> None:
        """Append a change to the history. Inside `exclusive`."""
        append_line(self.history_path, change.to_json())

    def _read_lines(self) -> tuple[list[PauseChange], int]:
        try:
            lines = self.history_path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return [], 0
        changes = []
        for line in lines:
            # A crash can cut the last line short; a line that says nothing must not keep anybody from pausing.
            with suppress(PauseRecordUnreadable):
                changes.append(PauseChange.from_json(line))
        return changes, len(lines) - len(changes)
