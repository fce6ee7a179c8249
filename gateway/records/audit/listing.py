"""Events by the answer that they are about, and by time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Engine, Row, Select, select

from gateway.records.tables import AUDIT_EVENTS

ROWS_AT_ONCE: Final = 1000
"""In memory."""


def events_of_receipt(engine: Engine, receipt_id: str) -> Iterator[Row[Any]]:
    """Every event about an answer, the first one first; rows of `AUDIT_EVENTS`."""
    columns = AUDIT_EVENTS.c
    return _rows(engine, select(AUDIT_EVENTS).where(columns.receipt_id == receipt_id).order_by(columns.sequence))


def events_between(engine: Engine, from_us: int, to_us: int) -> Iterator[Row[Any]]:
    """Every event of a time, the first one first.

    Args:
        engine: Of the records.
        from_us: Its first microsecond, included.
        to_us: Its end, excluded.
    """
    columns = AUDIT_EVENTS.c
    in_time = select(AUDIT_EVENTS).where(columns.at_us >= from_us, columns.at_us < to_us)
    return _rows(engine, in_time.order_by(columns.at_us, columns.sequence))


def _rows(engine: Engine, query: Select[Any]) -> Iterator[Row[Any]]:
    with engine.connect() as connection:
        yield from connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query)
