"""What pages, the API, lists and retention ask of the records: the real functions, by what they are for, each about one of many rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from itertools import islice

from sqlalchemy import Connection, Engine, Table, insert

from gateway.access.secret_keys import SecretKeys
from gateway.records.audit.chain import HEAD_ID, AuditChain
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.audit.listing import events_between, events_of_receipt
from gateway.records.receipt import Receipt
from gateway.records.retention.expiry import Expiry
from gateway.records.retention.policy import RetentionPolicy
from gateway.records.row_insertion import insert_rows
from gateway.records.store import COLUMNS, ReceiptStore
from gateway.records.subjects.erasure import count_receipts, earlier_erasures
from gateway.records.subjects.subject import Subject
from gateway.records.tables import AUDIT_EVENTS, AUDIT_HEAD, DELETIONS, OUTCOMES, RECEIPTS, REVIEWS
from gateway.reviews.outcome import Finding, Instrument
from gateway.reviews.outcome_store import OutcomeStore
from gateway.reviews.review import Opinion, Verdict
from gateway.reviews.review_store import ReviewStore
from gateway.reviews.revisions import Once
from tests.support.records import make_receipt

FIRST_US = 1_700_000_000_000_000
STEP_US = 30_000_000
"""Between two answers."""
REVIEWED_EVERY = 10
RECEIPTS_OF_A_SUBJECT = 20
PAGE = 50
"""Rows that somebody looks at."""


def receipt_of(number: int) -> Receipt:
    traffic = "loadtest" if number % 100 == 99 else "patient"
    return make_receipt(
        number,
        answered_at_us=at_us(number),
        traffic=traffic,
        caller=f"key:ward-{number % 40}",
        subject_digest=f"{number // RECEIPTS_OF_A_SUBJECT:064x}",
        content='{"doubts":[]}',
    )


def at_us(number: int) -> int:
    return FIRST_US + number * STEP_US


def fill(engine: Engine, count: int, at_once: int = 5000) -> None:
    """So many receipts with their audit events, and a review and an outcome for every tenth."""
    for start in range(0, count, at_once):
        numbers = range(start, min(count, start + at_once))
        with engine.begin() as connection:
            _insert(connection, RECEIPTS, [_row_of(receipt_of(number)) for number in numbers])
            _insert(connection, REVIEWS, [_review(number) for number in numbers if number % REVIEWED_EVERY == 0])
            _insert(connection, OUTCOMES, [_outcome(number) for number in numbers if number % REVIEWED_EVERY == 0])
            _insert(connection, AUDIT_EVENTS, [_event(number) for number in numbers])
            deletions = [number for number in numbers if number % 1000 == 0]
            if deletions:
                connection.execute(insert(DELETIONS), [_deletion(number) for number in deletions])
    with engine.begin() as connection:
        connection.execute(insert(AUDIT_HEAD).values(id=HEAD_ID, sequence=count, mac=f"{count - 1:064x}"))


def page_queries(engine: Engine, keys: SecretKeys) -> dict[str, Callable[[int], object]]:
    """What is asked -> a function that asks it about the receipt of a number."""
    store, chain = ReceiptStore(engine), AuditChain(keys)
    reviews, outcomes = ReviewStore(engine, chain), OutcomeStore(engine, chain)
    ids = lambda number: receipt_of(number).id  # noqa: E731 - one word for it
    subject = lambda number: Subject((f"{number // RECEIPTS_OF_A_SUBJECT:064x}", "f" * 64), ("e" * 64,))  # noqa: E731
    policy = RetentionPolicy(receipt_days=36_500, audit_days=36_500)

    def expire(number: int) -> object:
        return Expiry(engine, chain, policy).run(FIRST_US + number % 1000)

    return {
        "an answer by its id": lambda number: store.find(ids(number)),
        "whether answers are there already": lambda number: store.write_missing([receipt_of(number)]),
        "a page of answers of a time": lambda number: list(islice(store.between(at_us(number), at_us(number) + PAGE * STEP_US), PAGE)),
        "reviews of an answer": lambda number: reviews.history(ids(number)),
        "outcomes of an answer": lambda number: outcomes.history(ids(number)),
        "giving a review": lambda number: reviews.give(ids(number), ("key:ward",), Opinion(verdict=Verdict.AGREE), Once((f"{number:064x}",))),
        "reporting an outcome": lambda number: outcomes.report(
            ids(number), ("key:ward",), _finding(number), Once((f"{number:064x}",))
        ),
        "who did what with an answer": lambda number: list(events_of_receipt(engine, ids(number))),
        "a page of who did what in a time": lambda number: list(islice(events_between(engine, at_us(number), at_us(number) + PAGE * STEP_US), PAGE)),
        "noting in the audit trail": lambda number: _note(engine, chain, number),
        "how many answers a subject has": lambda number: count_receipts(engine, subject(number)),
        "whether a subject was erased": lambda number: earlier_erasures(engine, subject(number)),
        "whether anything has had its time": expire,
    }  # fmt: skip


def _note(engine: Engine, chain: AuditChain, number: int) -> None:
    with engine.begin() as connection:
        chain.append(connection, [AuditEvent(AuditKind.ANSWER_READ, "key:ward", receipt_of(number).id)])


def _finding(number: int) -> Finding:
    day = dt.datetime.fromtimestamp(at_us(number) / 1e6, dt.UTC).date()
    return Finding(instrument=Instrument.PHQ9, score=7, assessed_on=day)


def _insert(connection: Connection, table: Table, rows: Sequence[Sequence[object]]) -> None:
    insert_rows(connection, table, tuple(table.columns.keys()), rows)


def _row_of(receipt: Receipt) -> tuple[object, ...]:
    return tuple(getattr(receipt, name) for name in COLUMNS)


def _review(number: int) -> tuple[object, ...]:
    receipt = receipt_of(number)
    return (receipt.id, receipt.id, 1, "agree", None, None, f"key:other-{number % 40}", at_us(number) + 1, None)


def _outcome(number: int) -> tuple[object, ...]:
    receipt = receipt_of(number)
    return (receipt.id, receipt.id, 1, "phq8", 7, "2026-11-20", "key:other", at_us(number) + 1, None)


def _event(number: int) -> tuple[object, ...]:
    return (number + 1, at_us(number), "screening", "key:ward", receipt_of(number).id, "{}", "0" * 16, f"{number:064x}")


def _deletion(number: int) -> dict[str, object]:
    return {
        "id": receipt_of(number).id, "at_us": at_us(number), "kind": "erasure", "actor": "terminal",
        "reference": f"{number:064x}", "content": "{}",
    }  # fmt: skip
