import contextvars

import grpc
import numpy as np
import pytest

from gateway.errors import (
    ModelVersionMismatch,
    ModelVersionMissing,
    PredictorBusy,
    PredictorRejected,
    PredictorTimeout,
    PredictorUnavailable,
)
from gateway.tracing import begin_trace
from gateway.upstream.circuit import FAILURES_TO_OPEN
from serving.local.ports import find_free_port
from serving.wire.overload import QUEUE_FULL
from tests.support.gateway import VERSION
from tests.support.upstream import CROP


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_come_back_widened_and_the_crop_arrives_byte_for_byte(connect, stub, model, dtype, results):
    stub.p_no_depression = dtype(0.7)
    scores = connect(stub.address).predict(model)
    assert scores.p_no_depression == float(dtype(0.7))
    assert scores.version == VERSION
    (crop,) = stub.crops
    assert crop.dtype == np.uint8
    assert crop.tobytes() == CROP.tobytes()
    assert crop.shape == (1, 128, 128, 3)
    assert results == ["ok"]


def test_the_model_server_is_told_which_trace_a_call_belongs_to(connect, stub, model):
    predictor = connect(stub.address)
    contextvars.Context().run(predictor.predict, model)
    trace = contextvars.Context().run(lambda: (begin_trace([], []), predictor.predict(model))[0])
    assert stub.traceparents == [None, trace.parent]


def test_another_version_than_the_pinned_one_is_no_answer(connect, stub, model, results):
    stub.answering_version = VERSION + 1
    with pytest.raises(ModelVersionMismatch):
        connect(stub.address).predict(model)
    assert results == ["invalid_answer"]


def test_a_pinned_version_that_is_not_served_is_missing(connect, stub, model):
    stub.version = VERSION + 1
    with pytest.raises(ModelVersionMissing):
        connect(stub.address).predict(model)
    with pytest.raises(ModelVersionMissing):
        connect(stub.address).check(model)


def test_one_retry_when_the_server_is_unavailable(connect, stub, model, results):
    stub.errors = [grpc.StatusCode.UNAVAILABLE]
    assert connect(stub.address).predict(model).version == VERSION
    assert stub.calls == 2
    assert results == ["unavailable", "ok"]


def test_no_second_retry(connect, stub, model):
    stub.errors = [grpc.StatusCode.UNAVAILABLE] * 3
    with pytest.raises(PredictorUnavailable):
        connect(stub.address).predict(model)
    assert stub.calls == 2


@pytest.mark.parametrize("code", [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN])
def test_what_trying_again_cannot_help_is_not_tried_again(connect, stub, model, code):
    stub.errors = [code]
    with pytest.raises(PredictorRejected):
        connect(stub.address).predict(model)
    assert stub.calls == 1


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, PredictorBusy),
        (grpc.StatusCode.ABORTED, PredictorUnavailable),
        (grpc.StatusCode.CANCELLED, PredictorUnavailable),
    ],
)
def test_a_server_with_too_much_to_do_is_not_asked_again(connect, stub, model, code, expected):
    stub.errors = [code]
    with pytest.raises(expected):
        connect(stub.address).predict(model)
    assert stub.calls == 1


def test_a_full_batching_queue_is_a_busy_server_though_it_says_unavailable(connect, stub, model, results):
    stub.errors = [grpc.StatusCode.UNAVAILABLE]
    stub.details = f"{QUEUE_FULL}; currently 1 batches enqueued and max_enqueued_batches is 1"
    with pytest.raises(PredictorBusy):
        connect(stub.address).predict(model)
    assert stub.calls == 1
    assert results == ["busy"]


def test_a_second_attempt_that_is_slow_is_no_missing_server(connect, stub, model, results):
    stub.errors = [grpc.StatusCode.UNAVAILABLE]
    stub.hang_from_call = 2
    with pytest.raises(PredictorTimeout):
        connect(stub.address).predict(model, seconds=2)
    assert results == ["unavailable", "deadline"]


def test_a_server_that_hangs_meets_the_deadline(connect, stub, model):
    stub.go_on.clear()
    with pytest.raises(PredictorTimeout):
        connect(stub.address).predict(model, seconds=0.1)


def test_nobody_listening_is_unavailable_within_the_deadline(connect, model, results):
    upstream = connect(f"127.0.0.1:{find_free_port()}")
    with pytest.raises(PredictorUnavailable):
        upstream.predict(model, seconds=0.5)
    assert results == ["unavailable"]
    with pytest.raises(PredictorUnavailable):
        upstream.check(model, seconds=0.5)


@pytest.mark.parametrize(
    "output", [np.zeros((1, 2), np.float32), np.zeros((0,), np.float32), np.ones((1, 1), np.int64), None]
)
def test_an_output_that_is_no_single_number_is_no_answer(connect, stub, model, output, results):
    stub.p_no_depression = output
    with pytest.raises(PredictorRejected):
        connect(stub.address).predict(model)
    assert results == ["invalid_answer"]


def test_the_call_carries_what_is_left_of_the_deadline(connect, stub, model):
    connect(stub.address).predict(model, seconds=20)
    (allowed_seconds,) = stub.allowed_seconds
    assert 10 < allowed_seconds <= 20


def test_a_server_that_is_away_is_refused_at_once_and_found_again_by_one_call(connect, stub, model, results):
    upstream = connect(stub.address, open_seconds=0.0)
    stub.errors = [grpc.StatusCode.ABORTED] * FAILURES_TO_OPEN
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(PredictorUnavailable):
            upstream.predict(model)
    assert upstream.circuit_states == ["closed", "open"]
    assert upstream.predict(model).version == VERSION
    assert upstream.circuit_states == ["closed", "open", "half_open", "closed"]
    assert results == ["unavailable"] * FAILURES_TO_OPEN + ["ok"]


def test_an_open_circuit_keeps_calls_from_the_server(connect, stub, model):
    upstream = connect(stub.address, open_seconds=3600.0)
    stub.errors = [grpc.StatusCode.ABORTED] * FAILURES_TO_OPEN
    for _ in range(FAILURES_TO_OPEN + 3):
        with pytest.raises(PredictorUnavailable):
            upstream.predict(model)
    with pytest.raises(PredictorUnavailable):
        upstream.predictor.require_reachable()
    assert stub.calls == FAILURES_TO_OPEN
    upstream.check(model)  # a probe finds out for itself


def test_an_available_version_passes_the_check(connect, stub, model):
    connect(stub.address).check(model)
