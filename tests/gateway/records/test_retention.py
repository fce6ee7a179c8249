"""What has had its time is deleted, in batches, with a deletion receipt and an audit event; nothing else is."""

import datetime as dt
import json
import threading
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine

from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.database import open_database
from gateway.records.receipt import microseconds_of
from gateway.records.retention import expiry
from gateway.records.retention.expiry import Expiry
from gateway.records.retention.policy import DAY_US, RetentionPolicy
from gateway.records.retention.thread import RetentionThread
from gateway.records.tables import AUDIT_EVENTS, DELETIONS, OUTCOMES, RECEIPTS, REVIEWS
from tests.support.command_line import command
from tests.support.gateway import FakeGateway
from tests.support.gateway_process import wait_until
from tests.support.records import add_review, chain_of, make_receipt, make_records, open_store, rows_of

NOW_US = 1_700_000_000_000_000
POLICY = RetentionPolicy(receipt_days=30, audit_days=0)


@dataclass
class Kept:
    """Records with receipts of all ages."""

    settings: dict
    engine: Engine

    def expiry(self, policy=POLICY):
        return Expiry(self.engine, chain_of(self.settings), policy)

    def ids(self, table=RECEIPTS):
        return {row["id"] for row in rows_of(self.engine, table)}


def aged(number, days, traffic="patient"):
    return make_receipt(number, answered_at_us=NOW_US - round(days * DAY_US), traffic=traffic)


@pytest.fixture
def kept(tmp_path, database_url):
    settings = make_records(tmp_path, url=database_url)
    store = open_store(database_url)
    store.write([
        aged(1, 31), aged(2, 29), aged(3, 2, "loadtest"), aged(4, 0.9, "loadtest"), aged(5, 2, "sentinel"), aged(6, 30.00001),
    ])  # fmt: skip
    store.close()
    engine = open_database(database_url)
    for receipt in (aged(1, 31), aged(2, 29)):
        add_review(engine, receipt)
    yield Kept(settings, engine)
    engine.dispose()


def ids(*numbers):
    return {make_receipt(number).id for number in numbers}


def test_each_class_of_traffic_has_its_own_time(kept):
    assert dict(kept.expiry().run(NOW_US)) == {"receipts": 4, "reviews": 1, "outcomes": 1}
    assert kept.ids() == ids(2, 4)
    assert [row["receipt_id"] for row in rows_of(kept.engine, REVIEWS)] == list(ids(2))
    assert [row["receipt_id"] for row in rows_of(kept.engine, OUTCOMES)] == list(ids(2))
    assert not kept.expiry().run(NOW_US), "a second look finds nothing"


def test_without_a_policy_only_what_is_about_nobody_expires(kept):
    kept.expiry(RetentionPolicy(0, 0)).run(NOW_US)
    assert kept.ids() == ids(1, 2, 4, 6)


def test_a_deletion_leaves_its_receipt_and_its_event_and_nothing_of_what_it_deleted(kept):
    kept.expiry().run(NOW_US)
    deletions = sorted(rows_of(kept.engine, DELETIONS), key=lambda row: row["content"])
    assert {(row["kind"], row["actor"], row["reference"]) for row in deletions} == {("retention", "system", None)}
    told = [json.loads(row["content"]) for row in deletions]
    assert {each["traffic"]: (each["receipts"], each["reviews"]) for each in told} == {
        "patient": (2, 1), "loadtest": (1, 0), "sentinel": (1, 0),
    }  # fmt: skip
    events = [json.loads(row["details"]) for row in rows_of(kept.engine, AUDIT_EVENTS)]
    assert {event["deletion_id"] for event in events} == {row["id"] for row in deletions}
    assert not [number for number in ids(1, 3, 5, 6) if number in str(deletions) + str(events)]


def test_many_are_deleted_in_batches_and_what_was_deleted_before_a_failure_stays_deleted(kept, monkeypatch):
    monkeypatch.setattr(expiry, "MAX_AT_ONCE", 10)
    store = open_store(kept.settings["records_url"])
    store.write([aged(number, 5, "loadtest") for number in range(100, 135)])
    store.close()
    answers = iter([True] * 3)
    with pytest.raises(StopIteration):
        kept.expiry().run(NOW_US, lambda: next(answers))
    assert len(kept.ids() & ids(*range(100, 135))) == 25, "one batch of each class"
    assert kept.expiry().run(NOW_US)["receipts"] == 25 + 1
    assert kept.ids() == ids(2, 4)


def test_audit_events_expire_from_the_beginning_and_the_chain_says_where_it_begins_now(kept, monkeypatch):
    chain = chain_of(kept.settings)
    for day in range(4):
        monkeypatch.setattr("time.time_ns", lambda day=day: (NOW_US + day * DAY_US) * 1000)
        with kept.engine.begin() as connection:
            chain.append(connection, [AuditEvent(AuditKind.PAUSE, "system")] * 3)
    before = rows_of(kept.engine, AUDIT_EVENTS)
    deleted = kept.expiry(RetentionPolicy(2, 2)).run(NOW_US + 4 * DAY_US)
    assert deleted["audit_events"] == 6
    after = rows_of(kept.engine, AUDIT_EVENTS)
    assert [row["sequence"] for row in after][:6] == [7, 8, 9, 10, 11, 12]
    said = json.loads(after[-1]["details"])
    assert (said["audit_through"], said["audit_mac"]) == (6, before[5]["mac"])
    monkeypatch.undo()
    verified = command("records", "verify", **kept.settings)
    assert verified.code == 0, verified.err


def test_the_trail_of_receipts_that_were_deleted_by_rule_stays_whole(tmp_path, database_url):
    settings = make_records(tmp_path, url=database_url)
    gateway = FakeGateway(tmp_path, **settings)
    for number in range(3):
        assert gateway.screen(b"photo", headers={"X-Subject": f"zq-{number}"}).status_code == 200
    gateway.close()
    assert command("records", "erase", "--subject", "zq-1", "--yes", **settings).code == 0
    engine = open_database(database_url)
    in_a_month = microseconds_of(dt.datetime.now(dt.UTC) + dt.timedelta(days=31))
    assert Expiry(engine, chain_of(settings), POLICY).run(in_a_month)["receipts"] == 2
    engine.dispose()
    verified = command("records", "verify", **settings)
    assert verified.code == 0, verified.err


def test_a_command_expires_with_the_days_it_is_told(kept):
    said = command("records", "expire", "--keep-receipts-days", "1", **kept.settings)
    assert (said.code, said.out) == (0, "deleted: 2 outcomes, 6 receipts, 2 reviews\n")
    assert kept.ids() == set()


@pytest.mark.parametrize("days", [("--keep-receipts-days", "x"), ("--keep-audit-days", "5")])
def test_a_policy_that_cannot_be_is_bad_usage(kept, days):
    with pytest.raises(SystemExit) as ended:
        command("records", "expire", *days, **kept.settings)
    assert ended.value.code == 2
    assert len(kept.ids()) == 6


class Looks:
    def __init__(self):
        self.results = []

    def count_retention_run(self, result):
        self.results.append(result)


def test_a_gateway_looks_by_itself_and_goes_on_after_a_failure(kept):
    looks, expiry = Looks(), kept.expiry()
    failing = iter([OSError("away"), None])
    run = expiry.run

    def fail_first(*arguments):
        error = next(failing, None)
        if error is not None:
            raise error
        return run(*arguments)

    expiry.run = fail_first
    thread = RetentionThread(expiry, looks)
    thread.start(0.01)
    wait_until(lambda: len(looks.results) >= 2)
    thread.close()
    assert looks.results[:2] == ["failed", "done"]


@pytest.mark.needs_system("postgres")
def test_of_several_gateways_one_deletes_and_a_dead_one_keeps_nobody_out(tmp_path, postgresql):
    url = postgresql.new_database()
    settings = make_records(tmp_path, url=url)
    engines = [open_database(url) for _ in range(2)]
    first, second = (Expiry(engine, chain_of(settings), POLICY) for engine in engines)
    inside, go_on = threading.Event(), threading.Event()

    def wait():
        inside.set()
        return go_on.wait(30)

    thread = threading.Thread(target=first.run, args=(NOW_US, wait))
    thread.start()
    assert inside.wait(30)
    assert second.run(NOW_US) is None
    go_on.set()
    thread.join(30)
    assert second.run(NOW_US) is not None
    for engine in engines:
        engine.dispose()
    postgresql.drop(url)
