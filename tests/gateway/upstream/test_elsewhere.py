"""The second attempt goes to another replica than the first, also while the calls of others come in between."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import grpc
import pytest

from gateway.deadline import Deadline
from gateway.errors import ModelVersionMissing, PredictorBusy
from tests.support.gateway import VERSION
from tests.support.stub_model_server import StubModelServer
from tests.support.upstream import CROP

CALLERS = 8
CALLS = 160


@pytest.fixture
def other():
    with StubModelServer(VERSION) as server:
        yield server


@pytest.fixture
def both(connect, stub, other, model):
    """Connected to both replicas: a channel knows of one before it knows of all."""
    upstream = connect(f"ipv4:{stub.address},{other.address}", max_calls=CALLERS)
    with ExitStack() as stack:
        connections = [stack.enter_context(upstream.connections.lease()) for _ in range(CALLERS)]
        for connection in connections:
            stub.status_calls = other.status_calls = 0
            while not (stub.status_calls and other.status_calls):
                connection.client.model_status(model.name, model.version, 30)
    return upstream


def predict_at_once(upstream, model):
    """Many calls from many threads; the versions that answered."""

    def predict(_):
        return upstream.calls.predict(CROP[None], model, Deadline.after(30)).version

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(predict, range(CALLS)))


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.NOT_FOUND])
def test_a_replica_that_cannot_answer_costs_no_caller_its_answer(both, stub, model, results, code):
    stub.errors = [code] * CALLS * 2
    before = len(results)
    assert predict_at_once(both, model) == [VERSION] * CALLS
    failed = len(results) - before - CALLS
    assert failed > CALLS / 4, "hardly a call met the replica that fails, which proves nothing"


def test_a_version_that_no_replica_has_is_missing_after_two_attempts(both, stub, other, model):
    stub.version = other.version = VERSION + 1
    stub.calls = other.calls = 0
    with pytest.raises(ModelVersionMissing):
        both.predict(model)
    assert (stub.calls, other.calls) == (1, 1)


def test_a_replica_that_is_too_busy_is_not_taken_to_another(both, stub, other, model):
    stub.errors = [grpc.StatusCode.RESOURCE_EXHAUSTED] * 2
    stub.calls = other.calls = 0
    refused = 0
    for _ in range(4):
        try:
            both.predict(model)
        except PredictorBusy:
            refused += 1
    assert (refused, stub.calls, other.calls) == (2, 2, 2)


def test_calls_are_shared_out_evenly(both, stub, other, model):
    stub.calls = other.calls = 0
    predict_at_once(both, model)
    assert max(stub.calls, other.calls) / min(stub.calls, other.calls) <= 1.3


def test_a_replica_that_ends_costs_no_caller_its_answer(both, stub, model):
    stub.__exit__()
    assert predict_at_once(both, model) == [VERSION] * CALLS
