"""Batching decisions, with a model whose speed the test controls."""

import threading
import time

import numpy as np
import pytest

from serving.server.batching import BatchScheduler
from serving.server.batching_settings import Batching, BatchingSettings
from serving.server.errors import FailedPrecondition, Internal, InvalidArgument, ResourceExhausted, Unavailable, Unknown
from serving.server.metrics import ServerMetrics

WAIT_SECONDS = 20.0


class HeldModel:
    """Doubles its input, but only when the test lets a batch pass."""

    def __init__(self):
        self.batches = []
        self.arrived = threading.Semaphore(0)
        self.may_go = threading.Semaphore(0)

    def __call__(self, inputs, _deadline):
        self.batches.append(inputs[0].tolist())
        self.arrived.release()
        assert self.may_go.acquire(timeout=WAIT_SECONDS)
        return [inputs[0] * 2]

    def wait_for_batch(self):
        assert self.arrived.acquire(timeout=WAIT_SECONDS)


class Callers:
    """Requests in threads of their own, with their outcomes."""

    def __init__(self):
        self.threads = []
        self.outcomes = {}

    def call(self, queue, *values, deadline=None):
        name = tuple(values)

        def run():
            try:
                self.outcomes[name] = queue.submit([np.float32(values)], deadline)[0].tolist()
            except Exception as error:  # noqa: BLE001 - the test looks at it
                self.outcomes[name] = error

        thread = threading.Thread(target=run)
        thread.start()
        self.threads.append(thread)

    def join(self):
        for thread in self.threads:
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive()


def wait_until(condition):
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def waiting(queue):
    return [part.inputs[0].tolist() for batch in queue.batches for part in batch.parts]


@pytest.fixture
def callers():
    made = Callers()
    yield made
    made.join()


class Scheduler:
    """A scheduler, whose queues all follow the same settings."""

    def __init__(self, **settings):
        self.metrics = ServerMetrics()
        self.settings = BatchingSettings(**({"num_batch_threads": 1} | settings))
        self.scheduler = BatchScheduler(Batching(self.settings), self.metrics)

    def open_queue(self, run, input_names):
        return self.scheduler.open_queue(run, input_names, self.settings)


def scheduler_with(**settings):
    made = Scheduler(**settings)
    return made, made.metrics


def test_a_lone_request_runs_at_once_in_its_own_thread():
    scheduler, _ = scheduler_with()
    threads = []
    queue = scheduler.open_queue(lambda inputs, _: [threads.append(threading.current_thread()) or inputs[0]], ["x:0"])
    assert queue.submit([np.float32([1, 2])], None)[0].tolist() == [1, 2]
    assert threads == [threading.current_thread()]


def test_what_arrives_while_the_model_is_busy_becomes_one_batch(callers):
    scheduler, metrics = scheduler_with(max_batch_size=4)
    model = HeldModel()
    queue = scheduler.open_queue(model, ["x:0"])
    callers.call(queue, 1)
    model.wait_for_batch()
    for value in (2, 3, 4):
        callers.call(queue, value)
        wait_until(lambda value=value: [value] in waiting(queue))
    model.may_go.release(2)
    callers.join()
    assert model.batches == [[1], [2, 3, 4]]
    assert callers.outcomes == {(1,): [2], (2,): [4], (3,): [6], (4,): [8]}
    assert ":tensorflow:serving:batching_session:wrapped_run_count{} 2" in metrics.exposition()


def test_several_batches_run_at_once_where_there_is_room(callers):
    scheduler, _ = scheduler_with(num_batch_threads=2)
    model = HeldModel()
    queue = scheduler.open_queue(model, ["x:0"])
    for value in (1, 2):
        callers.call(queue, value)
        model.wait_for_batch()
    callers.call(queue, 3)
    wait_until(lambda: waiting(queue) == [[3]])
    assert sorted(model.batches) == [[1], [2]]
    model.may_go.release(3)
    callers.join()


def test_a_full_queue_is_unavailable_with_their_words(callers):
    scheduler, _ = scheduler_with(max_batch_size=2, max_enqueued_batches=2)
    model = HeldModel()
    queue = scheduler.open_queue(model, ["x:0"])
    callers.call(queue, 1)
    model.wait_for_batch()
    for value in (2, 3, 4, 5):
        callers.call(queue, value)
        wait_until(lambda value=value: [value] in waiting(queue))
    with pytest.raises(Unavailable) as error:
        queue.submit([np.float32([6])], None)
    assert error.value.message == (
        "The batch scheduling queue to which this task was submitted is full; currently 2 batches enqueued and "
        "max_enqueued_batches is 2"
    )
    model.may_go.release(3)
    callers.join()
    assert model.batches == [[1], [2, 3], [4, 5]]


def test_no_room_at_all_is_read_as_room_for_one():
    scheduler, _ = scheduler_with(max_enqueued_batches=0)
    queue = scheduler.open_queue(lambda inputs, _: [inputs[0]], ["x:0"])
    assert queue.submit([np.float32([1])], None)[0].tolist() == [1]


def test_a_request_may_not_be_larger_than_a_batch():
    scheduler, _ = scheduler_with(max_batch_size=2)
    queue = scheduler.open_queue(lambda inputs, _: [inputs[0]], ["x:0"])
    with pytest.raises(InvalidArgument) as error:
        queue.submit([np.float32([1, 2, 3])], None)
    assert error.value.message == "Task size 3 is larger than maximum input batch size 2"


def test_inputs_need_rows_and_as_many():
    scheduler, _ = scheduler_with()
    queue = scheduler.open_queue(lambda inputs, _: [inputs[0]], ["x:0", "y:0"])
    for arrays, words in (
        ([np.float32(1), np.float32(1)], "at least one dimension"),
        ([np.float32([1]), np.float32([1, 2])], "equal 0th-dimension size"),
    ):
        with pytest.raises(InvalidArgument, match=words):
            queue.submit(arrays, None)


def test_a_timeout_lets_a_batch_fill():
    # The first of two waits for the second, because neither the size nor the time is reached.
    scheduler, _ = scheduler_with(max_batch_size=2, batch_timeout_micros=int(WAIT_SECONDS * 1e6))
    batches = []
    queue = scheduler.open_queue(lambda inputs, _: [batches.append(inputs[0].tolist()) or inputs[0]], ["x:0"])
    callers = Callers()
    callers.call(queue, 1)
    wait_until(lambda: waiting(queue) == [[1]])
    started = time.monotonic()
    callers.call(queue, 2)
    callers.join()
    assert batches == [[1, 2]]
    assert time.monotonic() - started < WAIT_SECONDS, "a full batch must not wait for the clock"


def test_a_timeout_ends_the_wait_of_a_batch_that_does_not_fill():
    scheduler, _ = scheduler_with(max_batch_size=2, batch_timeout_micros=20_000)
    queue = scheduler.open_queue(lambda inputs, _: [inputs[0]], ["x:0"])
    started = time.monotonic()
    assert queue.submit([np.float32([1])], None)[0].tolist() == [1]
    assert time.monotonic() - started >= 0.02


def test_a_batch_whose_time_came_while_there_was_no_room_runs_when_there_is(callers):
    scheduler, _ = scheduler_with(max_batch_size=1, batch_timeout_micros=1000)
    model = HeldModel()
    first, second = scheduler.open_queue(model, ["x:0"]), scheduler.open_queue(model, ["x:0"])
    callers.call(first, 1)
    model.wait_for_batch()
    callers.call(second, 2)
    wait_until(lambda: waiting(second) == [[2]])
    model.may_go.release(2)
    callers.join()
    assert callers.outcomes == {(1,): [2], (2,): [4]}


def test_queues_are_never_mixed_and_take_turns(callers):
    scheduler, _ = scheduler_with(max_batch_size=1, max_enqueued_batches=10)
    model = HeldModel()
    first, second = scheduler.open_queue(model, ["x:0"]), scheduler.open_queue(model, ["x:0"])
    callers.call(first, 1)
    model.wait_for_batch()
    for queue, value in ((first, 2), (first, 3), (second, 20), (second, 30)):
        callers.call(queue, value)
        wait_until(lambda queue=queue, value=value: [value] in waiting(queue))
    model.may_go.release(5)
    callers.join()
    order = [batch[0] for batch in model.batches]
    assert order[0] == 1
    assert sorted(order[1:3]) == [2, 20], "one queue must not starve the other"
    model.may_go.release()
    assert second.submit([np.float32([])], None)[0].tolist() == []


def test_a_batch_that_nobody_waits_for_any_more_is_not_run(callers):
    scheduler, _ = scheduler_with(max_batch_size=2)
    model = HeldModel()
    queue = scheduler.open_queue(model, ["x:0"])
    callers.call(queue, 1)
    model.wait_for_batch()
    for value, deadline in ((2, time.monotonic()), (3, time.monotonic()), (4, time.monotonic()), (5, None)):
        callers.call(queue, value, deadline=deadline)
        wait_until(lambda value=value: [value] in waiting(queue))
    model.may_go.release(2)
    callers.join()
    assert model.batches == [[1], [4, 5]], "who gave up is computed along with somebody who still waits, as theirs"
    for value in (2, 3):
        assert isinstance(callers.outcomes[value,], ResourceExhausted)
        assert callers.outcomes[value,].message == "Run() timeout exceeded while waiting in batching queue"
    assert (callers.outcomes[4,], callers.outcomes[5,]) == ([8], [10])


def test_a_batch_runs_until_the_last_of_its_callers_gives_up(callers):
    scheduler, _ = scheduler_with(max_batch_size=2)
    deadlines, model = [], HeldModel()
    queue = scheduler.open_queue(lambda inputs, deadline: deadlines.append(deadline) or model(inputs, None), ["x:0"])
    callers.call(queue, 1)
    model.wait_for_batch()
    now = time.monotonic()
    for value, deadline in ((2, now + 90), (3, now + 60), (4, now + 60), (5, None)):
        callers.call(queue, value, deadline=deadline)
        wait_until(lambda value=value: [value] in waiting(queue))
    model.may_go.release(3)
    callers.join()
    assert deadlines == [None, now + 90, None]


@pytest.mark.parametrize("failure", [Unknown("it broke"), ZeroDivisionError("secret")])
def test_a_failure_reaches_every_caller_and_the_next_batch_runs(callers, failure):
    scheduler, _ = scheduler_with()
    gate = threading.Event()
    fail = [failure, None]

    def run(inputs, _deadline):
        if len(inputs[0]) == 1:
            assert gate.wait(WAIT_SECONDS)
            return [inputs[0]]
        if error := fail.pop(0):
            raise error
        return [inputs[0]]

    queue = scheduler.open_queue(run, ["x:0"])
    callers.call(queue, 1)
    wait_until(lambda: waiting(queue) == [] and scheduler.scheduler._free_slots == 0)
    callers.call(queue, 2, 3)
    callers.call(queue, 4, 5)
    wait_until(lambda: len(waiting(queue)) == 2)
    gate.set()
    callers.join()
    errors = [callers.outcomes[2, 3], callers.outcomes[4, 5]]
    expected = Unknown if isinstance(failure, Unknown) else Internal
    assert [type(error) for error in errors] == [expected] * 2
    assert errors[0] is not errors[1]
    assert "secret" not in str(errors)
    assert queue.submit([np.float32([6, 7])], None)[0].tolist() == [6, 7]


def test_a_fault_before_the_model_runs_wakes_every_caller(callers, monkeypatch):
    scheduler, metrics = scheduler_with()
    model = HeldModel()
    queue = scheduler.open_queue(model, ["x:0"])
    callers.call(queue, 1)
    model.wait_for_batch()
    for value in (2, 3):
        callers.call(queue, value)
    wait_until(lambda: len(waiting(queue)) == 2)

    def fail(*_):
        message = "secret"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(metrics.queuing_latency, "observe", fail)
    model.may_go.release()
    callers.join()
    for value in (2, 3):
        assert isinstance(callers.outcomes[value,], Internal)
        assert "secret" not in str(callers.outcomes[value,])
    assert scheduler.scheduler._free_slots == 1


def test_batches_are_padded_to_an_allowed_size_with_rows_the_model_can_meet():
    scheduler, metrics = scheduler_with(max_batch_size=8, allowed_batch_sizes=(1, 4, 8))
    seen = []
    queue = scheduler.open_queue(lambda inputs, _: [seen.append(inputs[0].tolist()) or inputs[0]], ["x:0"])
    assert queue.submit([np.float32([1, 2, 3])], None)[0].tolist() == [1, 2, 3]
    assert queue.submit([np.float32([7])], None)[0].tolist() == [7]
    assert seen == [[1, 2, 3, 1], [7]]
    assert ':padding_size_sum{execution_batch_size="4"} 1' in metrics.exposition()


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (np.float32(1), "Batched output tensor has 0 dimensions"),
        (np.float32([1]), "Batched output tensor's 0th dimension does not equal the sum"),
    ],
)
def test_outputs_that_cannot_be_split_are_refused(output, words):
    scheduler, _ = scheduler_with()
    queue = scheduler.open_queue(lambda *_: [output], ["x:0"])
    with pytest.raises(FailedPrecondition, match=words):
        queue.submit([np.float32([1, 2])], None)
