"""Has the database the tables of this release? Asked before a gateway starts, and by `check`."""

from __future__ import annotations

from gateway.access.secret_keys import SecretKeys
from gateway.errors import RecordsNotReady
from gateway.records.address import masked_address, sqlite_path
from gateway.records.database_tls import BY_HOST, DatabaseTls

UPGRADE = "python -m gateway records upgrade"


class DatabaseAway(Exception):
    """It cannot be asked right now; the message says why, without a password."""


class DatabaseNotTrusted(DatabaseAway):
    """It is there, and speaks no TLS that is trusted."""


def require_tables(url: str, tls: DatabaseTls = BY_HOST) -> str:
    """The step of the schema that the database is at, which is the one that this release needs.

    Raises:
        RecordsNotReady: it is at another.
        DatabaseAway: nobody can say.
    """
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - only where records are on

    from gateway.records.database import open_database  # noqa: PLC0415 - the same
    from gateway.records.schema import NO_TABLES, current_revision, is_known, needed_revision  # noqa: PLC0415 - the same

    engine = open_database(url, tls=tls)
    try:
        current, needed = current_revision(engine), needed_revision()
    except (DBAPIError, OSError) as error:
        raise _away(url, error) from None
    finally:
        engine.dispose()
    if current == needed:
        return current
    place = masked_address(url)
    if current == NO_TABLES:
        message = f"{place} has no tables for records yet; make them: {UPGRADE}"
    elif is_known(current):
        message = f"{place} has the tables of an earlier release ({current}, this one needs {needed}): {UPGRADE}"
    else:
        message = f"{place} has the tables of a later release ({current}, this one knows {needed}); start that release"
    raise RecordsNotReady(message)


def require_known_key(url: str, keys: SecretKeys, tls: DatabaseTls = BY_HOST) -> None:
    """Check that the secret of the records is the one that they were made with: with another, nobody would be found any more.

    Raises:
        RecordsNotReady: the newest event of the audit trail was made with a key that is not among them.
        DatabaseAway: nobody can say.
    """
    from sqlalchemy import select  # noqa: PLC0415 - only where records are on
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - the same

    from gateway.records.audit.macs import AuditKeys  # noqa: PLC0415 - the same
    from gateway.records.database import open_database  # noqa: PLC0415 - the same
    from gateway.records.tables import AUDIT_EVENTS  # noqa: PLC0415 - the same

    engine = open_database(url, tls=tls)
    try:
        with engine.connect() as connection:
            newest = select(AUDIT_EVENTS.c.key_id).order_by(AUDIT_EVENTS.c.sequence.desc()).limit(1)
            key_id = connection.execute(newest).scalar_one_or_none()
    except (DBAPIError, OSError) as error:
        raise _away(url, error) from None
    finally:
        engine.dispose()
    if key_id is not None and key_id not in AuditKeys(keys):
        message = (
            f"the records in {masked_address(url)} were last written with a key that SYMMETRA_RECORD_KEY_FILE does not hold: with "
            "another, nobody in them would be found any more. Put the file back; a new key goes in front of the old lines"
        )
        raise RecordsNotReady(message)


def flushes(url: str, tls: DatabaseTls = BY_HOST) -> bool:
    """Whether the database waits for its disk before it says that something is kept.

    Raises:
        DatabaseAway: nobody can say.
    """
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - only where records are on

    from gateway.records.database import open_database  # noqa: PLC0415 - the same

    engine = open_database(url, tls=tls)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                return True  # `open_database` sees to it
            return bool(connection.exec_driver_sql("SELECT current_setting('fsync')").scalar_one() == "on")
    except (DBAPIError, OSError) as error:
        raise _away(url, error) from None
    finally:
        engine.dispose()


def _away(url: str, error: Exception) -> DatabaseAway:
    """A sentence with the words of TLS, and of everything else the class alone: a driver's words repeat what it was given."""
    cause = getattr(error, "orig", None) or error
    if sqlite_path(url) is None:
        from gateway.records.postgresql_connection import TlsRefused  # noqa: PLC0415 - its driver, only where there is one

        if isinstance(cause, TlsRefused):
            return DatabaseNotTrusted(f"{masked_address(url)} cannot be asked: {cause}")
    return DatabaseAway(f"{masked_address(url)} cannot be asked: {type(cause).__name__}")
