"""Receipts in the database: written many at once, found by id, listed by time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Final

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.records.database import begin_writing
from gateway.records.receipt import Receipt
from gateway.records.row_insertion import insert_rows
from gateway.records.tables import RECEIPTS

ROWS_AT_ONCE: Final = 1000
"""Of a list, in memory."""
COLUMNS: Final = tuple(RECEIPTS.columns.keys())
_COLUMNS_OF: Final = attrgetter(*COLUMNS)
CANNOT_NOW: Final = ("08", "25006", "28", "53", "57", "58", "XX")
"""PostgreSQL's codes and their classes: connection, read only (a primary that became a standby), not let in (a password that is being
changed), no disk or memory or place left, shutting down or starting, input and output, its own fault."""


class ReceiptStore:
    """The table of receipts. Every method may be called from any native thread; errors are SQLAlchemy's.

    Args:
        engine: Of a database with the tables of this release.
        beside: What else is written in the transaction of receipts, at its end: their audit events.
    """

    def __init__(self, engine: Engine, beside: Callable[[Connection, Sequence[Receipt]], object] | None = None) -> None:
        self._engine = engine
        self._beside = beside

    def write(self, receipts: Sequence[Receipt]) -> None:
        """Write receipts in one transaction: all are on the disk when this returns, or none is in the table."""
        with self._engine.begin() as connection:
            self._insert(connection, receipts)

    def write_missing(self, receipts: Sequence[Receipt]) -> None:
        """Write those of them that are not there yet, in one transaction: for receipts that may have been written before.

        Raises:
            sqlalchemy.exc.IntegrityError: one of them was being written at this moment; the next try finds it.
        """
        ids = [receipt.id for receipt in receipts]
        with self._engine.begin() as connection:
            begin_writing(connection)
            known = set(connection.execute(select(RECEIPTS.c.id).where(RECEIPTS.c.id.in_(ids))).scalars())
            self._insert(connection, [receipt for receipt in receipts if receipt.id not in known])

    def find(self, screening_id: str) -> Receipt | None:
        """The receipt of an answer; None where there is none."""
        with self._engine.connect() as connection:
            row = connection.execute(select(RECEIPTS).where(RECEIPTS.c.id == screening_id)).one_or_none()
        return None if row is None else Receipt(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name

    def between(self, from_us: int, to_us: int, model_version: int | None = None) -> Iterator[Receipt]:
        """Every receipt of a time, the oldest first.

        Args:
            from_us: Its first microsecond, included.
            to_us: Its end, excluded.
            model_version: Of this version only; of all where None.
        """
        query = select(RECEIPTS).where(RECEIPTS.c.answered_at_us >= from_us, RECEIPTS.c.answered_at_us < to_us)
        if model_version is not None:
            query = query.where(RECEIPTS.c.model_version == model_version)
        query = query.order_by(RECEIPTS.c.answered_at_us, RECEIPTS.c.id)
        with self._engine.connect() as connection:
            result = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query)
            for row in result:
                yield Receipt(**row._mapping)  # noqa: SLF001 - the same

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _insert(self, connection: Connection, receipts: Sequence[Receipt]) -> None:
        insert_rows(connection, RECEIPTS, COLUMNS, [_COLUMNS_OF(receipt) for receipt in receipts])
        if self._beside is not None and receipts:
            self._beside(connection, receipts)


def is_away(error: Exception) -> bool:
    """Whether an error of `ReceiptStore` is about the database, and not about what it was given."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError)):
            return True
        return sql_state(error).startswith(CANNOT_NOW)
    return isinstance(error, (PoolTimeout, OSError))


def sql_state(error: DBAPIError) -> str:
    """PostgreSQL's code of what went wrong; its driver tells kinds of errors apart by nothing else."""
    arguments = getattr(error.orig, "args", ())
    told = arguments[0] if arguments else None
    return str(told.get("C", "")) if isinstance(told, dict) else ""
