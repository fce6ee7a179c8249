"""When a checkpoint is made, by whom, and how it gets out of the database."""

import base64
import json
import logging

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from gateway.logs import JsonLines
from gateway.records.audit import checkpoints as module
from gateway.records.audit.chain import AuditChain
from gateway.records.audit.checkpoint import CheckpointKeys, checkpoints_in
from gateway.records.audit.checkpoints import EVERY_EVENTS, EVERY_SECONDS, Checkpoints, publish_checkpoint
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.tables import AUDIT_CHECKPOINTS, AUDIT_EVENTS

EVENT = AuditEvent(AuditKind.ANSWER_READ, "key:ward")


@pytest.fixture
def now(monkeypatch):
    """Microseconds by which checkpoints go; moved by the test."""
    clock = [1_700_000_000_000_000]
    monkeypatch.setattr(module, "_now_us", lambda: clock[0])
    return clock


@pytest.fixture
def chain(keys):
    return AuditChain(keys)


@pytest.fixture
def given_out():
    return []


@pytest.fixture
def checkpoints(engine, chain, keys, given_out):
    return Checkpoints(engine, chain, CheckpointKeys(keys), given_out.append)


def append(engine, chain, count=1):
    with engine.begin() as connection:
        chain.append(connection, [EVENT] * count)


@pytest.mark.usefixtures("now")
def test_nothing_is_signed_where_nothing_happened(checkpoints, engine, chain):
    assert checkpoints.make_if_due() is None
    assert checkpoints.make() is None
    append(engine, chain)
    assert checkpoints.make_if_due().sequence == 2
    assert checkpoints.make_if_due() is None
    assert checkpoints.make() is None


def test_it_is_due_after_a_time_or_after_many_events(checkpoints, engine, chain, now, given_out):
    append(engine, chain)
    checkpoints.make_if_due()
    append(engine, chain)
    assert checkpoints.make_if_due() is None
    now[0] += 1_000_000 * EVERY_SECONDS
    assert checkpoints.make_if_due().sequence == 4
    append(engine, chain, EVERY_EVENTS - 1)
    assert checkpoints.make_if_due() is None
    append(engine, chain)
    assert checkpoints.make_if_due().sequence == 5 + EVERY_EVENTS
    assert [each.sequence for each in given_out] == [2, 4, 5 + EVERY_EVENTS]
    with engine.connect() as connection:
        rows = connection.execute(select(AUDIT_CHECKPOINTS).order_by(AUDIT_CHECKPOINTS.c.sequence)).all()
        kinds = (
            connection.execute(select(AUDIT_EVENTS.c.kind).where(AUDIT_EVENTS.c.sequence.in_([2, 4]))).scalars().all()
        )
    assert [(row.sequence, row.signature) for row in rows] == [(each.sequence, each.signature) for each in given_out]
    assert kinds == ["checkpoint", "checkpoint"]


@pytest.mark.usefixtures("now")
def test_of_two_gateways_one_makes_it(engine, chain, keys, given_out, monkeypatch):
    append(engine, chain)
    other = Checkpoints(engine, chain, CheckpointKeys(keys), given_out.append)
    this = Checkpoints(engine, chain, CheckpointKeys(keys), given_out.append)
    make = this._make
    # The other one is as far as the end of the chain while this one has only seen that it is due.
    monkeypatch.setattr(this, "_make", lambda is_wanted: (other.make_if_due(), make(is_wanted))[1])
    assert this.make_if_due() is None
    assert len(given_out) == 1


def test_one_that_the_database_did_not_keep_is_not_given_out(engine, chain, checkpoints, given_out):
    append(engine, chain)
    with engine.begin() as connection:
        connection.execute(AUDIT_CHECKPOINTS.insert().values(sequence=2, at_us=1, mac="", key_id="", signature=""))
    with pytest.raises(DBAPIError):
        checkpoints.make()
    assert given_out == []


@pytest.mark.usefixtures("now")
@pytest.mark.parametrize(("sequence", "at_us"), [(10**15, 1), (1, 2**62)])
def test_none_that_somebody_put_in_keeps_the_next_from_being_made(engine, chain, checkpoints, sequence, at_us):
    append(engine, chain)
    with engine.begin() as connection:
        connection.execute(
            AUDIT_CHECKPOINTS.insert().values(sequence=sequence, at_us=at_us, mac="", key_id="", signature="")
        )
    append(engine, chain)
    assert checkpoints.make_if_due().sequence == 3


def test_anybody_with_the_public_key_can_check_one(keys):
    signer = CheckpointKeys(keys)
    checkpoint = signer.sign(7, 1_700_000_000_000_000, "ab" * 32)
    statement, _, signature = checkpoint.word.rpartition(":")
    public_key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signer.public_keys[checkpoint.key_id]))
    public_key.verify(base64.urlsafe_b64decode(signature + "=="), statement.encode())
    with pytest.raises(InvalidSignature):
        public_key.verify(base64.urlsafe_b64decode(signature + "=="), statement.replace(":7:", ":8:").encode())


def test_one_is_found_in_a_log_and_a_damaged_one_is_told(keys):
    word = CheckpointKeys(keys).sign(7, 1_700_000_000_000_000, "ab" * 32).word
    lines = [json.dumps({"event": "x"}), json.dumps({"checkpoint": word}), word[:-1], f"{word} {word}", word + "A"]
    found = list(checkpoints_in(lines))
    assert [each if isinstance(each, int) else each.word for each in found] == [word, 3, word, word, 5]


def test_it_goes_to_the_log_and_to_the_end_of_a_file(keys, tmp_path, caplog):
    caplog.set_level(logging.INFO, "symmetra")
    file = tmp_path / "checkpoints"
    made = [CheckpointKeys(keys).sign(number, 1_700_000_000_000_000, "ab" * 32) for number in (7, 9)]
    for checkpoint in made:
        publish_checkpoint(checkpoint, file)
    assert file.read_text().splitlines() == [each.word for each in made]
    assert [record.checkpoint for record in caplog.records] == [each.word for each in made]
    assert list(checkpoints_in(JsonLines().format(record) for record in caplog.records)) == made


def test_a_file_that_cannot_be_written_costs_the_log_nothing(keys, tmp_path, caplog):
    caplog.set_level(logging.INFO, "symmetra")
    publish_checkpoint(CheckpointKeys(keys).sign(7, 1, "ab" * 32), tmp_path / "none" / "checkpoints")
    assert [record.msg for record in caplog.records] == ["audit checkpoint", "audit checkpoint not kept in its file"]
