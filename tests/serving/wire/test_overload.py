import grpc
import pytest

from serving.wire.errors import CallFailed
from serving.wire.overload import is_busy

NO_SPLITTING = (
    "The batch scheduling queue to which this task was submitted is full; "
    "currently 1 batches enqueued and max_enqueued_batches is 1"
)
SPLITTING = (
    "The batch scheduling queue to which this task was submitted is full; task size is 4 but scheduling capacity is only 2 "
    "(num_enqueued_batches=1, max_enqueued_batches=1, open_batch_size=2, max_execution_batch_size=4)"
)


@pytest.mark.parametrize(
    ("code", "details"),
    [
        (grpc.StatusCode.UNAVAILABLE, NO_SPLITTING),
        (grpc.StatusCode.UNAVAILABLE, SPLITTING),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "Server Threadpool Exhausted"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded"),
    ],
)
def test_a_full_queue_no_free_thread_and_a_missed_deadline_are_busy(code, details):
    assert is_busy(CallFailed("Predict", code, details))


@pytest.mark.parametrize(
    "code", [code for code in grpc.StatusCode if code.name not in {"RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"}]
)
def test_nothing_else_is_busy_and_a_refused_connection_least_of_all(code):
    assert not is_busy(CallFailed("Predict", code, "failed to connect to all addresses; Connection refused"))
