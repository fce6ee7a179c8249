"""Writing many rows of a table with one statement, as fast as each database can: the statement is made once and kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write rows in the caller's transaction.

    Args:
        connection: Of the database.
        table: Which table.
        columns: Names of the columns that the rows hold, in their order.
        rows: A value per column: text, whole number, finite float or None.
    """
    if not rows:
        return
    statement = _statement(connection.dialect, table, tuple(columns))
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(statement, [tuple(row) for row in rows])
        return
    # The driver would wait for an answer per row. As JSON they go over together, floats to the last bit.
    members = [dict(zip(columns, row, strict=True)) for row in rows]
    connection.exec_driver_sql(statement, (json.dumps(members, allow_nan=False),))


@lru_cache(maxsize=32)
def _statement(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> str:
    names = ", ".join(columns)
    if dialect.name == "sqlite":
        return f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - our own
    return (
        f"INSERT INTO {table.name} ({names}) "  # noqa: S608 - the same
        f"SELECT {names} FROM json_populate_recordset(CAST(NULL AS {table.name}), CAST(%s AS json))"
    )
