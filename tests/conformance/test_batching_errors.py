"""Sections 5 and 2.7 of the contract: what batching refuses, to one caller, to all of a batch, at load and at start."""

import shutil

import grpc
import numpy as np
import pytest

from tests.support.model_server_process import run_server_to_its_end
from tests.support.server_calls import hold, predict_request, start
from tests.support.server_under_test import status_of

pytestmark = pytest.mark.tensorflow
SPLIT = "enable_large_batch_splitting { value: true } "
WIDTHS = (
    "Tensors with name 'echo_x:0' from different tasks have different shapes and padding is turned off. Set "
    "pad_variable_length_inputs to true, or ensure that all tensors with the same name have equal dimensions starting "
    "with the first dim."
)
NO_DIMENSION = "Batching Run() input tensors must have at least one dimension"
UNEQUAL_ROWS = "Batching Run() input tensors must have equal 0th-dimension size"
OTHER_ROWS = (
    "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the input tensors"
)


@pytest.fixture(scope="module")
def configured(tmp_path_factory, batching_toys):
    """Flags of a batching server of `toys` with these parameters, one file per call."""
    root = tmp_path_factory.mktemp("batching-errors")
    shutil.copytree(batching_toys, root / "toys" / "1")
    (root / "monitoring.config").write_text('prometheus_config { enable: true path: "/metrics" }')

    def flags(parameters):
        path = root / f"batching-{len(list(root.iterdir()))}.config"
        path.write_text(parameters)
        return (
            "--model_name=toys",
            f"--model_base_path={root / 'toys'}",
            f"--batching_parameters_file={path}",
            f"--monitoring_config_file={root / 'monitoring.config'}",
            "--grpc_max_threads=64",
        )

    return flags


@pytest.fixture(scope="module")
def server(serve, configured):
    """One batch of at most 4 rows at a time, one waiting."""
    parameters = "max_batch_size { value: 4 } num_batch_threads { value: 1 } max_enqueued_batches { value: 1 }"
    with serve("--enable_batching", *configured(parameters)) as running:
        yield running


def test_a_full_queue_is_unavailable(server):
    holding = hold(server)
    calls = [start(server, predict_request("toys", "slow", seconds=np.float64([0.01]))) for _ in range(24)]
    codes = [call.code() for call in calls]
    assert (codes.count(grpc.StatusCode.OK), codes.count(grpc.StatusCode.UNAVAILABLE)) == (4, 20)
    assert {call.details() for call in calls if call.code() is grpc.StatusCode.UNAVAILABLE} == {
        (
            "The batch scheduling queue to which this task was submitted is full; currently 1 batches enqueued and "
            "max_enqueued_batches is 1"
        )
    }
    assert holding.code() is grpc.StatusCode.OK


@pytest.mark.parametrize(
    ("signature", "inputs", "message"),
    [
        ("", {"x": np.zeros(5, np.float32)}, "Task size 5 is larger than maximum input batch size 4"),
        ("any_rank", {"x": np.float32(1)}, NO_DIMENSION),
        ("two_inputs", {"x": np.zeros(1, np.float32), "y": np.zeros(2, np.float32)}, UNEQUAL_ROWS),
    ],
)
def test_what_cannot_be_batched_is_refused(server, signature, inputs, message):
    request = predict_request("toys", signature, **inputs)
    assert status_of(lambda: server.predictions.Predict(request)) == (grpc.StatusCode.INVALID_ARGUMENT, message)


@pytest.mark.parametrize(
    ("signature", "message"),
    [("total", "Batched output tensor has 0 dimensions"), ("twice_the_rows", OTHER_ROWS)],
)
def test_answers_that_cannot_be_divided_are_refused(server, signature, message):
    request = predict_request("toys", signature, x=np.float32([1]))
    assert status_of(lambda: server.predictions.Predict(request)) == (grpc.StatusCode.FAILED_PRECONDITION, message)


def test_different_widths_in_one_batch_fail_together(server):
    holding = hold(server)
    calls = [start(server, predict_request("toys", "echo", x=np.ones((1, 1, width), np.float32))) for width in (2, 3)]
    assert [(call.code(), call.details()) for call in calls] == [(grpc.StatusCode.FAILED_PRECONDITION, WIDTHS)] * 2
    assert holding.code() is grpc.StatusCode.OK
    alone = server.predictions.Predict(predict_request("toys", "echo", x=np.ones((1, 1, 2), np.float32)))
    assert alone.outputs["text"].string_val[0] == b"1,1"


def test_an_error_of_the_model_reaches_every_request_of_its_batch(server):
    holding = hold(server)
    calls = [start(server, predict_request("toys", "only_finite", x=np.float32([x]))) for x in (1, np.nan, 2)]
    assert {call.code() for call in calls} == {grpc.StatusCode.INVALID_ARGUMENT}
    assert all("this model takes finite numbers only" in call.details() for call in calls)
    assert holding.code() is grpc.StatusCode.OK
    assert server.predictions.Predict(predict_request("toys", "only_finite", x=np.float32([1])))


def test_a_full_queue_of_parts_says_how_much_room_is_left(serve, configured):
    parameters = SPLIT + "max_batch_size { value: 8 } max_execution_batch_size { value: 2 } "
    with serve("--enable_batching", *configured(parameters + "max_enqueued_batches { value: 2 }")) as running:
        request = predict_request("toys", x=np.zeros(5, np.float32))
        assert status_of(lambda: running.predictions.Predict(request)) == (
            grpc.StatusCode.UNAVAILABLE,
            (
                "The batch scheduling queue to which this task was submitted is full; task size is 5 but scheduling "
                "capacity is only 4 (num_enqueued_batches=1, max_enqueued_batches=2, open_batch_size=0, "
                "max_execution_batch_size=2)"
            ),
        )
        request = predict_request("toys", x=np.zeros(9, np.float32))
        assert status_of(lambda: running.predictions.Predict(request)) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "Task size 9 is larger than maximum input batch size 8",
        )


@pytest.mark.parametrize(
    ("flags", "parameters", "message"),
    [
        (
            (),
            "",
            (
                "INVALID_ARGUMENT: server_options.batching_parameters_file is set without setting "
                "server_options.enable_batching to true."
            ),
        ),
        (
            ("--enable_batching",),
            "num_batch_threads { value: 0 }",
            "INVALID_ARGUMENT: num_batch_threads must be positive; was 0",
        ),
        (("--enable_batching",), "max_batch_size: 4", "INVALID_ARGUMENT: Invalid protobuf file: '"),
        (
            ("--enable_batching=true", "--max_num_load_retries=0"),
            "max_batch_size { value: 4 } allowed_batch_sizes: 2",
            "INVALID_ARGUMENT: Last entry in allowed_batch_sizes must match max_batch_size; last entry was 2; expected 4",
        ),
    ],
)
def test_parameters_that_cannot_be_followed_end_the_start(program, configured, flags, parameters, message):
    code, out, _ = run_server_to_its_end(*flags, *configured(parameters), program=program)
    assert code == 255
    assert "Failed to start server. Error: " in out
    assert message in out
