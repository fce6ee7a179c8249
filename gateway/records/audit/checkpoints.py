"""Making checkpoints when they are due, and giving them out where nobody who can write to the database can take them back."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, insert, select

from gateway.logs import log_event
from gateway.records.audit.chain import AuditChain, lock_head
from gateway.records.audit.checkpoint import Checkpoint, CheckpointKeys
from gateway.records.audit.event import SYSTEM, AuditEvent, AuditKind
from gateway.records.tables import AUDIT_CHECKPOINTS, AUDIT_HEAD

EVERY_EVENTS: Final = 1000
EVERY_SECONDS: Final = 15 * 60
"""Whichever comes first: what happened since the last one could be cut off unseen."""


class Checkpoints:
    """Makes checkpoints. For native threads; errors are SQLAlchemy's.

    Args:
        engine: Of the records.
        chain: Of the same database.
        keys: Sign them.
        publish: Gives one out, after it is in the database for good: one that is given out and then not there would be an alarm.
    """

    def __init__(
        self, engine: Engine, chain: AuditChain, keys: CheckpointKeys, publish: Callable[[Checkpoint], None]
    ) -> None:
        self._engine = engine
        self._chain = chain
        self._keys = keys
        self._publish = publish

    def make_if_due(self) -> Checkpoint | None:
        """Make one where enough has happened since the last, or long enough ago. Of several replicas one makes it."""
        with self._engine.connect() as connection:
            head = connection.execute(select(AUDIT_HEAD.c.sequence)).scalar()
            if head is None or not _is_due(connection, head):
                return None
        return self._make(_is_due)

    def make(self, actor: str = SYSTEM) -> Checkpoint | None:
        """Make one now; None where nothing has happened since the last."""
        return self._make(_has_news, actor)

    def _make(self, is_wanted: Callable[[Connection, int], bool], actor: str = SYSTEM) -> Checkpoint | None:
        with self._engine.begin() as connection:
            if not is_wanted(connection, lock_head(connection).sequence):
                return None
            head = self._chain.append(connection, [AuditEvent(AuditKind.CHECKPOINT, actor)])
            checkpoint = self._keys.sign(head.sequence, _now_us(), head.mac)
            values = {name: getattr(checkpoint, name) for name in ("sequence", "at_us", "mac", "key_id", "signature")}
            connection.execute(insert(AUDIT_CHECKPOINTS).values(values))
        self._publish(checkpoint)
        return checkpoint


def publish_checkpoint(checkpoint: Checkpoint, file: Path | None) -> None:
    """Write a checkpoint to the log, and to the end of a file where a site has one for it."""
    log_event("audit checkpoint", {"checkpoint": checkpoint.word})
    if file is None:
        return
    try:
        append_to_file(checkpoint, file)
    except OSError as error:
        # The log has it all the same, and the next one says more than this one did.
        log_event("audit checkpoint not kept in its file", {}, level=logging.ERROR, error=error)


def append_to_file(checkpoint: Checkpoint, file: Path) -> None:
    """Write a checkpoint to the end of a file, as a line that is on the disk when this returns.

    Raises:
        OSError: it is not.
    """
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640), "wb", buffering=0) as opened:
        opened.write(f"{checkpoint.word}\n".encode("ascii"))
        os.fsync(opened.fileno())


def _is_due(connection: Connection, head: int) -> bool:
    last = _last(connection, head)
    if last is None:
        return head > 0
    sequence, at_us = last
    # A moment that has not come yet is nobody's: it must not keep checkpoints from being made.
    is_recent = 0 <= _now_us() - at_us < 1_000_000 * EVERY_SECONDS
    return head - sequence >= EVERY_EVENTS or (head > sequence and not is_recent)


def _has_news(connection: Connection, head: int) -> bool:
    last = _last(connection, head)
    return head > (0 if last is None else last[0])


def _last(connection: Connection, head: int) -> tuple[int, int] | None:
    """The last one of an event that there is."""
    columns = AUDIT_CHECKPOINTS.c
    query = select(columns.sequence, columns.at_us).where(columns.sequence <= head)
    query = query.order_by(columns.sequence.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.sequence, row.at_us)


def _now_us() -> int:
    return time.time_ns() // 1000
