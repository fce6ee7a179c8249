"""The same behaviour on SQLite and on PostgreSQL: writing, finding, steps of the schema with data, two releases at once."""

import contextlib
import json
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.access.secret_keys import SecretKeys
from gateway.records import schema
from gateway.records.audit.chain import AuditChain
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.database import open_database
from gateway.records.receipt import Receipt
from gateway.records.store import is_away
from gateway.records.tables import METADATA
from tests.support.gateway import FakeGateway
from tests.support.records import add_review, make_receipt, make_records, open_store

PHOTO = b"zq-bytes-of-a-photo"
COLUMNS_OF_0001 = (
    "id, receipt_schema, answered_at_us, model_name, model_version, model_digest, policy_number, policy_digest, "
    "preprocessing_version, severity_ppm, p_no_depression, band, traffic, caller, subject_digest, photo_digest, content"
)
CONTENT_OF_SCHEMA_1 = {
    "abstained": False,
    "severity_percent": 50.0,
    "severity_spread_ppm": None,
    "quality": {"sharpness": 0.5},
    "model": {"name": "depression_severity", "version": 3, "digest": "ab" * 32, "evidence": "demo", "knows_nothing": False},
    "policy": {"number": 1, "digest": "cd" * 32},
    "fingerprints": {},
    "timings_seconds": {"total": 0.01},
    "doubts": [],
}  # fmt: skip
"""As the release before reviews wrote it."""


@pytest.fixture
def engine(database_url):
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(database_url):
    store = open_store(database_url)
    yield store
    store.close()


@pytest.fixture
def closing():
    with contextlib.ExitStack() as stack:
        yield stack


def write_as_release_of_0001(engine, receipt):
    """The very statement with which the release of step 0001 writes."""
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    statement = f"INSERT INTO receipts ({COLUMNS_OF_0001}) VALUES ({', '.join([mark] * 17)})"  # noqa: S608 - ours
    with engine.begin() as connection:
        connection.exec_driver_sql(statement, [tuple(getattr(receipt, name) for name in COLUMNS_OF_0001.split(", "))])


def all_of(store):
    return list(store.between(0, 2**62))


def test_an_answer_is_found_again_as_it_was_given(tmp_path, database_url, closing):
    gateway = FakeGateway(tmp_path, **make_records(tmp_path, url=database_url))
    closing.callback(gateway.close)
    given = gateway.screen(PHOTO).json
    kept = gateway.client.get(f"/v1/screenings/{given['id']}").json
    del given["explanation"], kept["answered_at"], kept["notice_version"]
    assert kept == given


def test_receipts_are_written_together_or_not_at_all(store):
    store.write([make_receipt(number) for number in (2, 1)])
    with pytest.raises(IntegrityError) as refused:
        store.write([make_receipt(3), make_receipt(1)])
    assert not is_away(refused.value)
    assert all_of(store) == [make_receipt(1), make_receipt(2)]
    assert store.find(make_receipt(2).id) == make_receipt(2)
    assert store.find(make_receipt(3).id) is None


def test_the_steps_make_the_tables_that_the_code_speaks_of(engine):
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_receipts_outlive_the_way_down_and_up_again(engine, store):
    store.write([make_receipt(1), make_receipt(2)])
    add_review(engine, make_receipt(1))
    with engine.begin() as connection:
        AuditChain(SecretKeys.random()).append(connection, [AuditEvent(AuditKind.PAUSE, "system")])
    schema.downgrade(engine, "0001")
    assert sorted(inspect(engine).get_table_names()) == ["alembic_version", "receipts"]
    assert all_of(store) == [make_receipt(1), make_receipt(2)]
    assert schema.upgrade(engine) == ("0001", "0002")
    assert all_of(store) == [make_receipt(1), make_receipt(2)]
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_many_gateways_that_upgrade_at_once_go_each_step_once(engine, database_url):
    schema.downgrade(engine, schema.NO_TABLES)
    ends, barrier = [], threading.Barrier(3)

    def upgrade():
        own = open_database(database_url)
        barrier.wait(30)
        ends.append(schema.upgrade(own)[1])
        own.dispose()

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert ends == ["0002"] * 3


def test_the_release_before_writes_and_reads_on_the_tables_of_this_one(engine, store):
    old = make_receipt(1, receipt_schema=1, content=json.dumps(CONTENT_OF_SCHEMA_1))
    write_as_release_of_0001(engine, old)
    assert store.find(old.id) == old
    store.write([make_receipt(2)])
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT {COLUMNS_OF_0001} FROM receipts ORDER BY id").all()  # noqa: S608
    assert [Receipt(**dict(zip(COLUMNS_OF_0001.split(", "), row, strict=True))) for row in rows] == all_of(store)


def test_what_schema_1_kept_is_read_by_this_release(tmp_path, database_url, closing):
    gateway = FakeGateway(tmp_path, **make_records(tmp_path, url=database_url))
    closing.callback(gateway.close)
    engine = open_database(database_url)
    old = make_receipt(1, receipt_schema=1, content=json.dumps(CONTENT_OF_SCHEMA_1))
    write_as_release_of_0001(engine, old)
    engine.dispose()
    kept = gateway.client.get(f"/v1/screenings/{old.id}").json
    assert (kept["band"], kept["severity_percent"], kept["model"]["evidence"]) == ("mild", 50.0, "demo")


@pytest.mark.needs_system("postgres")
def test_a_server_that_was_killed_is_away_and_found_again(postgresql):
    url = postgresql.new_database()
    store = open_store(url)
    store.write([make_receipt(1)])
    postgresql.kill()
    try:
        with pytest.raises(Exception) as gone:  # noqa: PT011 - drivers have errors of their own
            store.write([make_receipt(2)])
        assert is_away(gone.value)
    finally:
        postgresql.start()
    store.write([make_receipt(3)])
    assert [receipt.id for receipt in all_of(store)] == [make_receipt(1).id, make_receipt(3).id]
    store.close()
    postgresql.drop(url)


@pytest.mark.needs_system("postgres")
@pytest.mark.parametrize(
    ("state", "away"),
    [("53100", True), ("57P03", True), ("58030", True), ("08006", True), ("23505", False), ("22001", False)],
)
def test_of_what_postgresql_says_only_its_own_trouble_counts_as_being_away(postgresql, state, away):
    url = postgresql.new_database(tables=False)
    engine = open_database(url)
    with pytest.raises(DBAPIError) as said, engine.begin() as connection:
        connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'zq' USING ERRCODE = '{state}'; END $$")
    engine.dispose()
    postgresql.drop(url)
    assert is_away(said.value) is away
