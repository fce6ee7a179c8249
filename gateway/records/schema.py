"""Which tables the database has, which this release needs, and the steps between them (Alembic)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from gateway.records.database import sqlite_file
from serving.repository.durable import make_directory

MIGRATIONS: Final = Path(__file__).parent / "migrations"
NO_TABLES: Final = "none"


def needed_revision() -> str:
    """The last step of this release."""
    head = _scripts().get_current_head()
    assert head is not None, "this release has migrations"  # noqa: S101 - they are part of the package
    return head


def current_revision(engine: Engine) -> str:
    """The last step that the database has seen; `NO_TABLES` where it has seen none. Makes nothing.

    Raises:
        sqlalchemy.exc.DBAPIError: the database cannot be asked.
    """
    path = sqlite_file(engine.url.render_as_string(hide_password=False))
    if path is not None and not path.exists():
        return NO_TABLES  # connecting would make the file
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or NO_TABLES


def is_known(revision: str) -> bool:
    """Whether a step is one of this release: of a later release it is not."""
    return revision == NO_TABLES or any(script.revision == revision for script in _scripts().walk_revisions())


def lies_before(step: str, other: str) -> bool:
    """Whether both are steps of this release, and the first comes before the second."""
    newest_first = [*(script.revision for script in _scripts().walk_revisions()), NO_TABLES]
    return {step, other} <= set(newest_first) and newest_first.index(step) > newest_first.index(other)


def upgrade(engine: Engine) -> tuple[str, str]:
    """Go every missing step; the steps before and after. Several may try at once: the database lets one after the other.

    Raises:
        sqlalchemy.exc.DBAPIError: the database cannot be used.
        OSError: the folder of an SQLite file cannot be made.
    """
    path = sqlite_file(engine.url.render_as_string(hide_password=False))
    if path is not None:
        make_directory(path.absolute().parent)
    before = current_revision(engine)
    _go(engine, needed_revision())
    return before, current_revision(engine)


def downgrade(engine: Engine, revision: str) -> None:
    """Go back to a step; `NO_TABLES` is before the first. What the steps after it added is lost with them.

    Raises:
        sqlalchemy.exc.DBAPIError: the database cannot be used.
    """
    _go(engine, "base" if revision == NO_TABLES else revision, back=True)


def _go(engine: Engine, revision: str, *, back: bool = False) -> None:
    scripts = _scripts()

    def steps(current: object, _context: object) -> object:
        go = scripts._downgrade_revs if back else scripts._upgrade_revs  # noqa: SLF001 - as Alembic's own commands do
        return go(revision, current)  # type: ignore[arg-type]  # as Alembic hands it over

    with engine.connect() as connection:
        _lock(connection)
        with EnvironmentContext(Config(), scripts, fn=steps) as environment:
            environment.configure(connection=connection, transaction_per_migration=False)
            environment.run_migrations()
        connection.commit()


def _lock(connection: Connection) -> None:
    """Keep other upgrades out until this one's transaction ends."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7374096)")


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS)])
