"""Everything of one subject: handed out and deleted, found under every accepted key, the pseudonym repeated nowhere."""

import io
import json
import secrets
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine

from gateway.access.secret_keys import Purpose, SecretKeys
from gateway.records.database import open_database
from gateway.records.tables import AUDIT_EVENTS, DELETIONS, OUTCOMES, RECEIPTS, REVIEWS
from tests.support.command_line import command
from tests.support.records import add_review, make_receipt, make_records, open_store, rows_of

SUBJECT = "zq-pseudonym-7"


@dataclass
class Kept:
    """Two receipts of a subject, one under a key of before; one of somebody else; one of nobody."""

    settings: dict
    engine: Engine

    def command(self, *arguments):
        return command("records", *arguments, **self.settings)


@pytest.fixture
def kept(tmp_path, database_url):
    settings = make_records(tmp_path, url=database_url)
    path = settings["record_key_file"]
    before = SecretKeys.read(path)
    path.write_text(secrets.token_hex(32) + "\n" + path.read_text())
    now = SecretKeys.read(path)
    receipts = [
        make_receipt(1, subject_digest=before.digests(Purpose.SUBJECT, SUBJECT)[0]),
        make_receipt(2, subject_digest=now.digests(Purpose.SUBJECT, SUBJECT)[0]),
        make_receipt(3, subject_digest=now.digests(Purpose.SUBJECT, SUBJECT + "7")[0]),
        make_receipt(4),
    ]
    store = open_store(database_url)
    store.write(receipts)
    store.close()
    engine = open_database(database_url)
    for receipt in receipts:
        add_review(engine, receipt)
    add_review(engine, receipts[1], revision=2)
    yield Kept(settings, engine)
    engine.dispose()


def ids(*numbers):
    return [make_receipt(number).id for number in numbers]


def test_an_export_holds_all_of_one_subject_and_nothing_of_others(kept):
    said = kept.command("export", "--subject", SUBJECT)
    assert said.code == 0
    exported = json.loads(said.out)
    assert exported["schema"] == "symmetra.subject_export/1"
    assert [each["id"] for each in exported["receipts"]] == ids(1, 2)
    assert [len(each["reviews"]) for each in exported["receipts"]] == [1, 2]
    assert [each["score"] for each in exported["receipts"][1]["outcomes"]] == [7, 7]
    assert exported["receipts"][0]["content"] == {"doubts": []}
    *of_each, event = rows_of(kept.engine, AUDIT_EVENTS)
    assert [(each["kind"], each["receipt_id"]) for each in of_each] == [("export", each) for each in ids(1, 2)]
    assert (event["kind"], event["actor"], json.loads(event["details"])) == ("export", "terminal", {"receipts": 2})


def test_an_erasure_is_asked_for_twice(kept):
    said = kept.command("erase", "--subject", SUBJECT)
    assert (said.code, said.err) == (1, "2 receipts would be deleted for good; say --yes.\n")
    assert len(rows_of(kept.engine, RECEIPTS)) == 4


def test_an_erasure_deletes_all_of_one_subject_and_nothing_of_others(kept):
    said = kept.command("erase", "--subject", SUBJECT, "--yes")
    assert said.code == 0
    assert [row["id"] for row in rows_of(kept.engine, RECEIPTS)] == ids(3, 4)
    for table in (REVIEWS, OUTCOMES):
        assert sorted(row["receipt_id"] for row in rows_of(kept.engine, table)) == ids(3, 4)
    (deletion,) = rows_of(kept.engine, DELETIONS)
    assert deletion["id"] in said.out
    assert json.loads(deletion["content"]) == {"receipts": 2, "reviews": 3, "outcomes": 3}
    events = rows_of(kept.engine, AUDIT_EVENTS)
    assert [(event["kind"], event["receipt_id"]) for event in events] == [
        ("erasure", ids(1)[0]), ("erasure", ids(2)[0]), ("erasure", None),
    ]  # fmt: skip


def test_what_is_left_of_an_erasure_tells_only_who_has_the_pseudonym(kept):
    kept.command("erase", "--subject", SUBJECT, "--yes")
    keys = SecretKeys.read(kept.settings["record_key_file"])
    (deletion,) = rows_of(kept.engine, DELETIONS)
    assert deletion["reference"] == keys.digests(Purpose.ERASURE, SUBJECT)[0]
    left = str(rows_of(kept.engine, DELETIONS) + rows_of(kept.engine, AUDIT_EVENTS))
    assert not [digest for digest in keys.digests(Purpose.SUBJECT, SUBJECT) if digest in left]
    said = kept.command("erase", "--subject", SUBJECT)
    assert "0 receipts would be deleted" in said.err
    assert "It was erased before: 20" in said.err


def test_nobody_is_erased_too_and_that_is_kept(kept):
    assert kept.command("erase", "--subject", "nobody-we-know", "--yes").code == 0
    assert len(rows_of(kept.engine, RECEIPTS)) == 4
    assert len(rows_of(kept.engine, DELETIONS)) == 1


def test_the_pseudonym_is_read_from_standard_input(kept, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(SUBJECT + "\n"))
    said = kept.command("export")
    assert len(json.loads(said.out)["receipts"]) == 2
    assert SUBJECT not in said.out + said.err


@pytest.mark.parametrize("wrong", ["zq Ada Lovelace", "zq@example.org", ""])
def test_a_name_is_refused_and_not_repeated(kept, capsys, wrong):
    with pytest.raises(SystemExit) as ended:
        kept.command("erase", "--subject", wrong, "--yes")
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert "opaque pseudonym" in shown
    assert not wrong or wrong not in shown


def test_without_the_secret_nobody_can_be_found(kept, capsys):
    with pytest.raises(SystemExit):
        command("records", "erase", "--subject", SUBJECT, records_url=kept.settings["records_url"])
    assert "SYMMETRA_RECORD_KEY_FILE" in capsys.readouterr().err
