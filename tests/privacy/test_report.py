"""What a result is called: red, partial or green; and that a proof that is blind, or lacks a program, says so."""

import dataclasses
import json

import pytest

from tests.privacy import proof, run
from tests.privacy.evidence import CONTROL, Leak
from tests.privacy.report import GREEN, PARTIAL, RED, Report

GOOD = Report(
    leaks=[],
    left_out=[],
    proven={"every marker was sent": True},
    sent={"whole: 200": 3},
    searched={"log": {"files": 1, "bytes": 10}},
    markers=44,
    photos=12,
    needles=1000,
    rows={"receipts": 1},
    syscalls={"write": 2},
    writes={"RUN/log": "the gateway's log"},
    has_all=True,
)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, GREEN),
        ({"leaks": ["log: x"]}, RED),
        ({"leaks": ["log: x"], "left_out": ["strace"]}, RED),
        ({"proven": {"every marker was sent": False}}, RED),
        ({"left_out": ["system calls: strace is not installed"]}, PARTIAL),
        ({"has_all": False}, PARTIAL),
    ],
)
def test_the_exit_code_says_what_was_found_and_what_was_not_looked_at(changes, code):
    report = dataclasses.replace(GOOD, **changes)
    assert report.code == code
    assert json.loads(report.as_json())["result"] in report.as_text().splitlines()[0]
    for line in (*report.leaks, *report.left_out):
        assert line in report.as_text()


@pytest.fixture
def small(monkeypatch):
    """A proof whose scenes are given, with one photo and no folder of others."""
    real = run.new_run
    monkeypatch.setattr(proof, "new_run", lambda **others: real(shared_folders=(), most_photos=1, **others))

    def prove(scene=lambda *_: None):
        monkeypatch.setattr(proof, "SCENES", {"small": scene})
        return proof.prove(lambda _: None, scenes=("small",))

    return prove


def test_without_strace_it_is_left_out_by_name(small, monkeypatch):
    for module in (proof, run):
        monkeypatch.setattr(module, "find_program", lambda name: None if name == "strace" else "/usr/bin/" + name)
    report = small()
    assert report.code == PARTIAL
    assert any("strace is not installed" in line for line in report.left_out)


def test_without_postgresql_it_is_left_out_by_name(monkeypatch):
    monkeypatch.setattr(proof, "find_program", lambda _: None)
    with run.new_run(shared_folders=(), most_photos=1) as left:
        proof._people(left, None, watched=False)
        assert any("PostgreSQL is not installed" in line for line in left.left_out)


def test_a_leak_of_a_scene_makes_it_red(small):
    def leak(of_run, *_):
        of_run.evidence.add_bytes("log", "log of x", of_run.markers["file_name"].encode())

    report = small(leak)
    assert report.code == RED
    assert report.leaks == [str(Leak("log", "log of x", "file_name", "as it is", 0))]


def test_a_search_that_is_blind_makes_it_red(small, monkeypatch):
    monkeypatch.setattr(run.Searcher, "find", lambda *_: iter(()))
    report = small()
    assert report.code == RED
    assert [statement for statement, holds in report.proven.items() if not holds]


def test_what_a_clean_proof_rests_on_is_what_it_planted(small):
    report = small()
    assert report.leaks == []
    assert report.proven, "nothing was planted"
    assert all(report.proven.values())
    assert CONTROL not in report.as_json().partition('"proven"')[0]
