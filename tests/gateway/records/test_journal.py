"""The journal: bounded, on the disk before anybody is told, read again after a death at any byte."""

import os
import resource
import subprocess
import sys

import pytest

from gateway.records.away.journal import Journal, JournalDamaged, JournalFull, JournalTaken, line_of, receipt_of
from tests.support.gateway_process import PROJECT
from tests.support.records import make_receipt

LINE = line_of(make_receipt(1))
ROOM = 100 * len(LINE)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def journal(path):
    journal = Journal(path, ROOM)
    yield journal
    journal.close()


def receipts(*numbers):
    return [make_receipt(number) for number in numbers]


def kept(path):
    """What the next gateway finds."""
    journal = Journal(path, ROOM)
    found, _ = journal.waiting(1000)
    journal.close()
    return found


def test_a_receipt_comes_back_as_it_was():
    receipt = make_receipt(1, p_no_depression=0.1 + 1e-17, band=None, caller='key:"\n ü')
    assert receipt_of(line_of(receipt)) == receipt
    assert line_of(receipt).count(b"\n") == 1


def test_what_waits_comes_back_in_order_also_after_the_next_start(path):
    journal = Journal(path, ROOM)
    journal.append(receipts(2, 1))
    journal.append(receipts(3))
    assert journal.waiting(2)[0] == receipts(2, 1)
    journal.close()
    assert kept(path) == receipts(2, 1, 3)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_was_taken_is_not_offered_again_and_an_empty_one_takes_no_room(journal, path):
    journal.append(receipts(1, 2, 3))
    _, end = journal.waiting(2)
    journal.take(end)
    assert not journal.is_empty
    found, end = journal.waiting(2)
    assert found == receipts(3)
    journal.take(end)
    assert journal.is_empty
    assert path.stat().st_size == 0


def test_a_full_one_takes_nothing_and_keeps_what_it_has(path):
    journal = Journal(path, 3 * len(LINE))
    journal.append(receipts(1, 2))
    with pytest.raises(JournalFull):
        journal.append(receipts(3, 4))
    journal.append(receipts(5))
    journal.close()
    assert kept(path) == receipts(1, 2, 5)


@pytest.mark.parametrize("lost", [1, 2, 40, len(LINE) - 1, len(LINE), len(LINE) + 1])
def test_a_death_in_the_middle_of_a_line_costs_that_line_only(path, lost):
    path.write_bytes(b"".join(map(line_of, receipts(1, 2, 3)))[:-lost])
    assert kept(path) == receipts(1, 2)[: 2 if lost <= len(LINE) else 1]
    journal = Journal(path, ROOM)
    journal.append(receipts(9))
    journal.close()
    assert kept(path)[-1] == make_receipt(9)


def test_blocks_that_never_reached_the_disk_are_cut_off(path):
    path.write_bytes(line_of(make_receipt(1)) + bytes(4096))
    assert kept(path) == receipts(1)


@pytest.mark.parametrize("place", [0, 5, 16, 17, 100])
def test_a_line_that_was_changed_before_whole_ones_stops_the_start(path, place):
    content = bytearray(b"".join(map(line_of, receipts(1, 2, 3))))
    content[len(LINE) + place] ^= 1
    path.write_bytes(content)
    with pytest.raises(JournalDamaged, match="line 2 of"):
        Journal(path, ROOM)
    assert path.read_bytes() == content


def test_another_gateway_cannot_have_it_too(journal, path):
    with pytest.raises(JournalTaken):
        Journal(path, ROOM)
    journal.append(receipts(1))


def test_a_disk_that_is_full_takes_nothing_and_leaves_what_was_there_whole(path):
    """The kernel refuses to let the file grow past a size, as a full disk does."""
    program = (
        "import resource, signal, sys, pathlib\n"
        "from gateway.records.away.journal import Journal\n"
        "from tests.support.records import make_receipt\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "journal = Journal(pathlib.Path(sys.argv[1]), 10**9)\n"
        "journal.append([make_receipt(1)])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))\n"
        "try: journal.append([make_receipt(2), make_receipt(3)])\n"
        "except OSError: print('refused')\n"
        "journal.append([])\n"
    )
    limit = len(LINE) * 2 + 10
    said = subprocess.run(
        [sys.executable, "-c", program, str(path), str(limit)],
        cwd=PROJECT, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": "."},
    )  # fmt: skip
    assert said.stdout == "refused\n"
    assert path.stat().st_size == len(LINE)
    assert kept(path) == receipts(1)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
