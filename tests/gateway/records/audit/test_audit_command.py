"""`python -m gateway audit`: what an auditor and an operator see, and the exit codes that a cron job goes by."""

import json
import secrets

import pytest
from sqlalchemy import text

from gateway.access.secret_keys import SecretKeys
from gateway.records.audit.chain import AuditChain
from gateway.records.audit.checkpoint import CheckpointKeys
from gateway.records.audit.checkpoints import Checkpoints
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.audit.macs import AuditKeys
from gateway.records.audit.screenings import note_screenings
from gateway.records.database import open_database
from gateway.records.record_keys import MAX_KEYS
from gateway.records.store import ReceiptStore
from tests.support.command_line import command
from tests.support.records import make_receipt, make_records

EVER = ("--from", "2000-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z")
RECEIPT = make_receipt(1).id


@pytest.fixture
def records(tmp_path):
    return make_records(tmp_path)


@pytest.fixture
def engine(records):
    engine = open_database(records["records_url"])
    yield engine
    engine.dispose()


@pytest.fixture
def keys(records):
    return SecretKeys.read(records["record_key_file"], most=MAX_KEYS)


@pytest.fixture
def trail(engine, keys):
    """A receipt, a reading and a checkpoint; returns the checkpoint."""
    return write_trail(engine, keys)


def write_trail(engine, keys):
    chain, audit_keys = AuditChain(keys), AuditKeys(keys)
    ReceiptStore(engine, note_screenings(chain, audit_keys)).write([make_receipt(1)])
    with engine.begin() as connection:
        chain.append(connection, [AuditEvent(AuditKind.ANSWER_READ, "key:archive", RECEIPT, {"found": 1})])
    return Checkpoints(engine, chain, CheckpointKeys(keys), lambda _: None).make()


def change(engine, *statements):
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def audit(records, *arguments):
    return command("audit", *arguments, **records)


def test_a_whole_trail_is_whole(records, trail, tmp_path):
    said = audit(records, "verify")
    assert said.code == 0, said.err
    assert "3 events, 1 checkpoints" in said.out
    assert f"key {trail.key_id}: 3 events, from 1 to 3" in said.out
    assert "Nothing kept outside the database was given" in said.out
    assert "The trail is what was written" in said.out
    kept = tmp_path / "checkpoints"
    kept.write_text(f"{trail.word}\n")
    said = audit(records, "verify", "--checkpoints", str(kept))
    assert said.code == 0, said.err
    assert "Checkpoints kept elsewhere (1) reach to the last event, 3." in said.out


def test_both_databases_are_verified_and_listed(tmp_path, database_url):
    records = make_records(tmp_path, url=database_url)
    engine = open_database(database_url)
    write_trail(engine, SecretKeys.read(records["record_key_file"]))
    engine.dispose()
    said = audit(records, "verify", "--receipts")
    assert said.code == 0, said.err
    assert "1 receipts are as they were written" in said.out
    assert audit(records, "list", *EVER).err == "3 events\n"
    assert audit(records, "list", "--receipt", RECEIPT).err == "2 events\n"


@pytest.mark.usefixtures("trail")
def test_a_changed_event_is_named(records, engine):
    change(engine, "UPDATE audit_events SET actor = 'key:ward' WHERE sequence = 2")
    said = audit(records, "verify")
    assert said.code == 1
    assert "event_changed: event 2 is not as it was written" in said.err
    assert said.err.endswith("The trail is NOT what was written.\n")
    assert "The trail is what was written" not in said.out


def test_an_end_cut_off_without_a_trace_is_shown_by_a_checkpoint_in_a_log(records, trail, engine, tmp_path):
    log = tmp_path / "gateway.log"
    log.write_text(
        '{"event": "request"}\n' + json.dumps({"event": "audit checkpoint", "checkpoint": trail.word}) + "\n"
    )
    change(
        engine,
        "DELETE FROM audit_checkpoints",
        "DELETE FROM audit_events WHERE sequence > 1",
        "UPDATE audit_head SET sequence = 1, mac = (SELECT mac FROM audit_events WHERE sequence = 1)",
    )
    said = audit(records, "verify")
    assert said.code == 0, "nothing in the database shows it, which is what the limit says"
    assert "cut off the end of the trail with its checkpoints" in said.out
    said = audit(records, "verify", "--checkpoints", str(log))
    assert said.code == 1
    assert "cut_off: event 3 was signed at " in said.err
    assert "and the trail ends with event 1: its end was cut off" in said.err


def test_what_no_checkpoint_outside_reaches_is_said(records, trail, engine, keys, tmp_path):
    with engine.begin() as connection:
        AuditChain(keys).append(connection, [AuditEvent(AuditKind.ANSWER_READ, "key:archive", RECEIPT)])
    kept = tmp_path / "checkpoints"
    kept.write_text(trail.word)
    said = audit(records, "verify", "--checkpoints", str(kept))
    assert said.code == 0, said.err
    assert "reach to event 3 of 4: if events after that were cut off, this does not show it" in said.out


def test_a_checkpoint_elsewhere_that_is_damaged_or_somebody_elses_is_told(records, trail, tmp_path):
    kept = tmp_path / "checkpoints"
    foreign = CheckpointKeys(SecretKeys.random()).sign(trail.sequence, trail.at_us, trail.mac)
    kept.write_text(f"{trail.word}\n{trail.word[:-4]}\n{foreign.word}\n")
    said = audit(records, "verify", "--checkpoints", str(kept))
    assert said.code == 1
    assert "line 2 of the checkpoints kept elsewhere holds a damaged one" in said.err
    assert "is not signed by a key of the key file" in said.err


@pytest.mark.usefixtures("trail")
def test_a_file_without_a_checkpoint_is_not_passed_over(records, tmp_path):
    empty = tmp_path / "checkpoints"
    empty.write_text("nothing\n")
    for path in (empty, tmp_path / "none"):
        with pytest.raises(SystemExit, match="2"):
            audit(records, "verify", "--checkpoints", str(path))


@pytest.mark.usefixtures("trail")
def test_receipts_are_held_against_their_events(records, engine):
    said = audit(records, "verify", "--receipts")
    assert said.code == 0, said.err
    assert "1 receipts are as they were written; 0 are not there any more" in said.out
    change(engine, "UPDATE receipts SET severity_ppm = 100000")
    assert audit(records, "verify").code == 0
    said = audit(records, "verify", "--receipts")
    assert said.code == 1
    assert f"receipt_changed: the receipt {RECEIPT} is not as event 1 says" in said.err


def test_a_receipt_put_in_past_the_trail_is_told_and_an_older_one_is_counted(records, trail, engine):
    store = ReceiptStore(engine)
    store.write([make_receipt(2, answered_at_us=1_000_000)])
    said = audit(records, "verify", "--receipts")
    assert said.code == 0, said.err
    assert "1 receipts are older than the trail" in said.out
    store.write([make_receipt(3, answered_at_us=trail.at_us + 1)])
    said = audit(records, "verify", "--receipts")
    assert said.code == 1
    assert "receipt_added: 1 receipts were put in past the trail" in said.err


def test_after_a_rotation_the_new_file_verifies_old_and_new(records, trail, engine):
    path = records["record_key_file"]
    path.write_text(secrets.token_hex(32) + "\n" + path.read_text())
    with engine.begin() as connection:
        AuditChain(SecretKeys.read(path, most=MAX_KEYS)).append(connection, [AuditEvent(AuditKind.EXPORT, "terminal")])
    said = audit(records, "verify", "--receipts")
    assert said.code == 0, said.err
    assert f"key {trail.key_id}: 3 events, from 1 to 3" in said.out
    assert ": 1 events, from 4 to 4" in said.out


def test_a_key_that_was_taken_out_is_named(records, trail):
    records["record_key_file"].write_text(secrets.token_hex(32))
    said = audit(records, "verify")
    assert said.code == 1
    assert f"key_unknown: 3 events from 1 to 3 name the key '{trail.key_id}'" in said.err


def test_an_empty_trail_is_whole(records):
    said = audit(records, "verify", "--receipts")
    assert said.code == 0, said.err
    assert "0 events, 0 checkpoints" in said.out


def test_a_database_that_cannot_be_asked_is_not_verified(records, tmp_path):
    nowhere = records | {"records_url": f"sqlite:///{tmp_path / 'none' / 'receipts.db'}"}
    said = audit(nowhere, "verify")
    assert said.code == 3
    assert said.err.startswith("NOT verified: ")


@pytest.mark.usefixtures("trail")
def test_events_are_listed_by_receipt_and_by_time(records):
    said = audit(records, "list", "--receipt", RECEIPT.upper(), "--format", "jsonl")
    events = [json.loads(line) for line in said.out.splitlines()]
    assert [event["kind"] for event in events] == ["screening", "answer_read"]
    assert events[1] | {"at": None} == {
        "sequence": 2, "at": None, "kind": "answer_read", "actor": "key:archive", "receipt_id": RECEIPT, "details": {"found": 1},
    }  # fmt: skip
    said = audit(records, "list", *EVER)
    assert said.code == 0, said.err
    assert said.err == "3 events\n"
    assert said.out.splitlines()[1].endswith(f"answer_read   key:archive  {RECEIPT}  found=1")
    assert audit(records, "list", "--from", "2099-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z").out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--from", "2026-01-01T00:00:00Z"],
        ["--receipt", "zq"],
        ["--receipt", RECEIPT, *EVER],
        ["--from", "2026-01-01", "--to", "x"],
    ],
)
def test_a_list_without_its_limits_is_refused(records, arguments):
    with pytest.raises(SystemExit, match="2"):
        audit(records, "list", *arguments)


@pytest.mark.usefixtures("trail")
def test_a_list_shows_what_was_made_unreadable_and_writes_nothing_to_the_terminal(records, engine):
    change(
        engine,
        "UPDATE audit_events SET details = 'zq', actor = 'a\x1b[2J', at_us = 9000000000000000000 WHERE sequence = 2",
    )
    said = audit(records, "list", "--receipt", RECEIPT)
    assert said.code == 0
    assert "\x1b" not in said.out
    assert "unreadable=zq" in said.out


@pytest.mark.usefixtures("trail")
def test_a_checkpoint_is_made_when_something_happened_and_printed(records, engine, keys, tmp_path):
    said = audit(records, "checkpoint")
    assert (said.code, said.out, said.err) == (0, "", "nothing has happened since the last checkpoint\n")
    with engine.begin() as connection:
        AuditChain(keys).append(connection, [AuditEvent(AuditKind.EXPORT, "terminal")])
    file = tmp_path / "checkpoints"
    said = audit(records | {"audit_checkpoint_file": file}, "checkpoint")
    assert said.code == 0, said.err
    assert said.out.startswith("symmetra-audit-checkpoint-1:5:")
    assert file.read_text() == said.out
    assert audit(records, "verify", "--checkpoints", str(file)).code == 0


@pytest.mark.usefixtures("trail")
def test_a_file_that_cannot_be_written_is_told(records, engine, keys, tmp_path):
    with engine.begin() as connection:
        AuditChain(keys).append(connection, [AuditEvent(AuditKind.EXPORT, "terminal")])
    said = audit(records | {"audit_checkpoint_file": tmp_path / "none" / "checkpoints"}, "checkpoint")
    assert said.code == 1
    assert said.out.startswith("symmetra-audit-checkpoint-1:5:")
    assert "Keep it elsewhere" in said.err


def test_public_keys_are_printed_for_those_who_check_elsewhere(records, keys):
    said = audit(records, "keys")
    assert said.code == 0, said.err
    assert dict(line.split() for line in said.out.splitlines()) == CheckpointKeys(keys).public_keys
