import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gateway.records import schema
from gateway.records.address import masked_address
from gateway.records.database import open_database
from gateway.records.readiness import require_tables
from gateway.records.tables import METADATA
from tests.support.command_line import command
from tests.support.records import make_receipt, open_store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "made" / "receipts.db"


@pytest.fixture
def url(path):
    return f"sqlite:///{path}"


@pytest.fixture
def engine(url):
    engine = open_database(url)
    yield engine
    engine.dispose()


def test_the_steps_make_the_tables_that_the_code_speaks_of(engine):
    schema.upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_upgrading_makes_the_folder_the_file_and_the_tables_and_again_does_nothing(url, path):
    first = command("records", "upgrade", records_url=url)
    assert (first.code, first.out) == (0, f"{url} was at none, is at 0002\n")
    assert path.exists()
    assert command("records", "upgrade", "--url", url).out == f"{url} is at 0002 already\n"
    assert command("records", "status", records_url=url).code == 0


def test_status_says_what_is_missing_and_makes_nothing(url, path):
    said = command("records", "status", records_url=url)
    assert said.code == 1
    assert "python -m gateway records upgrade" in said.err
    assert not path.parent.exists()


def test_tables_of_a_later_release_are_left_alone(url, engine):
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Exception, match="a later release"):
        require_tables(url)
    said = command("records", "upgrade", records_url=url)
    assert said.code == 1
    assert "later release" in said.err


def test_tables_of_an_earlier_release_are_named(url, engine, monkeypatch):
    schema.upgrade(engine)
    monkeypatch.setattr(schema, "needed_revision", lambda: "0003")
    with pytest.raises(Exception, match="an earlier release"):
        require_tables(url)


def test_a_step_that_fails_leaves_the_tables_as_they_were(engine, monkeypatch):
    schema.upgrade(engine)
    monkeypatch.setattr("alembic.op.drop_table", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        schema.downgrade(engine, schema.NO_TABLES)
    monkeypatch.undo()
    assert schema.current_revision(engine) == "0002"
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_steps_go_down_and_up_again(engine, url):
    schema.upgrade(engine)
    store = open_store(url)
    store.write([make_receipt(1)])
    store.close()
    warned = command("records", "downgrade", "--to", "none", records_url=url)
    assert (warned.code, schema.current_revision(engine)) == (1, "0002")
    assert "every receipt" in warned.err
    said = command("records", "downgrade", "--to", "none", "--yes", records_url=url)
    assert (said.code, said.out) == (0, f"{url} was at 0002, is at none\n")
    assert schema.current_revision(engine) == schema.NO_TABLES
    assert schema.upgrade(engine) == ("none", "0002")


@pytest.mark.parametrize("step", ["0002", "0003", "base", "9999"])
def test_there_is_no_way_back_to_a_step_that_is_not_behind(engine, url, step):
    schema.upgrade(engine)
    said = command("records", "downgrade", "--to", step, "--yes", records_url=url)
    assert (said.code, schema.current_revision(engine)) == (1, "0002")
    assert "no way back" in said.err


def test_a_receipt_is_on_the_disk_when_it_is_written(records):
    path = Path(records["records_url"].removeprefix("sqlite:///"))
    engine = open_database(records["records_url"])
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    engine.dispose()
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_no_password_is_ever_shown():
    address = "postgresql+pg8000://symmetra:s3:cr@t@db.example/records"
    assert masked_address(address) == "postgresql+pg8000://symmetra:***@db.example/records"
    said = command("records", "status", "--url", "postgresql+pg8000://nobody:s3cret@127.0.0.1:1/none")
    assert said.code == 1
    assert "s3cret" not in said.out + said.err
    assert "cannot be asked" in said.err
    said = command("records", "upgrade", "--url", "postgresql+pg8000://nobody:s3cret@127.0.0.1:1/none")
    assert said.code == 1
    assert "s3cret" not in said.out + said.err


def test_something_else_than_a_database_is_told(url, path):
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    for order in ("status", "upgrade"):
        assert command("records", order, records_url=url).code == 1


@pytest.mark.parametrize("arguments", [(), ("forget",), ("upgrade", "--url", "mysql://x/y"), ("upgrade",)])
def test_bad_usage_ends_with_2(arguments):
    with pytest.raises(SystemExit) as ended:
        command("records", *arguments)
    assert ended.value.code == 2
