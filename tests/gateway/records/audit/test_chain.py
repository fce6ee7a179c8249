"""One chain, whoever appends to it: in the caller's transaction, from several threads and processes at once."""

import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert, select

from gateway.access.secret_keys import SecretKeys
from gateway.records.audit.chain import AuditChain, Head, lock_head
from gateway.records.audit.event import MAX_VALUE_CHARACTERS, AuditEvent, AuditKind
from gateway.records.audit.macs import GENESIS, AuditKeys
from gateway.records.database import open_database
from gateway.records.tables import AUDIT_EVENTS, AUDIT_HEAD, RECEIPTS
from tests.support.access import write_session_key
from tests.support.records import make_receipt

READING = AuditEvent(AuditKind.ANSWER_READ, "key:ward", "00000000-0000-4000-8000-000000000001", {"found": 1})
SYSTEM_EVENT = AuditEvent(AuditKind.RETENTION, "system", None, {"receipts": 3, "rule": "age", "before": None})


def append(engine, chain, *events):
    with engine.begin() as connection:
        return chain.append(connection, events)


def rows_of(engine):
    with engine.connect() as connection:
        return connection.execute(select(AUDIT_EVENTS).order_by(AUDIT_EVENTS.c.sequence)).all()


def head_of(engine):
    with engine.connect() as connection:
        return Head(*connection.execute(select(AUDIT_HEAD.c.sequence, AUDIT_HEAD.c.mac)).one())


def links_hold(rows, keys):
    """Whether every code is that of its event and of the code before it."""
    previous = GENESIS
    for number, (sequence, at_us, kind, actor, receipt_id, details, key_id, mac) in enumerate(rows, start=1):
        expected = keys.mac(
            previous,
            sequence=number,
            at_us=at_us,
            kind=kind,
            actor=actor,
            receipt_id=receipt_id,
            details=details,
            key_id=key_id,
        )
        if (sequence, mac) != (number, expected):
            return False
        previous = mac
    return True


def test_events_are_numbered_and_linked(engine, keys):
    chain = AuditChain(keys)
    append(engine, chain, READING)
    end = append(engine, chain, SYSTEM_EVENT, READING)
    rows = rows_of(engine)
    assert [row.sequence for row in rows] == [1, 2, 3]
    assert [row.kind for row in rows] == ["answer_read", "retention", "answer_read"]
    assert rows[1].details == '{"before":null,"receipts":3,"rule":"age"}'
    assert links_hold(rows, AuditKeys(keys))
    assert end == head_of(engine) == Head(3, rows[-1].mac)


def test_an_event_is_there_with_what_was_written_beside_it_or_not_at_all(engine, keys):
    chain, receipt = AuditChain(keys), make_receipt(1)
    values = {name: getattr(receipt, name) for name in RECEIPTS.columns.keys()}  # noqa: SIM118 - its columns, not its names

    def write(*, fails):
        with engine.begin() as connection:
            connection.execute(insert(RECEIPTS).values(values))
            chain.append(connection, [READING])
            if fails:
                raise ArithmeticError

    with pytest.raises(ArithmeticError):
        write(fails=True)
    assert rows_of(engine) == []
    write(fails=False)
    assert [row.sequence for row in rows_of(engine)] == [1]


def test_nothing_to_append_moves_nothing(engine, keys):
    chain = AuditChain(keys)
    end = append(engine, chain, READING)
    assert append(engine, chain) == end
    assert len(rows_of(engine)) == 1


def test_whoever_appends_waits_for_whoever_holds_the_end(engine, keys):
    chain, began = AuditChain(keys), threading.Event()

    def second():
        with engine.begin() as connection:
            began.set()
            return chain.append(connection, [READING]).sequence

    with ThreadPoolExecutor(1) as threads:
        with engine.begin() as connection:
            lock_head(connection)
            other = threads.submit(second)
            began.wait(10)
            assert chain.append(connection, [SYSTEM_EVENT]).sequence == 1
            assert not other.done()
        assert other.result(10) == 2
    assert links_hold(rows_of(engine), AuditKeys(keys))


def test_many_at_once_keep_one_chain_from_the_first_event_on(database_url, keys):
    engines = [open_database(database_url) for _ in range(4)]
    together = threading.Barrier(len(engines))

    def append_some(engine):
        together.wait(10)
        for _ in range(10):
            append(engine, AuditChain(keys), READING, SYSTEM_EVENT)

    with ThreadPoolExecutor(len(engines)) as threads:
        for done in [threads.submit(append_some, engine) for engine in engines]:
            done.result(60)
    rows = rows_of(engines[0])
    assert len(rows) == 80
    assert links_hold(rows, AuditKeys(keys))
    for engine in engines:
        engine.dispose()


APPENDING = """
import sys
from pathlib import Path
from gateway.access.secret_keys import SecretKeys
from gateway.records.audit.chain import AuditChain
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.database import open_database
engine, chain = open_database(sys.argv[1]), AuditChain(SecretKeys.read(Path(sys.argv[2])))
print("ready", flush=True)
sys.stdin.readline()
for number in range(25):
    with engine.begin() as connection:
        chain.append(connection, [AuditEvent(AuditKind.ANSWER_READ, sys.argv[3])])
engine.dispose()
"""


def test_two_processes_keep_one_chain(database_url, engine, tmp_path):
    path = write_session_key(tmp_path / "record.key")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDING, database_url, str(path), f"key:{name}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in ("one", "other")
    ]  # fmt: skip
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        assert [process.wait(60) for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    rows = rows_of(engine)
    assert Counter(row.actor for row in rows) == {"key:one": 25, "key:other": 25}
    assert links_hold(rows, AuditKeys(SecretKeys.read(path)))


def test_a_rotated_secret_goes_on_with_the_same_chain(engine, tmp_path):
    first, second = (
        "01" * 16 + "a7" * 8 + "".join(f"{n:02x}" for n in range(8, 40)),
        "".join(f"{n:02x}" for n in range(90, 130)),
    )
    path = tmp_path / "key"
    path.write_text(first)
    append(engine, AuditChain(SecretKeys.read(path)), READING)
    path.write_text(f"{second}\n{first}")
    rotated = SecretKeys.read(path)
    append(engine, AuditChain(rotated), READING)
    rows = rows_of(engine)
    assert rows[0].key_id != rows[1].key_id
    assert links_hold(rows, AuditKeys(rotated))


def test_no_two_events_are_encoded_alike(keys):
    fields = {
        "sequence": 1, "at_us": 2, "kind": "review", "actor": "a", "receipt_id": None, "details": "{}",
        "key_id": AuditKeys(keys).making_id,
    }  # fmt: skip
    others = [
        {"sequence": 12, "at_us": 2}, {"sequence": 1, "at_us": 22}, {"kind": "reviewa", "actor": ""}, {"receipt_id": ""},
        {"receipt_id": "null"}, {"actor": 'a",null,"'}, {"actor": "a\x00"}, {"actor": "ä"}, {"details": "{} "},
    ]  # fmt: skip
    macs = {AuditKeys(keys).mac(GENESIS, **{**fields, **other}) for other in [{}, *others]}
    macs |= {AuditKeys(keys).mac("1" * 64, **fields)}
    assert len(macs) == len(others) + 2


def test_details_are_figures_and_codes():
    with pytest.raises(ValueError, match="no detail"):
        AuditEvent(AuditKind.REVIEW, "key:ward", None, {"comment": "x" * (MAX_VALUE_CHARACTERS + 1)})
    with pytest.raises(ValueError, match="no detail"):
        AuditEvent(AuditKind.REVIEW, "key:ward", None, {"Why not?": "x"})
