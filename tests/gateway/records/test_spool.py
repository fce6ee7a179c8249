"""The database away, and back: what was answered meanwhile reaches it, in order, once each."""

import threading

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import IntegrityError

from gateway.errors import RecordsNotReady, StartRefused
from gateway.records.away.journal import Journal, JournalFull, line_of
from gateway.records.away.spool import Spool
from gateway.records.away.when_away import WhenAway
from gateway.records.single_gateway import DatabaseTaken, SingleGateway
from gateway.records.tables import AUDIT_EVENTS
from monitoring.record_metrics import RecordMetrics
from tests.gateway.records.test_receipts import start
from tests.support.gateway import FakeGateway
from tests.support.gateway_process import wait_until
from tests.support.records import make_receipt, make_records, open_store, rows_of

ROOM = 100_000
END_OF_TIME = 2**62


class Database:
    """Takes receipts while it is there, and says so of each only where it is told to."""

    def __init__(self):
        self.ids = []
        self.is_there = True
        self.tells = True
        self.is_busy = threading.Lock()

    def write(self, receipts):
        with self.is_busy:
            if not self.is_there:
                raise OSError("away")
            known = set(self.ids) & {receipt.id for receipt in receipts}
            if known:
                raise IntegrityError("insert", {}, Exception("known"))
            self.ids += [receipt.id for receipt in receipts]
            if not self.tells:
                raise OSError("gone before it said so")

    def write_missing(self, receipts):
        self.write([receipt for receipt in receipts if receipt.id not in self.ids])


def is_away(error):
    return isinstance(error, OSError)


@pytest.fixture
def database():
    return Database()


@pytest.fixture
def open_spool(tmp_path, database):
    spools = []

    def open_one(room=ROOM):
        journal = Journal(tmp_path / "journal", room)
        spool = Spool(
            journal,
            write=database.write,
            write_missing=database.write_missing,
            is_away=is_away,
            metrics=RecordMetrics(CollectorRegistry()),
            retry_seconds=0.01,
        )
        spools.append(spool)
        return spool

    yield open_one
    for spool in spools:
        if spool._thread.is_alive():
            spool.close()


def ids(*numbers):
    return [make_receipt(number).id for number in numbers]


def write(spool, *numbers):
    for number in numbers:
        spool.write([make_receipt(number)])


def test_while_the_database_is_there_nothing_waits(open_spool, database):
    spool = open_spool()
    write(spool, 1, 2)
    assert database.ids == ids(1, 2)
    assert spool._journal.is_empty


def test_what_came_while_it_was_away_arrives_in_order_before_what_comes_later(open_spool, database):
    spool = open_spool()
    write(spool, 1)
    database.is_there = False
    write(spool, 3, 2)
    database.is_there = True
    write(spool, 5, 4)
    wait_until(lambda: spool._journal.is_empty)
    write(spool, 6)
    assert database.ids == ids(1, 3, 2, 5, 4, 6)


def test_a_receipt_that_it_took_before_it_went_is_there_once(open_spool, database):
    spool = open_spool()
    database.tells = False
    write(spool, 1)
    database.tells = True
    wait_until(lambda: spool._journal.is_empty)
    assert database.ids == ids(1)


def test_what_waits_outlives_the_gateway(open_spool, database):
    database.is_there = False
    spool = open_spool()
    write(spool, 1, 2)
    spool.close()
    database.is_there = True
    spool = open_spool()
    wait_until(lambda: spool._journal.is_empty)
    assert database.ids == ids(1, 2)


def test_a_full_journal_refuses(open_spool, database):
    database.is_there = False
    spool = open_spool(room=2 * len(line_of(make_receipt(1))))
    write(spool, 1, 2)
    with pytest.raises(JournalFull):
        write(spool, 3)
    database.is_there = True
    wait_until(lambda: spool._journal.is_empty)
    write(spool, 4)
    assert database.ids == ids(1, 2, 4)


def test_a_receipt_that_the_database_refuses_is_no_reason_to_spool_it(open_spool):
    spool = open_spool()
    write(spool, 1)
    with pytest.raises(IntegrityError):
        write(spool, 1)
    assert spool._journal.is_empty


def test_a_gateway_answers_while_its_database_is_away_and_brings_everything_over(tmp_path, database_url):
    settings = make_records(tmp_path, url=database_url)
    spooling = {"records_when_away": WhenAway.SPOOL, "records_journal_file": tmp_path / "journal"}
    away = FakeGateway(tmp_path, **{**settings, **spooling, "records_url": "postgresql+pg8000://u:x@127.0.0.1:1/none"})
    given = [away.screen(b"photo").json["id"] for _ in range(3)]
    assert away.metric("symmetra_receipts_total", result="written") == 3
    assert away.metric("symmetra_receipts_spooled_total") == 3
    assert away.metric("symmetra_journal_bytes") == (tmp_path / "journal").stat().st_size > 0
    away.close()
    back = FakeGateway(tmp_path, **settings, **spooling)
    wait_until(lambda: back.metric("symmetra_journal_bytes") == 0)
    store = open_store(database_url)
    assert [receipt.id for receipt in store.between(0, END_OF_TIME)] == given
    events = rows_of(store._engine, AUDIT_EVENTS)
    assert [event["receipt_id"] for event in events] == given, "each has its audit event, once"
    store.close()
    back.close()


def test_receipts_that_are_there_are_not_written_again_and_leave_no_second_event(database_url):
    store = open_store(database_url)
    store.write([make_receipt(1)])
    store.write_missing([make_receipt(1), make_receipt(2)])
    store.write_missing([make_receipt(1), make_receipt(2)])
    assert [receipt.id for receipt in store.between(0, END_OF_TIME)] == ids(1, 2)
    store.close()


def test_a_damaged_journal_stops_the_start_with_a_sentence(tmp_path):
    gateway = FakeGateway(tmp_path, **make_records(tmp_path))
    journal = tmp_path / "journal"
    journal.write_bytes(b"x\n" + line_of(make_receipt(1)))
    with pytest.raises(StartRefused, match=r"line 1 of .*journal is damaged, and its receipt was acknowledged"):
        start(gateway.settings, records_journal_file=journal)


def test_an_sqlite_file_has_one_gateway_whatever_the_settings_say(tmp_path):
    records = make_records(tmp_path)
    gateway = FakeGateway(tmp_path, **records)
    with SingleGateway(records["records_url"]):
        with pytest.raises(DatabaseTaken):
            SingleGateway(records["records_url"])
        with pytest.raises(RecordsNotReady, match="in use by a gateway that runs"):
            start(gateway.settings)
    start(gateway.settings)


def test_postgresql_has_any_number():
    url = "postgresql+pg8000://u@127.0.0.1/d"
    with SingleGateway(url), SingleGateway(url):
        pass


def test_a_disk_that_fails_once_while_receipts_are_brought_over_does_not_end_it(open_spool, database, monkeypatch):
    spool = open_spool()
    database.is_there = False
    spool.write([make_receipt(1)])
    failures = [OSError("EIO")]
    take = Journal.take

    def fail_once(journal, end):
        if failures:
            raise failures.pop()
        take(journal, end)

    monkeypatch.setattr(Journal, "take", fail_once)
    database.is_there = True
    wait_until(lambda: spool._journal.is_empty)
    assert not failures
    assert database.ids == [make_receipt(1).id]
