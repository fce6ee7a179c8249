"""The tables of a copy, in the order in which they can be filled, and the rows of each in one order on every database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, String, Table, collate, select

from gateway.records.tables import (
    AUDIT_CHECKPOINTS,
    AUDIT_EVENTS,
    AUDIT_HEAD,
    DELETIONS,
    OUTCOMES,
    RECEIPTS,
    REVIEWS,
)

TABLES: Final = (RECEIPTS, REVIEWS, OUTCOMES, AUDIT_EVENTS, AUDIT_HEAD, AUDIT_CHECKPOINTS, DELETIONS)
BY_NAME: Final = {table.name: table for table in TABLES}
ROWS_AT_ONCE: Final = 1000

Row = Sequence[Any]


def key_of(table: Table) -> str:
    """The column that a table is ordered by."""
    (column,) = table.primary_key.columns
    return column.name


def rows_of(connection: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    """Every row, a page at a time, in the order of its key: bytes of texts, not what a locale makes of them."""
    key = table.c[key_of(table)]
    order: ColumnElement[Any] = key
    if isinstance(key.type, String) and connection.dialect.name == "postgresql":
        order = collate(key, "C")
    query = select(table).order_by(order).limit(ROWS_AT_ONCE)
    position = list(table.columns.keys()).index(key.name)
    page = connection.execute(query).all()
    while page:
        yield from (tuple(row) for row in page)
        page = connection.execute(query.where(order > page[-1][position])).all()
