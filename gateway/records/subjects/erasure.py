"""Deleting everything of one subject, at once or not at all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, func, select

from gateway.records.audit.chain import AuditChain
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.database import begin_writing
from gateway.records.deletions import MAX_AT_ONCE, DeletionKind, delete_receipts, keep_deletion
from gateway.records.receipt import iso_of
from gateway.records.subjects.subject import Subject
from gateway.records.tables import DELETIONS, RECEIPTS

NO_RECEIPTS: Final = {"receipts": 0, "reviews": 0, "outcomes": 0}


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was deleted.

    Attributes:
        deletion_id: Of the deletion receipt.
        counts: Rows by table.
    """

    deletion_id: str
    counts: dict[str, int]


def erase_subject(engine: Engine, chain: AuditChain, subject: Subject, actor: str) -> Erasure:
    """Delete a subject's receipts, reviews and outcomes, and keep that it was done, also where there was nothing.

    Each deleted receipt leaves an event in the audit trail, which names its random id and nothing else of it: so the trail can
    tell a receipt that was erased from one that somebody took away. Errors are SQLAlchemy's; after one nothing is deleted.
    """
    # In one order, so that two erasures at once wait for each other and never both for ever, and the trail reads the same on both databases.
    theirs = (
        select(RECEIPTS.c.id)
        .where(RECEIPTS.c.subject_digest.in_(subject.digests))
        .order_by(RECEIPTS.c.answered_at_us, RECEIPTS.c.id)
        .with_for_update()
    )
    with engine.begin() as connection:
        begin_writing(connection)
        receipt_ids = connection.execute(theirs).scalars().all()
        counts: Counter[str] = Counter(NO_RECEIPTS)
        for start in range(0, len(receipt_ids), MAX_AT_ONCE):
            counts.update(delete_receipts(connection, receipt_ids[start : start + MAX_AT_ONCE]))
        reference = subject.erasure_references[0]
        deletion_id = keep_deletion(connection, DeletionKind.ERASURE, actor, counts, reference)
        done = AuditEvent(AuditKind.ERASURE, actor, None, {**counts, "deletion_id": deletion_id})
        of_each = [
            AuditEvent(AuditKind.ERASURE, actor, receipt_id, {"deletion_id": deletion_id}) for receipt_id in receipt_ids
        ]
        chain.append(connection, [*of_each, done])
    return Erasure(deletion_id, dict(counts))


def count_receipts(engine: Engine, subject: Subject) -> int:
    """How many receipts a subject has."""
    query = select(func.count()).select_from(RECEIPTS).where(RECEIPTS.c.subject_digest.in_(subject.digests))
    with engine.connect() as connection:
        return connection.execute(query).scalar_one()


def earlier_erasures(engine: Engine, subject: Subject) -> list[str]:
    """When a subject was erased before, UTC, the oldest first."""
    query = (
        select(DELETIONS.c.at_us)
        .where(DELETIONS.c.kind == DeletionKind.ERASURE.value, DELETIONS.c.reference.in_(subject.erasure_references))
        .order_by(DELETIONS.c.at_us)
    )
    with engine.connect() as connection:
        return [iso_of(at_us) for at_us in connection.execute(query).scalars()]
