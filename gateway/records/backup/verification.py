"""Whether the records hold together: rows that belong to nothing, a trail that is not whole, a copy of which something is missing."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, exists, func, select

from gateway.access.secret_keys import SecretKeys
from gateway.records.audit.checkpoint import CheckpointKeys
from gateway.records.audit.macs import AuditKeys
from gateway.records.audit.snapshot import snapshot
from gateway.records.audit.verification import verify_trail
from gateway.records.backup.backup_tables import rows_of
from gateway.records.backup.copying import differences, read_through
from gateway.records.tables import OUTCOMES, RECEIPTS, REVIEWS

MAX_NAMED: Final = 20
"""Differences from a copy; one is enough to know."""


def verify_records(engine: Engine, keys: SecretKeys, copy: Path | None) -> list[str]:
    """A sentence per thing that is wrong.

    Raises:
        BackupDamaged: the copy is not whole.
        OSError: it cannot be read.
        sqlalchemy.exc.SQLAlchemyError: the database cannot be read.
    """
    found: list[str] = []
    if copy is not None:
        read_through(copy)
    with snapshot(engine) as connection:
        if engine.dialect.name == "sqlite":
            said = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            found += [] if said == "ok" else [f"the file is damaged: {said}"]
        for table in (REVIEWS, OUTCOMES):
            is_there = exists().where(RECEIPTS.c.id == table.c.receipt_id)
            alone = connection.execute(select(func.count()).select_from(table).where(~is_there)).scalar_one()
            found += [f"{alone} {table.name} belong to no receipt"] if alone else []
        content = list(RECEIPTS.columns.keys()).index(RECEIPTS.c.content.name)
        unreadable = sum(not _is_object(row[content]) for row in rows_of(connection, RECEIPTS))
        found += [f"{unreadable} receipts have a content that cannot be read"] if unreadable else []
        if copy is not None:
            found += islice(differences(connection, copy), MAX_NAMED)
    trail = verify_trail(engine, AuditKeys(keys), CheckpointKeys(keys), with_receipts=True)
    found += [f"audit trail: {finding.says}" for finding in trail.findings.kept]
    return found


def _is_object(content: object) -> bool:
    try:
        return isinstance(content, str) and isinstance(json.loads(content), dict)
    except ValueError:
        return False
