"""Two gateways on one database, and one that is slow: one row, no 500, nothing twice."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.access.secret_keys import SecretKeys
from gateway.errors import RecordsUnavailable
from gateway.records.audit.chain import AuditChain
from gateway.records.database import open_database
from gateway.records.tables import AUDIT_EVENTS, OUTCOMES, REVIEWS
from gateway.reviews import revisions
from gateway.reviews.outcome import Finding, Instrument
from gateway.reviews.outcome_store import OutcomeStore
from gateway.reviews.review import Opinion, Verdict
from gateway.reviews.review_store import ReviewStore
from gateway.reviews.revisions import Once
from tests.support.records import make_receipt, open_store
from tests.support.reviews import rows

REPLICAS = 4
RECEIPT = make_receipt(1)
AGREE = Opinion(verdict=Verdict.AGREE)


@pytest.fixture
def engines(database_url):
    """One a replica."""
    store = open_store(database_url)
    store.write([RECEIPT])
    store.close()
    engines = [open_database(database_url) for _ in range(REPLICAS)]
    yield engines
    for engine in engines:
        engine.dispose()


@pytest.fixture
def chain():
    return AuditChain(SecretKeys.random())


def all_at_once(calls):
    """Begin every call at the same moment, and return what they return."""
    start = threading.Barrier(len(calls))

    def run(call):
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def table(engine, which):
    with engine.connect() as connection:
        return connection.execute(which.select()).all()


@pytest.mark.parametrize("once", [Once(("a" * 64,)), Once()], ids=["with a key", "without"])
def test_one_review_sent_to_every_replica_at_once_is_one_row_and_one_event(engines, chain, once):
    stores = [ReviewStore(engine, chain) for engine in engines]
    given = all_at_once(
        [lambda store=store: store.give(RECEIPT.id, ("key:ward",), AGREE, once) for store in stores * 3]
    )
    assert len({each.review.id for each in given}) == 1
    assert sum(each.is_new for each in given) == 1
    assert len(table(engines[0], REVIEWS)) == len(table(engines[0], AUDIT_EVENTS)) == 1


def test_different_reviews_at_once_are_revisions_without_a_gap(engines, chain):
    stores = [ReviewStore(engine, chain) for engine in engines]
    calls = [
        lambda store=store, number=number: store.give(RECEIPT.id, ("key:ward",), AGREE, Once((f"{number:064d}",)))
        for number, store in enumerate(stores * 2)
    ]
    assert all(each.is_new for each in all_at_once(calls))
    assert sorted(row.revision for row in table(engines[0], REVIEWS)) == list(range(1, len(calls) + 1))
    assert len(table(engines[0], AUDIT_EVENTS)) == len(calls)


def test_different_outcomes_at_once_are_revisions_without_a_gap(engines, chain):
    day = dt.date(1970, 1, 1)
    stores = [OutcomeStore(engine, chain) for engine in engines]
    calls = [
        lambda store=store, score=score: store.report(
            RECEIPT.id, (f"key:{score}",), Finding(instrument=Instrument.PHQ9, score=score, assessed_on=day), Once()
        )
        for score, store in enumerate(stores * 2)
    ]
    assert all(each.is_new for each in all_at_once(calls))
    assert sorted(row.revision for row in table(engines[0], OUTCOMES)) == list(range(1, len(calls) + 1))


def test_whoever_is_always_too_late_is_told_to_try_again(engines, chain, monkeypatch):
    store = ReviewStore(engines[0], chain)
    store.give(RECEIPT.id, ("key:ward",), AGREE, Once(("a" * 64,)))
    monkeypatch.setattr("gateway.reviews.review_store.newest", lambda _: None)  # as another replica would have seen it
    with pytest.raises(RecordsUnavailable):
        store.give(RECEIPT.id, ("key:ward",), AGREE, Once(("b" * 64,)))
    assert len(table(engines[0], REVIEWS)) == len(table(engines[0], AUDIT_EVENTS)) == 1


def test_a_transaction_that_ends_before_its_event_leaves_nothing(engines, chain, monkeypatch):
    store = ReviewStore(engines[0], chain)
    monkeypatch.setattr(AuditChain, "append", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.give(RECEIPT.id, ("key:ward",), AGREE, Once())
    monkeypatch.undo()
    assert table(engines[0], REVIEWS) == []
    assert store.give(RECEIPT.id, ("key:ward",), AGREE, Once()).is_new


def test_a_key_from_before_the_secret_was_changed_is_still_known(engines, chain):
    store = ReviewStore(engines[0], chain)
    first = store.give(RECEIPT.id, ("key:ward",), AGREE, Once(("a" * 64,)))
    again = store.give(RECEIPT.id, ("key:ward",), AGREE, Once(("b" * 64, "a" * 64)))
    assert (again.review, again.is_new) == (first.review, False)


def test_a_person_whose_name_was_made_with_the_secret_before_is_the_same_person(engines, chain):
    store = ReviewStore(engines[0], chain)
    store.give(RECEIPT.id, ("token:old",), AGREE, Once(("a" * 64,)))
    names = ("token:new", "token:old")
    assert not store.give(RECEIPT.id, names, AGREE, Once(("b" * 64, "a" * 64))).is_new
    assert store.newest_of(RECEIPT.id, names).reviewer == "token:old"
    corrected = store.give(RECEIPT.id, names, Opinion(verdict=Verdict.UNSURE), Once())
    assert (corrected.review.revision, corrected.review.reviewer, corrected.before) == (2, "token:new", Verdict.AGREE)


def test_a_database_that_is_away_is_no_fault_of_the_caller(keeping, monkeypatch):
    given = keeping.screen().json["id"]
    monkeypatch.setattr(revisions, "reviewed", lambda *_: 1 / 0)
    monkeypatch.setattr("gateway.reviews.review_store.reviewed", lambda *_: 1 / 0)
    response = keeping.client.put(f"/v1/screenings/{given}/review", json={"verdict": "agree"})
    assert (response.status_code, response.json["code"]) == (503, "records_unavailable")
    assert response.headers["Retry-After"]
    monkeypatch.undo()
    assert rows(keeping, REVIEWS) == []
