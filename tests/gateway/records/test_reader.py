import threading
import uuid

import gevent
import pytest

from gateway.errors import RecordsUnavailable, ScreeningUnknown
from gateway.records.reader import MAX_WAITING, READ_THREADS, ReceiptReader

SECONDS = 30.0


def note_nothing(_caller, _receipt_id, _found):
    pass


def test_a_database_that_hangs_leaves_a_bounded_number_of_questions(monkeypatch):
    monkeypatch.setattr("gateway.records.reader.READ_SECONDS", 0.01)
    go_on, asked, begun = threading.Event(), [], threading.Semaphore(0)

    def find(screening_id):
        asked.append(screening_id)
        begun.release()
        assert go_on.wait(SECONDS)

    reader = ReceiptReader(find, note_nothing)

    def ask():
        with pytest.raises(RecordsUnavailable):
            reader.find(str(uuid.uuid4()), "key:ward")

    gevent.joinall([gevent.spawn(ask) for _ in range(2 * MAX_WAITING)], raise_error=True)
    assert all(begun.acquire(timeout=SECONDS) for _ in range(READ_THREADS))
    assert len(asked) == READ_THREADS
    go_on.set()
    reader._threads.shutdown()
    assert len(asked) == MAX_WAITING


def test_it_answers_again_when_the_database_does():
    reader = ReceiptReader(lambda _: None, note_nothing)
    for _ in range(2 * MAX_WAITING):
        with pytest.raises(ScreeningUnknown):
            reader.find(str(uuid.uuid4()), "key:ward")
