"""What retention and erasure deleted is no gap, and what somebody else deleted is one."""

import time
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from gateway.access.secret_keys import Purpose
from gateway.records.audit.chain import AuditChain
from gateway.records.audit.checkpoint import CheckpointKeys
from gateway.records.audit.checkpoints import Checkpoints
from gateway.records.audit.findings import FindingKind
from gateway.records.audit.macs import AuditKeys
from gateway.records.audit.screenings import note_screenings
from gateway.records.audit.verification import verify_trail
from gateway.records.retention.expiry import Expiry
from gateway.records.retention.policy import DAY_US, RetentionPolicy
from gateway.records.store import ReceiptStore
from gateway.records.subjects.erasure import erase_subject
from gateway.records.subjects.subject import Subject
from tests.support.records import make_receipt


@pytest.fixture
def trail(engine, keys):
    """Six receipts with their events, a checkpoint after the third and after the last."""
    audit_keys, checkpoint_keys, outside = AuditKeys(keys), CheckpointKeys(keys), []
    chain = AuditChain(audit_keys)
    store = ReceiptStore(engine, note_screenings(chain, audit_keys))
    checkpoints = Checkpoints(engine, chain, checkpoint_keys, outside.append)
    now_us = time.time_ns() // 1000
    (digest,) = keys.digests(Purpose.SUBJECT, "zq-subject")
    for number in range(1, 7):
        store.write([make_receipt(number, answered_at_us=now_us, subject_digest=digest if number == 2 else None)])
        if number % 3 == 0:
            checkpoints.make()
    return SimpleNamespace(
        chain=chain,
        outside=outside,
        now_us=now_us,
        findings=lambda: verify_trail(engine, audit_keys, checkpoint_keys, outside, with_receipts=True).findings,
    )


def expire(engine, trail, *, receipts, audit):
    """Retention as it would be in ten days, of events that are older than an hour from now then."""
    Expiry(engine, trail.chain, RetentionPolicy(receipts, audit)).run(trail.now_us + 10 * DAY_US)


def execute(engine, statement):
    with engine.begin() as connection:
        connection.execute(text(statement))


def test_receipts_that_had_their_time_are_no_finding(engine, trail):
    expire(engine, trail, receipts=9, audit=0)
    assert trail.findings().kept == []


def test_an_erased_receipt_is_no_finding(engine, keys, trail):
    erase_subject(engine, trail.chain, Subject.of("zq-subject", keys), "terminal")
    assert trail.findings().kept == []


def test_a_receipt_that_somebody_took_away_is_one(engine, trail):
    execute(engine, "DELETE FROM receipts WHERE id = '00000000-0000-4000-8000-000000000004'")
    findings = trail.findings()
    assert dict(findings.counts) == {FindingKind.RECEIPT_MISSING: 1}
    assert "receipt 00000000-0000-4000-8000-000000000004 of event 5 is gone" in findings.kept[0].says


def test_events_that_had_their_time_are_no_finding_and_their_checkpoints_neither(engine, trail):
    expire(engine, trail, receipts=9, audit=9)
    with engine.connect() as connection:
        assert (
            connection.execute(text("SELECT min(sequence) FROM audit_events")).scalar_one() == 10
        )  # 9 says that receipts were deleted
    assert trail.findings().kept == []


@pytest.mark.parametrize("what", ["one more", "the retention itself", "one put back"])
def test_a_beginning_that_is_another_than_retention_says_is_one(engine, trail, what):
    with engine.connect() as connection:
        first = dict(connection.execute(text("SELECT * FROM audit_events WHERE sequence = 8")).one()._mapping)
    expire(engine, trail, receipts=9, audit=9)
    if what == "one more":
        execute(engine, "DELETE FROM audit_events WHERE sequence = 10")
    elif what == "the retention itself":
        execute(engine, "DELETE FROM audit_events WHERE kind = 'retention' AND details LIKE '%audit_through%'")
    else:
        with engine.begin() as connection:
            names = ", ".join(first)
            values = ", ".join(f":{name}" for name in first)
            connection.execute(text(f"INSERT INTO audit_events ({names}) VALUES ({values})"), first)  # noqa: S608 - a test's own
    assert trail.findings().total > 0


def test_a_signed_event_that_retention_deleted_is_still_held_against_its_checkpoint(engine, keys, trail):
    expire(engine, trail, receipts=9, audit=9)
    trail.outside.append(CheckpointKeys(keys).sign(9, trail.now_us, "ab" * 32))
    assert FindingKind.REWRITTEN in trail.findings().counts
