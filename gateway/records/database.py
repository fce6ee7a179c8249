"""Opening the database that the settings name: SQLite for one gateway, PostgreSQL for several."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url

from gateway.records.database_tls import BY_HOST, DatabaseTls

CONNECT_SECONDS: Final = 5
"""Of a gateway: for a connection, for an answer of the database, and for a lock that another process holds."""
PATIENT_SECONDS: Final = 3600
"""The same of a command: an index over a million receipts takes its time."""


def open_database(url: str, wait_seconds: int = CONNECT_SECONDS, tls: DatabaseTls = BY_HOST) -> Engine:
    """An engine that connects when it is first used.

    Args:
        url: As `gateway.records.address.records_address` accepts it.
        wait_seconds: At most for anything that the database is asked.
        tls: What PostgreSQL is asked for.

    Raises:
        gateway.records.database_tls.CaFileInvalid: the file of authorities cannot be used.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": wait_seconds})
        event.listen(engine, "connect", _set_up_sqlite)
        return engine
    from gateway.records.postgresql_connection import connect  # noqa: PLC0415 - its driver, only where there is one

    context = tls.context_for(parsed.host)
    # The driver's own default is TLS with anybody who offers it, which protects from nobody.
    arguments = {"timeout": wait_seconds, "ssl_context": False if context is None else context}
    # A connection that the server closed meanwhile is found out before it is used, not by the receipt that needs it.
    engine = create_engine(url, connect_args=arguments, pool_pre_ping=True)
    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", _set_up_postgresql)
    return engine


def begin_writing(connection: Connection) -> None:
    """Let nobody else write to an SQLite database from here to the end of the transaction, so that what is read now stays true.

    The driver begins a transaction only with the first change. PostgreSQL locks rows, and needs nothing here.
    """
    if connection.dialect.name != "sqlite":
        return
    if not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]  # of Python's own driver
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite database; None for others."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def _set_up_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - of the driver
    cursor = connection.cursor()
    # Readers and the writer do not wait for each other.
    cursor.execute("PRAGMA journal_mode=WAL")
    # With WAL the default is to flush now and then; a receipt must be on the disk before its answer is given.
    cursor.execute("PRAGMA synchronous=FULL")
    # By default SQLite reads foreign keys and does not keep them.
    cursor.execute("PRAGMA foreign_keys=ON")
    # What was erased is overwritten, and does not wait in a free page for the next row. Not every build does so by itself.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _set_up_postgresql(connection: Any, _record: object) -> None:  # noqa: ANN401 - of the driver
    cursor = connection.cursor()
    # A server may be set to say of a transaction that it is done before it is on the disk. What else a site has chosen stays.
    cursor.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )
    cursor.close()
    connection.commit()
