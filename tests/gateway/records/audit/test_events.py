"""What leaves an event: an answer with its receipt, reading one, and reading none."""

import json

import pytest
from sqlalchemy import text

from gateway.errors import RecordsUnavailable
from gateway.records.audit.chain import AuditChain
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.audit.macs import AuditKeys
from gateway.records.audit.screenings import COVERED, note_screenings, receipt_mac
from gateway.records.audit.trail import AuditTrail
from gateway.records.database import open_database
from gateway.records.record_keys import record_keys_of
from gateway.records.store import ReceiptStore
from gateway.records.tables import RECEIPTS
from tests.support.access import add_key
from tests.support.gateway import FakeGateway
from tests.support.records import make_receipt, make_records

UNKNOWN = "00000000-0000-4000-8000-00000000abcd"


@pytest.fixture
def kept(tmp_path, database_url):
    return make_records(tmp_path, url=database_url)


@pytest.fixture
def make_gateway(tmp_path, kept, monkeypatch):
    """Makes gateways whose connections to the database are closed after the test."""
    opened = []

    def open_and_remember(url, *arguments):
        opened.append(open_database(url, *arguments))
        return opened[-1]

    monkeypatch.setattr("gateway.records.database.open_database", open_and_remember)
    yield lambda **settings: FakeGateway(tmp_path, **kept, **settings)
    for engine in opened:
        engine.dispose()


@pytest.fixture
def keeping(make_gateway):
    return make_gateway()


def events_of(engine):
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT kind, actor, receipt_id, details, key_id FROM audit_events ORDER BY sequence")
        )
        return rows.all()


def test_an_answer_leaves_an_event_with_the_code_of_its_receipt(keeping, engine):
    given = keeping.screen().json
    ((kind, actor, receipt_id, details, key_id),) = events_of(engine)
    assert (kind, actor, receipt_id) == ("screening", "anonymous", given["id"])
    keys = AuditKeys(record_keys_of(keeping.settings))
    receipt = ReceiptStore(engine).find(given["id"])
    assert json.loads(details) == {
        "receipt_mac": receipt_mac(receipt, keys, key_id),
        "traffic": "patient",
        "answered_at_us": receipt.answered_at_us,
    }


def test_an_answer_without_an_event_is_not_given(keeping, engine):
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_events RENAME TO elsewhere"))
    response = keeping.screen()
    assert (response.status_code, response.json["code"]) == (503, "records_unavailable")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM receipts")).scalar_one() == 0


def test_the_code_covers_every_column_of_a_receipt():
    assert tuple(RECEIPTS.columns.keys()) == COVERED


def test_a_receipt_that_was_read_from_the_database_has_the_code_of_the_one_written(engine, keys):
    audit_keys = AuditKeys(keys)
    store = ReceiptStore(engine, note_screenings(AuditChain(audit_keys), audit_keys))
    receipts = [
        make_receipt(1, p_no_depression=1 / 3, severity_ppm=666_667, band=None, subject_digest=None),
        make_receipt(
            2, p_no_depression=5e-324, subject_digest="12" * 32, caller="key:Ärzte-2", content='{"a":"\\u00e4"}'
        ),
    ]
    store.write(receipts)
    for receipt in receipts:
        found = store.find(receipt.id)
        assert receipt_mac(found, audit_keys, audit_keys.making_id) == receipt_mac(
            receipt, audit_keys, audit_keys.making_id
        )


def test_reading_an_answer_leaves_an_event_with_who_read_it(tmp_path, make_gateway, engine):
    path = tmp_path / "keys.json"
    screening, reading = add_key(path, name="ward"), add_key(path, name="archive")
    gateway = make_gateway(api_keys_file=path)
    given = gateway.screen(headers={"Authorization": f"Bearer {screening}"}).json
    headers = {"Authorization": f"Bearer {reading}"}
    assert gateway.client.get(f"/v1/screenings/{given['id']}", headers=headers).status_code == 200
    assert gateway.client.get(f"/v1/screenings/{UNKNOWN}", headers=headers).status_code == 404
    assert gateway.client.get("/v1/screenings/zq-no-id", headers=headers).status_code == 404
    assert [tuple(event)[:4] for event in events_of(engine)][1:] == [
        ("answer_read", "key:archive", given["id"], '{"found":1}'),
        ("answer_read", "key:archive", UNKNOWN, '{"found":0}'),
    ]


def test_an_answer_is_not_shown_where_that_cannot_be_noted(keeping, engine):
    given = keeping.screen().json
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_head RENAME TO elsewhere"))
    response = keeping.client.get(f"/v1/screenings/{given['id']}")
    assert (response.status_code, response.json["code"]) == (503, "records_unavailable")
    assert given["id"] not in response.text


def test_a_request_can_note_an_event_or_hears_that_it_was_not(engine, keys):
    trail = AuditTrail(engine, AuditChain(keys))
    trail.note(AuditEvent(AuditKind.SIGN_IN, "oidc:12"), AuditEvent(AuditKind.SIGN_OUT, "oidc:12"))
    assert [event.kind for event in events_of(engine)] == ["sign_in", "sign_out"]
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_head RENAME TO elsewhere"))
    with pytest.raises(RecordsUnavailable):
        trail.note(AuditEvent(AuditKind.SIGN_OUT, "oidc:12"))
    trail.close()
