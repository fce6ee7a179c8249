"""Holding the trail against its codes, its end, its checkpoints, and checkpoints that were kept elsewhere.

One event after the other, so that a trail of any length needs the same memory. What is found is never repaired: whoever reads
the findings decides what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, func, select

from gateway.records.audit.chain import HEAD_ID, Head
from gateway.records.audit.checkpoint import Checkpoint, CheckpointKeys
from gateway.records.audit.checkpoint_review import CheckpointReview
from gateway.records.audit.findings import FindingKind, Findings
from gateway.records.audit.macs import GENESIS, AuditKeys
from gateway.records.audit.receipt_review import ReceiptReview
from gateway.records.audit.retentions import Retentions
from gateway.records.audit.snapshot import rows_by_sequence, snapshot
from gateway.records.tables import AUDIT_EVENTS, AUDIT_HEAD

_TYPES: Final[tuple[Any, ...]] = (int, int, str, str, (str, type(None)), str, str, str)
"""Of an event's columns, in order. SQLite keeps whatever it is given."""
MAX_KEYS_NAMED: Final = 100
OTHERS: Final = "others"
"""In the place of their names, where somebody wrote more names of keys than any site has had."""


@dataclass(slots=True)
class KeyUse:
    """Events whose code was made with one key.

    Attributes:
        first: Number of the first of them.
        last: Of the last.
        count: How many.
        known: Whether they could be checked.
    """

    first: int
    last: int
    count: int
    known: bool


@dataclass(slots=True)
class Verification:
    """What became of it.

    Attributes:
        findings: What is not as it was written; a trail without any is whole as far as can be seen.
        events: Rows that there are.
        keys: Which keys made them, by name.
        checkpoints: Rows of checkpoints.
        outside: Checkpoints kept elsewhere that the trail was held against.
        outside_reaches: Event up to which those speak for the trail; 0 where there are none.
        last: Number of the last event; 0 where there is none.
        deleted_through: Number of the last event that retention deleted; 0 where it deleted none.
        receipts: Receipts that have the code their event gives; None where nobody asked.
        receipts_gone: Receipts that are not there any more: their time was over, or their subject's records were erased.
        receipts_before: Receipts from before the trail began.
    """

    findings: Findings = field(default_factory=Findings)
    events: int = 0
    keys: dict[str, KeyUse] = field(default_factory=dict)
    checkpoints: int = 0
    outside: int = 0
    outside_reaches: int = 0
    last: int = 0
    deleted_through: int = 0
    receipts: int | None = None
    receipts_gone: int = 0
    receipts_before: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return self.findings.total == 0


def verify_trail(
    engine: Engine,
    keys: AuditKeys,
    checkpoint_keys: CheckpointKeys,
    outside: Sequence[Checkpoint | int] = (),
    *,
    with_receipts: bool = False,
) -> Verification:
    """Verify the trail as it is now.

    Args:
        engine: Of the records; nothing is written.
        keys: Every key that it was made with.
        checkpoint_keys: The same for checkpoints.
        outside: Checkpoints that were kept elsewhere, and the lines that hold a damaged one.
        with_receipts: Whether receipts are held against their events, too.
    """
    result = Verification()
    with snapshot(engine) as connection:
        heads = connection.execute(select(AUDIT_HEAD).order_by(AUDIT_HEAD.c.id)).all()
        retentions = Retentions.of(connection)
        result.deleted_through = retentions.deleted_through.sequence
        checkpoints = CheckpointReview(
            connection, checkpoint_keys, outside, retentions.deleted_through, result.findings
        )
        receipts = ReceiptReview(connection, keys, retentions, result.findings) if with_receipts else None
        last = retentions.deleted_through
        for event in _checked_events(connection, keys, last, result):
            checkpoints.hold_against(event)
            if receipts is not None:
                receipts.hold_against(event)
            last = Head(event.sequence, event.mac)
        result.last = last.sequence
        _check_count(connection, result)
        _check_end(heads, last, result.findings)
        checkpoints.finish(last.sequence)
        result.checkpoints, result.outside = checkpoints.count, checkpoints.outside_count
        result.outside_reaches = checkpoints.outside_reaches
        if receipts is not None:
            receipts.finish()
            result.receipts, result.receipts_gone = receipts.right, receipts.gone
            result.receipts_before = receipts.before
    for name, use in result.keys.items():
        if not use.known:
            result.findings.add(
                FindingKind.KEY_UNKNOWN,
                f"{use.count} events from {use.first} to {use.last} name the key {name!r}, which the key file does not hold: they "
                "cannot be checked. If it was never a key of this site, somebody else wrote them",
            )
    return result


def _checked_events(
    connection: Connection, keys: AuditKeys, beginning: Head, result: Verification
) -> Iterator[Row[Any]]:
    """Every event that is one, after its number and its code were checked; they begin behind this one."""
    findings = result.findings
    expected = beginning.sequence + 1
    previous_mac: str | None = beginning.mac
    for row in rows_by_sequence(connection, AUDIT_EVENTS):
        result.events += 1
        if not all(isinstance(value, kind) for value, kind in zip(row, _TYPES, strict=True)):
            findings.add(FindingKind.EVENT_UNREADABLE, f"the row {row.sequence!r} of audit_events is no event")
            if isinstance(row.sequence, int):
                expected, previous_mac = row.sequence + 1, None
            continue
        if row.sequence <= beginning.sequence:
            says = f"event {row.sequence} is there, and the trail begins with event {beginning.sequence + 1}"
            findings.add(FindingKind.EVENTS_ADDED, says)
            continue
        if row.sequence != expected:
            findings.add(FindingKind.EVENTS_MISSING, _missing(expected, row.sequence - 1))
            previous_mac = None
        _note_key(row, keys, result)
        if previous_mac is not None and row.key_id in keys and _mac_of(row, keys, previous_mac) != row.mac:
            findings.add(
                FindingKind.EVENT_CHANGED,
                f"event {row.sequence} is not as it was written, or the code of the one before it is not",
            )
        expected, previous_mac = row.sequence + 1, row.mac
        yield row


def _mac_of(row: Row[Any], keys: AuditKeys, previous_mac: str) -> str:
    return keys.mac(
        previous_mac,
        sequence=row.sequence,
        at_us=row.at_us,
        kind=row.kind,
        actor=row.actor,
        receipt_id=row.receipt_id,
        details=row.details,
        key_id=row.key_id,
    )


def _note_key(row: Row[Any], keys: AuditKeys, result: Verification) -> None:
    name = row.key_id if row.key_id in keys or len(result.keys) < MAX_KEYS_NAMED else OTHERS
    use = result.keys.setdefault(name, KeyUse(row.sequence, row.sequence, 0, row.key_id in keys))
    use.last = row.sequence
    use.count += 1


def _check_count(connection: Connection, result: Verification) -> None:
    """Two events of one number would be read as one, where somebody took the table's own rule against them away."""
    there = connection.execute(select(func.count()).select_from(AUDIT_EVENTS)).scalar_one()
    if there != result.events:
        result.findings.add(
            FindingKind.EVENTS_ADDED, f"{there} rows are there, and {result.events} numbers: some are there twice"
        )


def _check_end(heads: Sequence[Row[Any]], last: Head, findings: Findings) -> None:
    others = [row.id for row in heads if row.id != HEAD_ID]
    if others:
        findings.add(FindingKind.END_WRONG, f"audit_head has rows that no gateway writes: {others[:5]!r}")
    head = next((Head(row.sequence, row.mac) for row in heads if row.id == HEAD_ID), Head(0, GENESIS))
    if head == last:
        return
    if not isinstance(head.sequence, int) or head.sequence == last.sequence:
        findings.add(FindingKind.END_WRONG, f"audit_head does not hold the code of event {last.sequence}, the last")
    elif head.sequence > last.sequence:
        findings.add(FindingKind.CUT_OFF, "at the end, " + _missing(last.sequence + 1, head.sequence))
    else:
        says = f"audit_head ends the trail with event {head.sequence}, and there are events up to {last.sequence}"
        findings.add(FindingKind.END_WRONG, says)


def _missing(first: int, last: int) -> str:
    return f"event {first} is missing" if first == last else f"events {first} to {last} are missing"
