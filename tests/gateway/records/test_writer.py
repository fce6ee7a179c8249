import threading

import pytest

from gateway.records.writer import MAX_AT_ONCE, MAX_WAITING, ReceiptWriter, WriterFull
from tests.support.records import make_receipt

SECONDS = 30.0


class Disk:
    """Takes batches when it is told to."""

    def __init__(self):
        self.batches = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.busy = threading.Event()
        self.error = None

    def write(self, receipts):
        self.busy.set()
        assert self.go_on.wait(SECONDS)
        if self.error:
            raise self.error
        self.batches.append([receipt.id for receipt in receipts])


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def writer(disk):
    writer = ReceiptWriter(disk.write)
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


def test_a_database_that_hangs_fills_no_memory(writer, disk):
    disk.go_on.clear()
    writer.submit(make_receipt(0))
    assert disk.busy.wait(SECONDS)
    for number in range(MAX_WAITING):
        writer.submit(make_receipt(number + 1))
    with pytest.raises(WriterFull):
        writer.submit(make_receipt(9999))


def test_closing_writes_what_waits(disk):
    writer = ReceiptWriter(disk.write)
    futures = [writer.submit(make_receipt(number)) for number in range(3)]
    writer.close()
    assert all(future.done() for future in futures)
    assert [each for batch in disk.batches for each in batch] == ids(range(3))


def test_a_writer_that_was_never_used_has_no_thread(disk):
    before = threading.active_count()
    ReceiptWriter(disk.write).close()
    assert threading.active_count() == before
