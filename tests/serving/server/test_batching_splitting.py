"""Requests larger than the room in a batch, spread over several (`enable_large_batch_splitting`)."""

import threading

import numpy as np
import pytest

from serving.server.batching import BatchScheduler
from serving.server.batching_settings import Batching, BatchingSettings
from serving.server.errors import InvalidArgument, Unavailable, Unknown
from serving.server.metrics import ServerMetrics

WAIT_SECONDS = 20.0


class Model:
    """Doubles its input, once `may_run` is set; fails on rows that hold 13."""

    def __init__(self):
        self.batches = []
        self.arrived = threading.Semaphore(0)
        self.may_run = threading.Event()

    def __call__(self, inputs, _deadline):
        self.batches.append(inputs[0].tolist())
        self.arrived.release()
        assert self.may_run.wait(WAIT_SECONDS)
        if 13 in inputs[0]:
            message = "unlucky"
            raise Unknown(message)
        return [inputs[0] * 2]


def queue_of(model, **settings):
    given = {"max_batch_size": 8, "max_execution_batch_size": 2, "num_batch_threads": 1} | settings
    common = BatchingSettings(**given, enable_large_batch_splitting=True)
    common.check()
    return BatchScheduler(Batching(common), ServerMetrics()).open_queue(model, ["x:0"], common)


def rows(*values):
    return [np.float32(values)]


@pytest.fixture
def in_thread():
    """Runs a call in a thread of its own; its outcome is in `outcomes` once `join` has returned."""
    threads, outcomes = [], {}

    def start(name, call):
        def run():
            try:
                outcomes[name] = call()[0].tolist()
            except (Unknown, Unavailable) as error:
                outcomes[name] = error

        threads.append(threading.Thread(target=run))
        threads[-1].start()

    def join():
        for thread in threads:
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive()
        return outcomes

    start.join = join
    return start


def wait_until(condition):
    end = threading.Event()
    for _ in range(int(WAIT_SECONDS * 1000)):
        if condition():
            return
        end.wait(0.001)
    pytest.fail("it did not come to pass")


def test_a_large_request_runs_in_parts_and_comes_back_whole():
    model = Model()
    model.may_run.set()
    assert queue_of(model).submit(rows(1, 2, 3, 4, 5), None)[0].tolist() == [2, 4, 6, 8, 10]
    assert model.batches == [[1, 2], [3, 4], [5]]


def test_parts_of_one_request_run_at_the_same_time_where_there_is_room(in_thread):
    model = Model()
    queue = queue_of(model, num_batch_threads=2)
    in_thread("large", lambda: queue.submit(rows(1, 2, 3, 4), None))
    for _ in range(2):
        assert model.arrived.acquire(timeout=WAIT_SECONDS), "its own thread alone could run only one of them"
    model.may_run.set()
    assert in_thread.join() == {"large": [2, 4, 6, 8]}


def test_a_part_fills_the_open_batch_first(in_thread):
    model = Model()
    queue = queue_of(model)
    in_thread("first", lambda: queue.submit(rows(1), None))
    assert model.arrived.acquire(timeout=WAIT_SECONDS)
    in_thread("second", lambda: queue.submit(rows(2), None))
    wait_until(lambda: [batch.rows for batch in queue.batches] == [1])
    in_thread("large", lambda: queue.submit(rows(3, 4, 5, 6), None))
    wait_until(lambda: [batch.rows for batch in queue.batches] == [2, 2, 1])
    in_thread("last", lambda: queue.submit(rows(7), None))
    wait_until(lambda: [batch.rows for batch in queue.batches] == [2, 2, 2])
    model.may_run.set()
    assert in_thread.join() == {"first": [2], "second": [4], "large": [6, 8, 10, 12], "last": [14]}
    assert model.batches == [[1], [2, 3], [4, 5], [6, 7]]


def test_one_part_that_fails_fails_its_request_and_the_others_of_that_batch(in_thread):
    model = Model()
    queue = queue_of(model)
    in_thread("first", lambda: queue.submit(rows(1), None))
    assert model.arrived.acquire(timeout=WAIT_SECONDS)
    in_thread("large", lambda: queue.submit(rows(2, 3, 13), None))
    wait_until(lambda: [batch.rows for batch in queue.batches] == [2, 1])
    in_thread("beside", lambda: queue.submit(rows(4), None))
    wait_until(lambda: [batch.rows for batch in queue.batches] == [2, 2])
    model.may_run.set()
    outcomes = in_thread.join()
    assert outcomes["first"] == [2]
    assert [outcomes[name].message for name in ("large", "beside")] == ["unlucky", "unlucky"]
    assert model.batches == [[1], [2, 3], [13, 4]]


def test_a_request_without_room_is_unavailable_with_their_words(in_thread):
    model = Model()
    queue = queue_of(model, max_enqueued_batches=2)
    in_thread("first", lambda: queue.submit(rows(1), None))
    assert model.arrived.acquire(timeout=WAIT_SECONDS)
    in_thread("second", lambda: queue.submit(rows(2, 3, 4), None))
    wait_until(lambda: [batch.rows for batch in queue.batches] == [2, 1])
    with pytest.raises(Unavailable) as error:
        queue.submit(rows(5, 6), None)
    assert error.value.message == (
        "The batch scheduling queue to which this task was submitted is full; task size is 2 but scheduling capacity "
        "is only 1 (num_enqueued_batches=2, max_enqueued_batches=2, open_batch_size=1, max_execution_batch_size=2)"
    )
    model.may_run.set()
    assert in_thread.join() == {"first": [2], "second": [4, 6, 8]}


def test_a_request_larger_than_the_empty_queue_is_unavailable_too():
    with pytest.raises(Unavailable) as error:
        queue_of(Model(), max_enqueued_batches=2).submit(rows(1, 2, 3, 4, 5), None)
    assert error.value.message == (
        "The batch scheduling queue to which this task was submitted is full; task size is 5 but scheduling capacity "
        "is only 4 (num_enqueued_batches=1, max_enqueued_batches=2, open_batch_size=0, max_execution_batch_size=2)"
    )


def test_a_request_larger_than_any_may_be_is_refused():
    with pytest.raises(InvalidArgument) as error:
        queue_of(Model()).submit(rows(*range(9)), None)
    assert error.value.message == "Task size 9 is larger than maximum input batch size 8"
