"""Holding events against the checkpoints in the database, and against those that were kept elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from gateway.records.audit.chain import Head
from gateway.records.audit.checkpoint import Checkpoint, CheckpointKeys
from gateway.records.audit.event import AuditKind
from gateway.records.audit.findings import FindingKind, Findings
from gateway.records.audit.snapshot import rows_by_sequence
from gateway.records.receipt import iso_of
from gateway.records.tables import AUDIT_CHECKPOINTS

_TYPES: Final = (int, int, str, str, str)


class CheckpointReview:
    """Follows a verification from event to event.

    Args:
        connection: To the snapshot that the events come from.
        keys: Every key that may have signed.
        outside: Checkpoints kept elsewhere, and numbers of lines with a damaged one.
        beginning: The last event that retention deleted; checkpoints of it and of those before it have nothing to be held against.
        findings: Told what is wrong.

    Attributes:
        count: Checkpoints in the database.
        outside_count: Checkpoints kept elsewhere.
        outside_reaches: Number of the last event that one of those speaks for.
    """

    def __init__(
        self,
        connection: Connection,
        keys: CheckpointKeys,
        outside: Sequence[Checkpoint | int],
        beginning: Head,
        findings: Findings,
    ) -> None:
        self._keys = keys
        self._beginning = beginning
        self._findings = findings
        self._rows = rows_by_sequence(connection, AUDIT_CHECKPOINTS)
        self.count = self.outside_count = self.outside_reaches = 0
        self._next = self._next_row()
        self._outside = self._valid(outside)

    def hold_against(self, event: Row[Any]) -> None:
        """The next event, in the order of their numbers."""
        while self._next is not None and self._next.sequence < event.sequence:
            self._add_orphan(self._next)
            self._next = self._next_row()
        if self._next is not None and self._next.sequence == event.sequence:
            self._check(self._next, event)
            self._next = self._next_row()
        elif event.kind == AuditKind.CHECKPOINT:
            says = f"event {event.sequence} made a checkpoint, which audit_checkpoints does not hold"
            self._findings.add(FindingKind.CHECKPOINT_MISSING, says)
        for checkpoint in self._outside.pop(event.sequence, ()):
            if checkpoint.mac == event.mac:
                self.outside_reaches = event.sequence
            else:
                says = (
                    f"event {event.sequence} is another than the one that was signed at {iso_of(checkpoint.at_us)}: the trail was "
                    "written anew up to there, or an older copy of the database went on in its place"
                )
                self._findings.add(FindingKind.REWRITTEN, says)

    def finish(self, last: int) -> None:
        """After the last event: what is left speaks of events that are not there."""
        while self._next is not None:
            self._add_orphan(self._next)
            self._next = self._next_row()
        for sequence, checkpoints in sorted(self._outside.items()):
            signed = f"event {sequence} was signed at {iso_of(checkpoints[0].at_us)}"
            if sequence > last:
                self._findings.add(
                    FindingKind.CUT_OFF, f"{signed}, and the trail ends with event {last}: its end was cut off"
                )
            else:
                self._findings.add(FindingKind.EVENTS_MISSING, f"{signed}, and is missing")

    def _valid(self, outside: Sequence[Checkpoint | int]) -> dict[int, list[Checkpoint]]:
        valid: dict[int, list[Checkpoint]] = defaultdict(list)
        for checkpoint in dict.fromkeys(outside):
            if isinstance(checkpoint, int):
                says = f"line {checkpoint} of the checkpoints kept elsewhere holds a damaged one"
                self._findings.add(FindingKind.OUTSIDE_CHECKPOINT_WRONG, says)
            elif not self._keys.has_signed(checkpoint):
                says = f"the checkpoint of event {checkpoint.sequence} that was kept elsewhere is not signed by a key of the key file"
                self._findings.add(FindingKind.OUTSIDE_CHECKPOINT_WRONG, says)
            elif checkpoint.sequence <= self._beginning.sequence:
                self.outside_count += 1
                self._check_beginning(checkpoint)
            else:
                self.outside_count += 1
                valid[checkpoint.sequence].append(checkpoint)
        return valid

    def _check_beginning(self, checkpoint: Checkpoint) -> None:
        if checkpoint.sequence == self._beginning.sequence and checkpoint.mac != self._beginning.mac:
            says = f"event {checkpoint.sequence}, which retention deleted, was another than the one that was signed"
            self._findings.add(FindingKind.REWRITTEN, says)

    def _next_row(self) -> Row[Any] | None:
        """The next checkpoint of the database; rows that are none are told of and left out."""
        for row in self._rows:
            self.count += 1
            if all(isinstance(value, kind) for value, kind in zip(row, _TYPES, strict=True)):
                return row
            self._findings.add(
                FindingKind.CHECKPOINT_WRONG, f"the row {row.sequence!r} of audit_checkpoints is no checkpoint"
            )
        return None

    def _check(self, row: Row[Any], event: Row[Any]) -> None:
        if not self._keys.has_signed(_checkpoint(row)):
            says = f"the checkpoint of event {row.sequence} is not as it was signed, or by a key that the key file does not hold"
            self._findings.add(FindingKind.CHECKPOINT_WRONG, says)
        elif row.mac != event.mac or event.kind != AuditKind.CHECKPOINT:
            self._findings.add(
                FindingKind.CHECKPOINT_WRONG, f"event {row.sequence} is another than the one that was signed"
            )

    def _add_orphan(self, row: Row[Any]) -> None:
        is_signed = self._keys.has_signed(_checkpoint(row))
        if is_signed and row.sequence <= self._beginning.sequence:
            return
        says = f"the checkpoint of event {row.sequence} speaks of an event that is not there" + (
            "" if is_signed else ", and is not signed by a key of the key file"
        )
        self._findings.add(FindingKind.CUT_OFF if is_signed else FindingKind.CHECKPOINT_WRONG, says)


def _checkpoint(row: Row[Any]) -> Checkpoint:
    return Checkpoint(row.sequence, row.at_us, row.mac, row.key_id, row.signature)
