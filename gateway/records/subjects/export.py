"""Everything that is kept of one subject, as one JSON document: what a person may ask for."""

from __future__ import annotations

import json
import time
from typing import Any, Final

from sqlalchemy import Connection, Engine, RowMapping, Table, select

from gateway.records.audit.chain import AuditChain
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.database import begin_writing
from gateway.records.receipt import iso_of
from gateway.records.subjects.subject import Subject
from gateway.records.tables import AUDIT_EVENTS, OUTCOMES, RECEIPTS, REVIEWS

SCHEMA: Final = "symmetra.subject_export/1"
NOT_THEIRS: Final = ("idempotency_digest", "receipt_id")
"""Columns of reviews and outcomes that say nothing of the subject, or stand above them."""


def export_subject(engine: Engine, chain: AuditChain, subject: Subject, actor: str) -> dict[str, Any]:
    """Receipts, the oldest first, each with its reviews, outcomes, and who did and saw what with it.

    That it was handed out is in the audit trail before this returns. Errors are SQLAlchemy's.
    """
    with engine.begin() as connection:
        begin_writing(connection)
        receipts = connection.execute(
            select(RECEIPTS)
            .where(RECEIPTS.c.subject_digest.in_(subject.digests))
            .order_by(RECEIPTS.c.answered_at_us, RECEIPTS.c.id)
        ).mappings()
        members = [_receipt(connection, row) for row in receipts.all()]
        # Beside the one that says how many, one of each: so that who was handed an answer can be asked of the answer.
        of_each = [AuditEvent(AuditKind.EXPORT, actor, member["id"], {}) for member in members]
        chain.append(connection, [*of_each, AuditEvent(AuditKind.EXPORT, actor, None, {"receipts": len(members)})])
    return {"schema": SCHEMA, "exported_at": iso_of(time.time_ns() // 1000), "receipts": members}


def _receipt(connection: Connection, row: RowMapping) -> dict[str, Any]:
    kept = {**row, "answered_at": iso_of(row["answered_at_us"]), "content": json.loads(row["content"])}
    return {
        **kept,
        "reviews": [_plain(each) for each in _of_receipt(connection, REVIEWS, row["id"], "given_at_us")],
        "outcomes": [_plain(each) for each in _of_receipt(connection, OUTCOMES, row["id"], "given_at_us")],
        "events": [
            {"at": iso_of(each["at_us"]), "kind": each["kind"], "actor": each["actor"]}
            for each in _of_receipt(connection, AUDIT_EVENTS, row["id"], "sequence")
        ],
    }


def _of_receipt(connection: Connection, table: Table, receipt_id: str, order: str) -> list[RowMapping]:
    query = select(table).where(table.c.receipt_id == receipt_id).order_by(table.c[order])
    return list(connection.execute(query).mappings())


def _plain(row: RowMapping) -> dict[str, Any]:
    members = {name: value for name, value in row.items() if name not in NOT_THEIRS}
    return {**members, "given_at": iso_of(row["given_at_us"])}
