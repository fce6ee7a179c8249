"""Who asked for records and may not leaves an event; a flood of them leaves a few."""

import json

import pytest
from sqlalchemy import text

from gateway.access.scopes import Scope
from gateway.records.assembly import RECORDS_EXTENSION
from gateway.records.audit.refusals import MAX_DIFFERENT, OTHERS, Refusal, Refusals
from gateway.records.database import open_database
from tests.support.access import add_key
from tests.support.gateway import FakeGateway
from tests.support.records import make_records

ADDRESS = "/v1/screenings/00000000-0000-4000-8000-000000000001"
ROUTE = "/v1/screenings/<screening_id>"


@pytest.fixture
def records(tmp_path):
    return make_records(tmp_path)


@pytest.fixture
def engine(records):
    engine = open_database(records["records_url"])
    yield engine
    engine.dispose()


@pytest.fixture
def gateway(tmp_path, records):
    return FakeGateway(
        tmp_path, **records, api_keys_file=tmp_path / "keys.json", access_failures_per_second_per_client=0.0
    )


def ask(gateway, key=None, address=ADDRESS, method="GET"):
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return gateway.client.open(address, method=method, headers=headers).status_code


def written(gateway, engine):
    """Actor and details of what the thread writes when it looks."""
    gateway.app.extensions[RECORDS_EXTENSION].audit.look()
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT actor, details FROM audit_events WHERE kind = 'refused' ORDER BY sequence")
        )
        return [(row.actor, json.loads(row.details)) for row in rows]


def test_a_known_caller_is_named_and_a_stranger_counted(gateway, engine, tmp_path):
    key = add_key(tmp_path / "keys.json", Scope.SCREEN, name="ward")
    assert ask(gateway, key) == 403
    assert [ask(gateway), ask(gateway), ask(gateway, method="HEAD")] == [401, 401, 401]
    assert ask(gateway, "nonsense") == 401
    assert written(gateway, engine) == [
        ("key:ward", {"code": "scope_missing", "count": 1, "method": "GET", "route": ROUTE}),
        ("nobody", {"code": "credential_missing", "count": 3, "method": "GET", "route": ROUTE}),
        ("nobody", {"code": "credential_invalid", "count": 1, "method": "GET", "route": ROUTE}),
    ]


def test_refusals_elsewhere_and_answers_are_none(gateway, engine, tmp_path):
    key = add_key(tmp_path / "keys.json", Scope.READ_RECORDS)
    assert ask(gateway, address="/v1/models") == 401
    assert ask(gateway, key) == 404
    assert ask(gateway, address="/zq-nowhere") == 404
    assert written(gateway, engine) == []


def test_what_could_not_be_written_is_written_later(gateway, engine):
    ask(gateway)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_head RENAME TO elsewhere"))
    assert written(gateway, engine) == []
    ask(gateway)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO audit_head"))
    ((_, details),) = written(gateway, engine)
    assert details["count"] == 2


def test_the_thread_writes_what_is_left_when_it_ends(gateway, engine):
    records = gateway.app.extensions[RECORDS_EXTENSION]
    records.audit.start()
    ask(gateway)
    records.audit.close()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit_events WHERE kind = 'refused'")).scalar_one() == 1


def test_a_flood_of_different_ones_is_counted_together():
    refusals = Refusals()
    for number in range(2 * MAX_DIFFERENT):
        refusals.count(Refusal(f"key:{number}", "scope_missing", "GET", ROUTE))
    taken = refusals.take()
    assert len(taken) == MAX_DIFFERENT + 1
    assert taken[Refusal(OTHERS, OTHERS, OTHERS, OTHERS)] == MAX_DIFFERENT
    assert not refusals.take()
