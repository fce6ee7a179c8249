"""Deleting what has had its time, a batch per transaction: others who write never wait for more than one batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, delete, select

from gateway.records.audit.chain import AuditChain, lock_head
from gateway.records.audit.event import SYSTEM, AuditEvent, AuditKind
from gateway.records.database import begin_writing
from gateway.records.deletions import MAX_AT_ONCE, DeletionKind, delete_receipts, keep_deletion
from gateway.records.receipt import iso_of
from gateway.records.retention.policy import RetentionPolicy
from gateway.records.tables import AUDIT_EVENTS, RECEIPTS
from monitoring.metrics import TRAFFIC_CLASSES

MAX_EVENTS_AT_ONCE: Final = 5000
"""Audit events of one transaction: everybody who does anything waits for the end of the chain meanwhile."""
_LOCK: Final = 7374097
"""Of PostgreSQL's advisory locks; `gateway.records.schema` has the one before."""


class Expiry:
    """Deletes what a policy does not keep any longer. Errors are SQLAlchemy's; what was deleted before one stays deleted.

    Args:
        engine: Of the records.
        chain: Where deletions are noted.
        policy: How long what is kept.
        actor: Who deletes, as the audit trail names them.
    """

    def __init__(self, engine: Engine, chain: AuditChain, policy: RetentionPolicy, actor: str = SYSTEM) -> None:
        self._engine = engine
        self._chain = chain
        self._policy = policy
        self._actor = actor

    def run(self, now_us: int, go_on: Callable[[], bool] = lambda: True) -> Counter[str] | None:
        """Delete everything whose time is over.

        Args:
            now_us: Now, in microseconds since 1970-01-01 UTC.
            go_on: Asked before every batch.

        Returns:
            Rows by table; None where another gateway is at it.
        """
        deleted: Counter[str] = Counter()
        with _alone(self._engine) as is_alone:
            if not is_alone:
                return None
            for traffic in TRAFFIC_CLASSES:
                before_us = self._policy.receipts_before_us(traffic, now_us)
                while before_us is not None and go_on():
                    counts = self._expire_receipts(traffic, before_us)
                    deleted.update(counts)
                    if counts.get(RECEIPTS.name, 0) < MAX_AT_ONCE:
                        break
            before_us = self._policy.audit_before_us(now_us)
            while before_us is not None and go_on():
                count = self._expire_events(before_us)
                deleted[AUDIT_EVENTS.name] += count
                if count < MAX_EVENTS_AT_ONCE:
                    break
        return deleted

    def _expire_receipts(self, traffic: str, before_us: int) -> dict[str, int]:
        oldest = (
            select(RECEIPTS.c.id)
            .where(RECEIPTS.c.traffic == traffic, RECEIPTS.c.answered_at_us < before_us)
            .order_by(RECEIPTS.c.answered_at_us, RECEIPTS.c.id)
            .limit(MAX_AT_ONCE)
            .with_for_update()  # nobody hangs a review on them meanwhile
        )
        with self._engine.begin() as connection:
            begin_writing(connection)
            receipt_ids = connection.execute(oldest).scalars().all()
            if not receipt_ids:
                return {}
            counts = delete_receipts(connection, receipt_ids)
            rule: dict[str, str | int] = {"traffic": traffic, "before_us": before_us}
            self._note(connection, {**rule, **counts}, {**rule, "before": iso_of(before_us), **counts})
        return counts

    def _expire_events(self, before_us: int) -> int:
        """The oldest events of the chain, as far as all of them have had their time."""
        columns = AUDIT_EVENTS.c
        oldest = select(columns.sequence, columns.at_us, columns.mac).order_by(columns.sequence)
        with self._engine.begin() as connection:
            first = connection.execute(oldest.limit(1)).one_or_none()
            if first is None or first.at_us >= before_us:
                return 0
            lock_head(connection)
            last, count = first, 0
            for row in connection.execute(oldest.limit(MAX_EVENTS_AT_ONCE)):
                if row.at_us >= before_us:
                    break
                last, count = row, count + 1
            connection.execute(delete(AUDIT_EVENTS).where(AUDIT_EVENTS.c.sequence <= last.sequence))
            # The chain now begins behind this event; whoever verifies it finds here where, and what stood there.
            gone = {
                "audit_events": count,
                "audit_through": last.sequence,
                "audit_mac": last.mac,
                "before_us": before_us,
            }
            self._note(connection, gone, {"audit_events": count, "before": iso_of(before_us)})
        return count

    def _note(self, connection: Connection, details: dict[str, str | int], content: dict[str, str | int]) -> None:
        deletion_id = keep_deletion(connection, DeletionKind.RETENTION, self._actor, content)
        event = AuditEvent(AuditKind.RETENTION, self._actor, None, {**details, "deletion_id": deletion_id})
        self._chain.append(connection, [event])


@contextmanager
def _alone(engine: Engine) -> Iterator[bool]:
    """Whether nobody else expires records meanwhile. An SQLite file has one gateway, and its write lock for a command beside it."""
    if engine.dialect.name == "sqlite":
        yield True
        return
    with engine.connect() as connection:
        is_ours = bool(connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).scalar_one())
        connection.commit()
        try:
            yield is_ours
        finally:
            if is_ours:
                connection.exec_driver_sql("SELECT pg_advisory_unlock(%s)", (_LOCK,))
                connection.commit()
