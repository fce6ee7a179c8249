"""Reading the whole trail as it was at one moment, page by page, whatever is appended meanwhile."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, Table, select

ROWS_AT_ONCE: Final = 1000
"""In memory."""


@contextmanager
def snapshot(engine: Engine) -> Generator[Connection, None, None]:
    """A connection whose every query sees the database as it was when the first one began."""
    if engine.dialect.name != "sqlite":
        with engine.connect() as connection:
            yield connection.execution_options(isolation_level="REPEATABLE READ")
        return
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        # Somebody may have put bytes into a text that are none: that is a finding, and no reason to stop.
        before, driver.text_factory = driver.text_factory, _any_text
        connection.exec_driver_sql("BEGIN")  # the driver begins nothing for a reader
        try:
            yield connection
        finally:
            driver.text_factory = before


def rows_by_sequence(connection: Connection, table: Table) -> Iterator[Row[Any]]:
    """Every row of a table of the trail, in the order of its numbers."""
    number = table.c.sequence
    query = select(table).order_by(number).limit(ROWS_AT_ONCE)
    rows = connection.execute(query).all()
    while rows:
        yield from rows
        rows = connection.execute(query.where(number > rows[-1].sequence)).all()


def _any_text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
