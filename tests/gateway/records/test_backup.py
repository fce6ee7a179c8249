"""Copies: whole or not at all, the same from either database to either, and nothing damaged is believed."""

import gzip
import json
import random
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.exc import OperationalError

from gateway.records.audit.chain import AuditChain
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.backup.backup_tables import TABLES
from gateway.records.database import open_database
from gateway.records.single_gateway import SingleGateway
from gateway.records.store import ReceiptStore
from gateway.records.tables import AUDIT_EVENTS, DELETIONS, RECEIPTS, REVIEWS
from tests.support.command_line import command
from tests.support.gateway import FakeGateway
from tests.support.records import add_review, chain_of, make_receipt, make_records, make_sqlite, rows_of


@dataclass
class Kept:
    """Records with a row in every table."""

    settings: dict
    engine: Engine

    def command(self, *arguments, url=None):
        settings = self.settings | ({"records_url": url} if url else {})
        return command("records", *map(str, arguments), **settings)


@pytest.fixture
def kept(tmp_path, database_url):
    settings = make_records(tmp_path, url=database_url)
    gateway = FakeGateway(tmp_path, **settings)
    for number in range(12):
        assert gateway.screen(b"photo", headers={"X-Subject": f"zq-{number % 3}"}).status_code == 200
    gateway.close()
    engine = open_database(database_url)
    odd = make_receipt(1, p_no_depression=0.1 + 1e-17, caller='key:ü"\n', answered_at_us=1)
    ReceiptStore(engine).write([odd])
    add_review(engine, odd)
    with engine.begin() as connection:
        chain_of(settings).append(connection, [AuditEvent(AuditKind.PAUSE, "system")])
    kept = Kept(settings, engine)
    assert kept.command("erase", "--subject", "zq-2", "--yes").code == 0
    yield kept
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_system("postgres"))])
def elsewhere(request, tmp_path):
    """An empty database of each kind."""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        url = server.new_database()
        yield url
        server.drop(url)
    else:
        (tmp_path / "elsewhere").mkdir()
        yield make_sqlite(tmp_path / "elsewhere")


def lines_of(path):
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def everything(engine):
    return {table.name: sorted(map(str, rows_of(engine, table))) for table in TABLES}


def test_a_copy_fills_either_database_from_either_and_all_of_it_is_there(kept, elsewhere, tmp_path):
    copy = tmp_path / "copy"
    before = everything(kept.engine)
    said = kept.command("backup", copy)
    assert said.code == 0, said.err
    assert copy.stat().st_mode & 0o777 == 0o600
    assert "9 receipts, 1 reviews, 1 outcomes" in said.out
    said = kept.command("restore", copy, url=elsewhere)
    assert said.code == 0, said.err
    engine = open_database(elsewhere)
    after = everything(engine)
    for name in ("receipts", "reviews", "outcomes", "audit_checkpoints", "deletions"):
        assert after[name] == before[name]
    assert set(before["audit_events"]) < set(after["audit_events"])
    assert rows_of(engine, AUDIT_EVENTS)[-1]["kind"] == "restore"
    engine.dispose()
    said = kept.command("verify", copy, url=elsewhere)
    assert said.code == 0, said.err
    again = tmp_path / "again"
    assert kept.command("backup", again, url=elsewhere).code == 0
    rows = [[line for line in lines_of(path) if line.startswith(b'["')] for path in (copy, again)]
    assert len(rows[0]) >= 12
    assert rows[0] == rows[1], "the rows are the same bytes whatever database they came from"


def test_gateways_go_on_with_restored_records(kept, elsewhere, tmp_path):
    kept.command("backup", tmp_path / "copy")
    kept.command("restore", tmp_path / "copy", url=elsewhere)
    gateway = FakeGateway(tmp_path, **{**kept.settings, "records_url": elsewhere})
    given = gateway.screen(b"photo").json["id"]
    assert gateway.client.get(f"/v1/screenings/{given}").status_code == 200
    gateway.close()
    said = kept.command("verify", tmp_path / "copy", url=elsewhere)
    assert said.code == 0, said.err


def test_a_database_that_is_not_empty_is_left_alone(kept, tmp_path):
    kept.command("backup", tmp_path / "copy")
    before = everything(kept.engine)
    said = kept.command("restore", tmp_path / "copy")
    assert said.code == 1
    assert "is not empty: receipts has 9 rows" in said.err
    assert everything(kept.engine) == before


def test_wiping_is_asked_for_twice_and_leaves_nothing(kept, tmp_path):
    said = kept.command("wipe")
    assert (said.code, len(rows_of(kept.engine, RECEIPTS))) == (1, 9)
    assert "9 receipts" in said.err
    kept.command("backup", tmp_path / "copy")
    assert kept.command("wipe", "--yes").code == 0
    assert not [rows for rows in everything(kept.engine).values() if rows]
    assert kept.command("restore", tmp_path / "copy").code == 0
    assert kept.command("verify", tmp_path / "copy").code == 0


def test_a_copy_that_the_trail_cannot_name_is_not_left_behind(kept, tmp_path, monkeypatch):
    def fail(*_):
        raise OperationalError("insert", {}, Exception("gone"))

    monkeypatch.setattr(AuditChain, "append", fail)
    said = kept.command("backup", tmp_path / "copy")
    assert (said.code, (tmp_path / "copy").exists()) == (1, False)
    assert "NO copy was made" in said.err


def test_a_copy_is_never_written_over_another(kept, tmp_path):
    (tmp_path / "copy").write_text("mine")
    said = kept.command("backup", tmp_path / "copy")
    assert said.code == 1
    assert (tmp_path / "copy").read_text() == "mine"
    said = kept.command("backup", tmp_path / "nowhere" / "copy")
    assert said.code == 1
    assert "No such file" in said.err


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_was_cut_or_changed_anywhere_restores_nothing(kept, tmp_path):
    copy, damaged = tmp_path / "copy", tmp_path / "damaged"
    kept.command("backup", copy)
    (tmp_path / "elsewhere").mkdir()
    elsewhere = make_sqlite(tmp_path / "elsewhere")
    content = copy.read_bytes()
    text = gzip.decompress(content)
    places = random.Random(6)
    cut = [content[: places.randrange(len(content))] for _ in range(8)]
    changed = []
    for _ in range(8):
        place = places.randrange(len(content))
        changed.append(content[:place] + bytes([content[place] ^ (1 << places.randrange(8))]) + content[place + 1 :])
    lines = lines_of(copy)
    row = next(number for number, line in enumerate(lines) if line.startswith(b'["'))
    recompressed = [
        gzip.compress(b"".join(each))
        for each in (
            lines[:row] + lines[row + 1 :],
            [*lines[: row + 1], *lines[row:]],
            lines[:-1],
            [*lines, lines[row]],
            [*lines[:row], lines[row + 1], lines[row], *lines[row + 2 :]],
            [lines[0].replace(b"0002", b"9999"), *lines[1:]],
            lines[1:],
            [],
        )
    ]
    for bad in [*cut, *changed, *recompressed, b"", b"no copy", text]:
        damaged.write_bytes(bad)
        said = kept.command("restore", damaged, url=elsewhere)
        if said.code == 0:  # a bit of gzip's own head, such as its time, that says nothing of what is inside
            assert gzip.decompress(bad) == text
            assert kept.command("wipe", "--yes", url=elsewhere).code == 0
            continue
        assert "NOTHING was restored" in said.err
    engine = open_database(elsewhere)
    assert not [rows for rows in everything(engine).values() if rows]
    engine.dispose()


def test_verify_names_what_differs_from_a_copy(kept, tmp_path):
    kept.command("backup", tmp_path / "copy")
    receipt = make_receipt(1)
    with kept.engine.begin() as connection:
        connection.execute(update(RECEIPTS).where(RECEIPTS.c.id == receipt.id).values(band="high"))
        connection.execute(DELETIONS.delete())
    said = kept.command("verify", tmp_path / "copy")
    assert said.code == 1
    assert f"receipts: the row {receipt.id} is not as in the copy" in said.err
    assert "deletions: the row" in said.err


def test_verify_asks_the_audit_trail_too(kept):
    with kept.engine.begin() as connection:
        connection.execute(update(AUDIT_EVENTS).where(AUDIT_EVENTS.c.sequence == 3).values(actor="key:other"))
    said = kept.command("verify")
    assert said.code == 1
    assert "audit trail: event 3 is not as it was written" in said.err


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_verify_finds_rows_that_belong_to_nothing(kept):
    with kept.engine.begin() as connection:
        connection.connection.dbapi_connection.rollback()
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute(update(REVIEWS).values(receipt_id=make_receipt(77).id))
    said = kept.command("verify")
    assert "1 reviews belong to no receipt" in said.err


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("order", ["wipe", "restore"])
def test_a_gateway_that_runs_is_not_pulled_from_under_its_feet(kept, tmp_path, order):
    kept.command("backup", tmp_path / "copy")
    with SingleGateway(kept.settings["records_url"]):
        said = kept.command(order, *(["--yes"] if order == "wipe" else [tmp_path / "copy"]))
    assert (said.code, len(rows_of(kept.engine, RECEIPTS))) == (1, 9)
    assert "in use by a gateway" in said.err


def test_a_copy_says_what_it_is(kept, tmp_path):
    kept.command("backup", tmp_path / "copy")
    first = json.loads(lines_of(tmp_path / "copy")[0])
    assert (first["format"], first["step"]) == ("symmetra.records_backup/1", "0002")
