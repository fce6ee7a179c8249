"""Batching in a running server: at most 4 rows, one batch at a time, one waiting (`batching_server`)."""

import time

import grpc
import numpy as np
import pytest

from serving.wire import predict_pb2 as pb
from serving.wire.client import PREDICT_PATH
from serving.wire.errors import CallFailed
from serving.wire.tensors import to_array, to_tensor_proto

pytestmark = pytest.mark.tensorflow
DEADLINE_SECONDS = 60.0


def start(server, signature, **inputs):
    request = pb.PredictRequest(model_spec=pb.ModelSpec(name="toys", signature_name=signature))
    for name, array in inputs.items():
        request.inputs[name].CopyFrom(to_tensor_proto(array))
    method = server.channel.unary_unary(PREDICT_PATH, bytes, bytes)
    return method.future(request.SerializeToString(), timeout=DEADLINE_SECONDS)


def sample(server, name):
    for line in server.rest("GET", "/metrics")[2].splitlines():
        if line.startswith(name):
            return float(line.rpartition(" ")[2])
    return 0.0


def hold(server):
    """Occupy the only batch thread, and return once it is occupied."""
    ran = ":tensorflow:serving:batching_session:wrapped_run_count"
    before = sample(server, ran)
    call = start(server, "slow", seconds=np.float64([1.5]))
    end = time.monotonic() + DEADLINE_SECONDS
    while sample(server, ran) == before:
        assert time.monotonic() < end
    return call


def test_rows_of_several_callers_come_back_to_each(batching_server):
    holding = hold(batching_server)
    calls = [start(batching_server, "serving_default", x=np.float32([value])) for value in range(4)]
    for value, call in enumerate(calls):
        answer = pb.PredictResponse.FromString(call.result())
        assert to_array(answer.outputs["y"]).tolist() == [value / 2 + 2]
    assert holding.code() is grpc.StatusCode.OK


def test_padding_to_an_allowed_size_is_not_seen_by_callers(batching_server):
    name = ':tensorflow:serving:batching_session:padding_size_sum{execution_batch_size="4"}'
    before = sample(batching_server, name)
    prediction = batching_server.client.predict("toys", 1, {"x": np.float32([1, 2, 3])}, DEADLINE_SECONDS)
    assert prediction.outputs["y"].tolist() == [2.5, 3.0, 3.5]
    assert sample(batching_server, name) == before + 1


def test_a_full_queue_is_unavailable_with_their_words(batching_server):
    holding = hold(batching_server)
    calls = [start(batching_server, "slow", seconds=np.float64([0.01])) for _ in range(24)]
    codes = [call.code() for call in calls]
    assert codes.count(grpc.StatusCode.OK) == 4
    refused = {call.details() for call in calls if call.code() is grpc.StatusCode.UNAVAILABLE}
    assert refused == {
        (
            "The batch scheduling queue to which this task was submitted is full; currently 1 batches enqueued and "
            "max_enqueued_batches is 1"
        )
    }
    assert codes.count(grpc.StatusCode.UNAVAILABLE) == 20
    assert holding.code() is grpc.StatusCode.OK


@pytest.mark.parametrize(
    ("signature", "inputs", "words"),
    [
        ("", {"x": np.zeros(5, np.float32)}, "Task size 5 is larger than maximum input batch size 4"),
        ("scalar", {"x": np.float32(1)}, "Batching Run() input tensors must have at least one dimension"),
        (
            "two_inputs",
            {"a": np.float32([1]), "b": np.int64([1, 2])},
            "Batching Run() input tensors must have equal 0th-dimension size",
        ),
    ],
)
def test_what_cannot_be_batched_is_refused_with_their_words(batching_server, signature, inputs, words):
    with pytest.raises(CallFailed) as failure:
        batching_server.client.predict("toys", 1, inputs, DEADLINE_SECONDS, signature=signature)
    assert (failure.value.code, failure.value.details) == (grpc.StatusCode.INVALID_ARGUMENT, words)


def test_different_widths_in_one_batch_fail_together(batching_server):
    holding = hold(batching_server)
    calls = [start(batching_server, "row_sums", rows=np.ones((1, width), np.float32)) for width in (2, 3)]
    for call in calls:
        assert call.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert call.details().startswith(
            "Tensors with name 'row_sums_rows:0' from different tasks have different shapes"
        )
    assert holding.code() is grpc.StatusCode.OK
    alone = batching_server.client.predict("toys", 1, {"rows": np.ones((2, 3), np.float32)}, 60, signature="row_sums")
    assert alone.outputs["sum"].tolist() == [3, 3]


def test_a_wrong_dtype_or_rank_does_not_spoil_the_batch_of_others(batching_server):
    holding = hold(batching_server)
    good = start(batching_server, "crops", crop=np.zeros((1, 8, 8, 3), np.uint8))
    for crop in (np.zeros((1, 8, 8, 3), np.float32), np.zeros((8, 8, 3), np.uint8)):
        assert start(batching_server, "crops", crop=crop).code() is grpc.StatusCode.INVALID_ARGUMENT
    assert good.code() is grpc.StatusCode.OK
    assert holding.code() is grpc.StatusCode.OK
