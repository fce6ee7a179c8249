"""Appending to the chain. Every replica appends to the same one: the row of its end is locked until the transaction ends."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlalchemy import Connection, Dialect, bindparam, insert, select, update

from gateway.access.secret_keys import SecretKeys
from gateway.records.audit.event import AuditEvent
from gateway.records.audit.macs import GENESIS, AuditKeys
from gateway.records.database import begin_writing
from gateway.records.row_insertion import insert_rows
from gateway.records.tables import AUDIT_EVENTS, AUDIT_HEAD

HEAD_ID: Final = 1
COLUMNS: Final = tuple(AUDIT_EVENTS.columns.keys())


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain.

    Attributes:
        sequence: Number of the last event; 0 where there is none.
        mac: Its code.
    """

    sequence: int
    mac: str


class AuditChain:
    """Appends events. May be used from any native thread; errors are SQLAlchemy's.

    Args:
        keys: Of the records, or those of the chain made from them.
    """

    def __init__(self, keys: SecretKeys | AuditKeys) -> None:
        self._keys = keys if isinstance(keys, AuditKeys) else AuditKeys(keys)

    def append(self, connection: Connection, events: Sequence[AuditEvent]) -> Head:
        """Append events in the caller's transaction, and return the end of the chain with them.

        They are in the chain when that transaction commits, together with whatever else it wrote, or not at all. Until then every
        other gateway waits that appends too, so let it be the last thing of the transaction.
        """
        statements = _statements(connection.dialect)
        head = lock_head(connection)
        sequence, mac = head.sequence, head.mac
        at_us, key_id = time.time_ns() // 1000, self._keys.making_id
        rows = []
        for event in events:
            sequence += 1
            kind, details = event.kind.value, event.details_text
            mac = self._keys.mac(
                mac,
                sequence=sequence,
                at_us=at_us,
                kind=kind,
                actor=event.actor,
                receipt_id=event.receipt_id,
                details=details,
                key_id=key_id,
            )
            rows.append((sequence, at_us, kind, event.actor, event.receipt_id, details, key_id, mac))
        if rows:
            insert_rows(connection, AUDIT_EVENTS, COLUMNS, rows)
            connection.exec_driver_sql(statements.move_head, (sequence, mac, HEAD_ID))
        return Head(sequence, mac)


def lock_head(connection: Connection) -> Head:
    """The end of the chain, which nobody else moves until the transaction of this connection ends."""
    statements = _statements(connection.dialect)
    begin_writing(connection)
    row = connection.exec_driver_sql(statements.lock_head, (HEAD_ID,)).one_or_none()
    if row is None:
        # The first event of all. Two may come here at once: the second waits for the first, and finds its row.
        connection.exec_driver_sql(statements.make_head, (HEAD_ID, 0, GENESIS))
        row = connection.exec_driver_sql(statements.lock_head, (HEAD_ID,)).one()
    return Head(*row)


@dataclass(frozen=True, slots=True)
class _Statements:
    lock_head: str
    make_head: str
    move_head: str


@lru_cache(maxsize=4)
def _statements(dialect: Dialect) -> _Statements:
    """Said once for each database: building and looking them up would cost more than the codes."""
    head = AUDIT_HEAD.c
    lock = select(head.sequence, head.mac).where(head.id == bindparam("id"))
    move = update(AUDIT_HEAD).where(head.id == bindparam("which"))
    make = str(insert(AUDIT_HEAD).compile(dialect=dialect))
    return _Statements(
        lock_head=str(lock.with_for_update().compile(dialect=dialect)),
        make_head=f"{make} ON CONFLICT DO NOTHING",
        move_head=str(move.values(sequence=bindparam("to"), mac=bindparam("code")).compile(dialect=dialect)),
    )
