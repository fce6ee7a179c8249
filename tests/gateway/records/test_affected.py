"""The list of answers that a site must recall equals the planted set (issue 5, bar 6)."""

import csv
import datetime as dt
import io
import json
import random

import pytest

from gateway.records.receipt import iso_of, microseconds_of
from tests.support.access import write_session_key
from tests.support.command_line import command
from tests.support.records import make_receipt, make_records

HOUR_US = 3_600_000_000
BEGIN = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
BEGIN_US = microseconds_of(BEGIN)
END = "2026-11-24T14:00:00+01:00"
"""One hour after the beginning, said in another zone."""


@pytest.fixture
def records(tmp_path, database_url):
    return make_records(tmp_path, url=database_url)


@pytest.fixture
def planted(store):
    """Answers around an hour, those at its very ends among them, of two versions, in random order."""
    offsets = {
        "the microsecond before": -1, "the beginning": 0, "the microsecond after": 1, "inside": HOUR_US // 2,
        "the last microsecond": HOUR_US - 1, "the end": HOUR_US, "a day later": 24 * HOUR_US, "1970": -BEGIN_US,
    }  # fmt: skip
    receipts = []
    for place, offset in offsets.items():
        for version in (3, 4):
            receipts.append(
                (place, make_receipt(len(receipts), answered_at_us=BEGIN_US + offset, model_version=version))
            )
    many = [make_receipt(1000 + n, answered_at_us=BEGIN_US + n * 1_000_000, model_version=3) for n in range(2, 1500)]
    everything = [receipt for _, receipt in receipts] + many
    random.Random(5).shuffle(everything)
    for start in range(0, len(everything), 100):
        store.write(everything[start : start + 100])
    inside = {"the beginning", "the microsecond after", "inside", "the last microsecond"}
    return [receipt for place, receipt in receipts if place in inside] + many


def listed(records, *arguments):
    said = command("affected", "--from", BEGIN.isoformat(), "--to", END, "--format", "jsonl", *arguments, **records)
    assert said.code == 0, said.err
    return [json.loads(line) for line in said.out.splitlines()], said.err


def in_order(receipts):
    return [receipt.id for receipt in sorted(receipts, key=lambda each: (each.answered_at_us, each.id))]


def test_the_list_is_the_planted_set_oldest_first(records, planted):
    rows, told = listed(records)
    assert [row["id"] for row in rows] == in_order(planted)
    assert told == f"{len(planted)} answers\n"


@pytest.mark.parametrize("version", [3, 4, 5])
def test_of_one_version_it_is_that_versions(records, planted, version):
    rows, _ = listed(records, "--version", str(version))
    assert [row["id"] for row in rows] == in_order(each for each in planted if each.model_version == version)


def test_two_lists_that_meet_share_nothing_and_miss_nothing(records, planted):
    middle = iso_of(BEGIN_US + 1_000_000 * 700)
    halves = [
        command("affected", "--from", begin, "--to", end, "--format", "jsonl", **records).out.splitlines()
        for begin, end in ((BEGIN.isoformat(), middle), (middle, END))
    ]
    assert [json.loads(line)["id"] for half in halves for line in half] == in_order(planted)


def test_as_a_table_it_holds_the_same(records, planted):
    said = command("affected", "--from", BEGIN.isoformat(), "--to", END, **records)
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [row["id"] for row in rows] == in_order(planted)
    assert rows[0]["answered_at"] == "2026-11-24T12:00:00.000000+00:00"
    assert rows[0]["subject_digest"] == ""


def test_a_name_cannot_become_a_formula(records, store):
    store.write([make_receipt(1, answered_at_us=BEGIN_US, caller="=1+1")])
    said = command("affected", "--from", BEGIN.isoformat(), "--to", END, **records)
    assert next(csv.DictReader(io.StringIO(said.out)))["caller"] == "'=1+1"


@pytest.mark.parametrize("time", ["2026-11-24T12:00:00", "2026-11-24", "yesterday", ""])
def test_a_time_without_its_zone_is_refused(records, capsys, time):
    with pytest.raises(SystemExit) as ended:
        command("affected", "--from", time, "--to", END, **records)
    assert ended.value.code == 2
    assert "with its zone" in capsys.readouterr().err


def test_an_end_that_does_not_come_after_the_beginning_is_refused(records):
    for end in (BEGIN.isoformat(), "2026-11-24T12:00:00+01:00"):
        with pytest.raises(SystemExit):
            command("affected", "--from", BEGIN.isoformat(), "--to", end, **records)


def test_without_records_or_tables_it_says_what_is_missing(tmp_path, capsys):
    with pytest.raises(SystemExit):
        command("affected", "--from", BEGIN.isoformat(), "--to", END)
    assert "SYMMETRA_RECORDS_URL" in capsys.readouterr().err
    nowhere = {"records_url": f"sqlite:///{tmp_path}/none.db"}
    with pytest.raises(SystemExit):
        command("affected", "--from", BEGIN.isoformat(), "--to", END, **nowhere)
    assert "SYMMETRA_RECORD_KEY_FILE" in capsys.readouterr().err
    nowhere |= {"record_key_file": write_session_key(tmp_path / "record.key")}
    said = command("affected", "--from", BEGIN.isoformat(), "--to", END, **nowhere)
    assert said.code == 1
    assert "has no tables" in said.err


def test_who_listed_what_is_in_the_audit_trail(records):
    listed(records, "--version", "4")
    said = command(
        "audit", "list", "--from", BEGIN.isoformat(), "--to", "2100-01-01T00:00:00Z", "--format", "jsonl", **records
    )
    (event,) = [json.loads(line) for line in said.out.splitlines()]
    assert (event["kind"], event["actor"], event["details"]["model_version"]) == ("records_read", "terminal", 4)
