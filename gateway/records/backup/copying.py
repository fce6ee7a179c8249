"""Making a copy, filling an empty database from one, emptying a database, and holding one against a copy."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, func, select

from gateway.records.audit.chain import AuditChain
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.audit.snapshot import snapshot
from gateway.records.backup.backup_file import BackupDamaged, BackupReader, BackupWriter, TableHead
from gateway.records.backup.backup_tables import BY_NAME, ROWS_AT_ONCE, TABLES, rows_of
from gateway.records.database import begin_writing
from gateway.records.receipt import iso_of
from gateway.records.row_insertion import insert_rows
from gateway.records.schema import current_revision, is_known, needed_revision

LATER_RELEASE: Final = (
    "it was made by a later release ({step}; this one knows {known}): start that release, and upgrade before"
)


class DatabaseNotEmpty(Exception):
    """A copy fills empty tables only; the message says what is there."""


class CopyUnlike(Exception):
    """What was read back from the database is not what the copy holds; nothing was kept."""


def back_up(engine: Engine, path: Path) -> dict[str, int]:
    """Copy everything as it was at one moment, while gateways go on; rows by table.

    Raises:
        OSError: the file cannot be written, or something is there.
        sqlalchemy.exc.SQLAlchemyError: the database cannot be read.
    """
    about = {"made_at": iso_of(time.time_ns() // 1000), "step": current_revision(engine)}
    writer = BackupWriter(path, about)
    try:
        with snapshot(engine) as connection:
            for table in TABLES:
                writer.add(TableHead(table.name, tuple(table.columns.keys())), rows_of(connection, table))
        return writer.complete()
    except BaseException:
        writer.abandon()
        raise


def read_through(path: Path) -> dict[str, int]:
    """Read a copy to its end; rows by table.

    Raises:
        BackupDamaged: it is not whole, or holds what this release does not know.
        OSError: it cannot be read.
    """
    reader = BackupReader(path)
    counts = {}
    try:
        step = reader.about.get("step")
        if not isinstance(step, str) or not is_known(step):
            raise BackupDamaged(LATER_RELEASE.format(step=step, known=needed_revision()))
        for head, rows in reader.tables():
            table = BY_NAME.get(head.name)
            if table is None or not set(head.columns) <= set(table.columns.keys()) or head.name in counts:
                message = f"it holds a table that this release does not know like this: {head.name}"
                raise BackupDamaged(message)
            counts[head.name] = sum(1 for _ in rows)
    finally:
        reader.close()
    return counts


def restore(engine: Engine, chain: AuditChain, path: Path, actor: str) -> dict[str, int]:
    """Fill an empty database from a copy, all of it or nothing; rows by table.

    The file is read to its end before the first row is written. Before the transaction ends, all of it is read back and held
    against the file. Then the audit trail goes on with an event that says that it was restored.

    Raises:
        BackupDamaged: the file is not whole.
        DatabaseNotEmpty: there is something in the database.
        CopyUnlike: the database does not give back what it was given.
        OSError: the file cannot be read.
        sqlalchemy.exc.SQLAlchemyError: the database cannot be used.
    """
    counts = read_through(path)
    with engine.begin() as connection:
        keep_others_out(connection)
        require_empty(connection)
        reader = BackupReader(path)
        try:
            for head, rows in reader.tables():
                while page := list(islice(rows, ROWS_AT_ONCE)):
                    insert_rows(connection, BY_NAME[head.name], head.columns, page)
        finally:
            reader.close()
        difference = next(differences(connection, path), None)
        if difference is not None:
            raise CopyUnlike(difference)
        details: dict[str, str | int] = {f"rows_{name}": count for name, count in counts.items()}
        chain.append(connection, [AuditEvent(AuditKind.RESTORE, actor, None, details)])
    return counts


def wipe(engine: Engine) -> dict[str, int]:
    """Delete every row of every table, the audit trail and receipts of deletions among them; rows by table."""
    counts = {}
    with engine.begin() as connection:
        keep_others_out(connection)
        for table in reversed(TABLES):
            counts[table.name] = connection.execute(delete(table)).rowcount
    return counts


def differences(connection: Connection, path: Path) -> Iterator[str]:
    """How the database differs from a copy: rows that it lacks, or has otherwise. Rows that it has besides are no difference.

    The end of the audit trail moves with every event, so that of the head it is only asked that it did not move back.
    """
    reader = BackupReader(path)
    try:
        for head, rows in reader.tables():
            table = BY_NAME[head.name]
            places = [list(table.columns.keys()).index(name) for name in head.columns]
            there = rows_of(connection, table)
            key = head.columns.index(next(iter(table.primary_key.columns)).name)
            current = next(there, None)
            for row in rows:
                while current is not None and _ordered(current[places[key]]) < _ordered(row[key]):
                    current = next(there, None)
                if current is None or current[places[key]] != row[key]:
                    yield f"{head.name}: the row {row[key]} is not there"
                elif [current[place] for place in places] != row and not _has_moved_on(head, current, row):
                    yield f"{head.name}: the row {row[key]} is not as in the copy"
    finally:
        reader.close()


def require_empty(connection: Connection) -> None:
    """Check that there is nothing.

    Raises:
        DatabaseNotEmpty: there is.
    """
    for name, count in _counts(connection).items():
        if count:
            message = f"{name} has {count} rows"
            raise DatabaseNotEmpty(message)


def count_rows(engine: Engine) -> dict[str, int]:
    """Rows by table."""
    with engine.connect() as connection:
        return _counts(connection)


def keep_others_out(connection: Connection) -> None:
    """Let nobody else read or write until the transaction ends."""
    begin_writing(connection)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {', '.join(BY_NAME)} IN ACCESS EXCLUSIVE MODE")


def _counts(connection: Connection) -> dict[str, int]:
    return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES}


def _ordered(key: Any) -> Any:  # noqa: ANN401 - text or a number
    return key.encode() if isinstance(key, str) else key


def _has_moved_on(head: TableHead, current: tuple[Any, ...], row: list[Any]) -> bool:
    if head.name != "audit_head":
        return False
    sequence = head.columns.index("sequence")
    return bool(current[sequence] > row[sequence])
