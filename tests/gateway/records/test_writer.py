import threading

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from gateway.records.store import is_away as store_is_away
from gateway.records.writer import MAX_AT_ONCE, MAX_WAITING, ReceiptWriter, WriterFull
from tests.support.records import make_receipt, open_store

SECONDS = 30.0


class Disk:
    """Takes batches when it is told to."""

    def __init__(self):
        self.batches = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.busy = threading.Event()
        self.error = None
        self.errors_of = {}
        """By the id of a receipt that it does not take."""
        self.tries = 0

    def write(self, receipts):
        self.busy.set()
        assert self.go_on.wait(SECONDS)
        self.tries += 1
        if self.error:
            raise self.error
        for receipt in receipts:
            if receipt.id in self.errors_of:
                raise self.errors_of[receipt.id]
        self.batches.append([receipt.id for receipt in receipts])


def is_away(error):
    return isinstance(error, OSError)


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def writer(disk):
    writer = ReceiptWriter(disk.write, is_away)
    yield writer
    disk.go_on.set()
    writer.close()


def ids(numbers):
    return [make_receipt(number).id for number in numbers]


def test_receipts_are_written_in_order_and_those_that_wait_together(writer, disk):
    disk.go_on.clear()
    first = writer.submit(make_receipt(0))
    assert disk.busy.wait(SECONDS)
    others = [writer.submit(make_receipt(number)) for number in range(1, MAX_AT_ONCE + 5)]
    assert not first.done()
    disk.go_on.set()
    for future in (first, *others):
        future.result(SECONDS)
    assert disk.batches == [ids([0]), ids(range(1, MAX_AT_ONCE + 1)), ids(range(MAX_AT_ONCE + 1, MAX_AT_ONCE + 5))]


def test_a_failure_reaches_everyone_who_waits_and_the_next_is_tried_again(writer, disk):
    disk.error = OSError("disk full")
    with pytest.raises(OSError, match="disk full"):
        writer.submit(make_receipt(1)).result(SECONDS)
    disk.error = None
    writer.submit(make_receipt(2)).result(SECONDS)
    assert disk.batches == [ids([2])]


def together(writer, disk, numbers):
    """Futures of receipts that are written in one batch, after one that was written alone."""
    disk.go_on.clear()
    writer.submit(make_receipt(0))
    assert disk.busy.wait(SECONDS)
    futures = [writer.submit(make_receipt(number)) for number in numbers]
    disk.go_on.set()
    return futures


def test_one_receipt_that_is_refused_costs_the_others_nothing(writer, disk):
    (refused,) = ids([2])
    disk.errors_of = {refused: ValueError("no such row")}
    first, second, third = together(writer, disk, [1, 2, 3])
    assert first.result(SECONDS) is third.result(SECONDS) is None
    with pytest.raises(ValueError, match="no such row"):
        second.result(SECONDS)
    assert disk.batches == [ids([0]), ids([1]), ids([3])]


def test_a_database_that_is_away_is_not_asked_again_for_each(writer, disk):
    disk.errors_of = dict.fromkeys(ids([1, 2, 3]), OSError("away"))
    futures = together(writer, disk, [1, 2, 3])
    assert [str(future.exception(SECONDS)) for future in futures] == ["away"] * 3
    assert disk.tries == 2


def test_nor_when_it_goes_away_meanwhile(writer, disk):
    (refused,), (last,) = ids([1]), ids([2])
    disk.errors_of = {refused: ValueError("no such row"), last: OSError("away")}
    futures = together(writer, disk, [1, 2, 3, 4])
    assert [str(future.exception(SECONDS)) for future in futures] == ["no such row", "away", "away", "away"]
    assert disk.tries == 4


def test_a_database_that_hangs_fills_no_memory(writer, disk):
    disk.go_on.clear()
    writer.submit(make_receipt(0))
    assert disk.busy.wait(SECONDS)
    for number in range(MAX_WAITING):
        writer.submit(make_receipt(number + 1))
    with pytest.raises(WriterFull):
        writer.submit(make_receipt(9999))


def test_closing_writes_what_waits(disk):
    writer = ReceiptWriter(disk.write, is_away)
    futures = [writer.submit(make_receipt(number)) for number in range(3)]
    writer.close()
    assert all(future.done() for future in futures)
    assert [each for batch in disk.batches for each in batch] == ids(range(3))


def test_a_writer_that_was_never_used_has_no_thread(disk):
    before = threading.active_count()
    ReceiptWriter(disk.write, is_away).close()
    assert threading.active_count() == before


def test_a_real_database_says_which_of_the_two_it_was(store):
    store.write([make_receipt(1)])
    with pytest.raises(IntegrityError) as refused:
        store.write([make_receipt(2), make_receipt(1)])
    assert not store_is_away(refused.value)
    store.write([make_receipt(2)])
    away = open_store("sqlite:////nowhere/at/all.db")
    with pytest.raises(OperationalError) as gone:
        away.write([make_receipt(3)])
    assert store_is_away(gone.value)
