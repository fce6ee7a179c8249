"""Sections 2.2 and 2.7 of the contract, and 'Observed': what Predict refuses, and with which words."""

import re
import threading

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.framework.types_pb2 import DT_FLOAT, DT_INVALID
from tensorflow_serving.apis import predict_pb2

from tests.support.reloads import WAIT_SECONDS, predict_request
from tests.support.server_under_test import status_of

pytestmark = pytest.mark.tensorflow
PREDICT = "/tensorflow.serving.PredictionService/Predict"
ONES = np.float32([1, 2])
PAIR = {"a": ONES, "b": np.int64([1, 2])}
BLANK = TensorProto(dtype=DT_INVALID)
SHORT = TensorProto(dtype=DT_FLOAT, tensor_content=b"1234", tensor_shape={"dim": [{"size": 2}]})
NEGATIVE = TensorProto(dtype=DT_FLOAT, float_val=[1], tensor_shape={"dim": [{"size": -1}]})
UNKNOWN_DTYPE = TensorProto(dtype=99, tensor_shape={"dim": [{"size": 1}]})


def predict(server, request, **options):
    return server.predictions.Predict(request, timeout=WAIT_SECONDS, **options)


def filtered(*names, **inputs):
    request = predict_request("toys", signature="two_inputs", **(inputs or PAIR))
    request.output_filter.extend(names)
    return request


@pytest.mark.parametrize(
    ("request_message", "code", "words"),
    [
        (
            predict_request("toys", signature="sing"),
            "FAILED_PRECONDITION",
            'Serving signature key "sing" not found.',
        ),
        (
            predict_request("old", signature="sing"),
            "FAILED_PRECONDITION",
            'Serving signature key "sing" not found.',
        ),
        (
            predict_request("toys", x=ONES, z=ONES),
            "INVALID_ARGUMENT",
            (
                "input size does not match signature: 2!=1 len({x,z}) != len({x}). Sent extra: {z}. "
                "Missing but required: {}."
            ),
        ),
        (
            predict_request("toys", signature="two_inputs", b=PAIR["b"]),
            "INVALID_ARGUMENT",
            (
                "input size does not match signature: 1!=2 len({b}) != len({a,b}). Sent extra: {}. "
                "Missing but required: {a}."
            ),
        ),
        (
            predict_request("old", z=ONES),
            "INVALID_ARGUMENT",
            (
                "Signature input alias: x(feed name: x:0) not found in request and no default value provided. Inputs "
                "expected to be in the request {z}, or default input alias set: "
            ),
        ),
        (
            predict_request("defaults", signature="two_inputs", b=PAIR["b"]),
            "INVALID_ARGUMENT",
            (
                "Signature input alias: a(feed name: two_inputs_a:0) not found in request and no default value provided. "
                "Inputs expected to be in the request {b}, or default input alias set: b"
            ),
        ),
        (
            predict_request("defaults", signature="two_inputs", a=ONES, z=ONES),
            "INVALID_ARGUMENT",
            "Inputs contains invalid name. Used request inputs: a, request input: a,z",
        ),
        (
            filtered("product"),
            "INVALID_ARGUMENT",
            "output tensor alias not found in signature: product Outputs expected to be in the set {b,sum}.",
        ),
        (filtered("sum", "sum"), "INVALID_ARGUMENT", "duplicate output tensor alias: sum"),
        *[
            (predict_request("toys", x=tensor), "INVALID_ARGUMENT", "tensor parsing error: x")
            for tensor in (BLANK, SHORT, NEGATIVE, UNKNOWN_DTYPE)
        ],
        # The first fault in their order is the one that is named: count, then tensors, then outputs.
        (
            filtered("product", a=SHORT, b=PAIR["b"]),
            "INVALID_ARGUMENT",
            "tensor parsing error: a",
        ),
        *[
            (
                predict_request(model, x=tensor),
                "INVALID_ARGUMENT",
                f"Expects arg[0] to be float but {name} is provided",
            )
            for model in ("toys", "old")
            for tensor, name in (
                (np.float64([1]), "double"),
                (np.uint8([1]), "uint8"),
                ([b"1"], "string"),
                (np.int32([1]), "int32"),
                (np.float16([1]), "half"),
                ([True], "bool"),
            )
        ],
        (
            predict_request("toys", signature="two_inputs", a=ONES, b=np.int32([1, 2])),
            "INVALID_ARGUMENT",
            "Expects arg[1] to be int64 but int32 is provided",
        ),
    ],
)
def test_a_refusal_has_their_code_and_words(still_server, request_message, code, words):
    assert status_of(lambda: predict(still_server, request_message)) == (grpc.StatusCode[code], words)


def test_an_absent_input_takes_its_default(still_server):
    given = predict(still_server, predict_request("defaults", signature="two_inputs", a=np.float32([1])))
    assert given.outputs["sum"].float_val[:] == [8.0]
    both = predict(
        still_server, predict_request("defaults", signature="two_inputs", a=np.float32([1]), b=np.int64([1]))
    )
    assert both.outputs["sum"].float_val[:] == [2.0]


def test_the_output_filter_chooses_outputs(still_server):
    assert set(predict(still_server, filtered("sum")).outputs) == {"sum"}
    assert set(predict(still_server, filtered("sum", "b")).outputs) == {"sum", "b"}
    assert set(predict(still_server, filtered()).outputs) == {"sum", "b"}


def test_the_answer_names_model_signature_and_version(still_server):
    spec = predict(still_server, predict_request("toys")).model_spec
    assert (spec.name, spec.signature_name, spec.version.value) == ("toys", "serving_default", 2)
    spec = predict(still_server, predict_request("toys", signature="scalar", x=np.float32(1))).model_spec
    assert spec.signature_name == "scalar"


def test_answers_hold_typed_fields_and_inputs_may_be_either(still_server):
    typed = TensorProto(dtype=DT_FLOAT, float_val=[1, 2], tensor_shape={"dim": [{"size": 4}]})
    answer = predict(still_server, predict_request("toys", version=1, x=typed)).outputs["y"]
    # The last value repeats.
    assert answer.float_val[:] == [2.5, 3.0, 3.0, 3.0]
    assert answer.tensor_content == b""
    content = TensorProto(dtype=DT_FLOAT, tensor_content=np.float32([4]).tobytes(), tensor_shape={"dim": [{"size": 1}]})
    assert predict(still_server, predict_request("toys", version=1, x=content)).outputs["y"].float_val[:] == [4.0]


def test_sizes_of_the_signature_are_not_enforced(still_server):
    crops = np.zeros((2, 4, 6, 3), np.uint8)
    answer = predict(still_server, predict_request("toys", signature="crops", crop=crops))
    assert len(answer.outputs["p_no_depression"].float_val) == 2


def test_another_rank_is_the_models_business_where_its_ops_take_it(still_server):
    for model, offset in (("toys", 20), ("old", 3)):
        square = predict(still_server, predict_request(model, x=np.float32([[2, 4], [6, 8]]))).outputs["y"]
        assert tf.make_ndarray(square).tolist() == [[1 + offset, 2 + offset], [3 + offset, 4 + offset]]
        scalar = predict(still_server, predict_request(model, x=np.float32(2))).outputs["y"]
        assert tf.make_ndarray(scalar).tolist() == 1 + offset


def test_wrong_channels_are_the_words_of_the_op(still_server):
    crops = np.zeros((1, 8, 8, 1), np.uint8)
    code, words = status_of(lambda: predict(still_server, predict_request("toys", signature="crops", crop=crops)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    # The function is named where the node was not put in its place before the first call.
    assert re.match(
        r"input depth must be evenly divisible by filter depth: 1 vs 3\n\t \[\[(\{\{function_node \w+\}\})?\{\{node ",
        words,
    )


@pytest.mark.ends_their_server
@pytest.mark.parametrize("shape", [(), (8,), (8, 8, 3), (1, 1, 8, 8, 3)])
def test_a_rank_that_would_end_the_process_is_refused(still_server, shape):
    crops = np.zeros(shape, np.uint8)
    code, _ = status_of(lambda: predict(still_server, predict_request("toys", signature="crops", crop=crops)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert predict(still_server, predict_request("toys")).model_spec.version.value == 2


def test_no_rows_are_an_empty_answer(still_server):
    answer = predict(still_server, predict_request("toys", x=np.float32([]))).outputs["y"]
    assert tf.make_ndarray(answer).shape == (0,)


def test_an_op_that_fails_has_its_own_code_and_words(still_server):
    request = predict_request("toys", signature="only_finite", x=np.float32([np.nan]))
    code, words = status_of(lambda: predict(still_server, request))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert words.startswith("this model takes finite numbers only : Tensor had NaN values")


def test_a_deadline_that_passes_is_deadline_exceeded(still_server):
    request = predict_request("toys", signature="slow", seconds=np.float64([1.0]))
    code, _ = status_of(lambda: still_server.predictions.Predict(request, timeout=0.1))
    assert code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert predict(still_server, predict_request("toys")).model_spec.version.value == 2


@pytest.mark.parametrize("name", ["s" * 1001, "s" * 3000])
def test_long_words_are_cut_at_1024_bytes(still_server, name):
    code, words = status_of(lambda: predict(still_server, predict_request("toys", signature=name)))
    whole = f'Serving signature key "{name}" not found.'
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert words == whole[:1024] + "...TRUNCATED"


def test_words_of_1024_bytes_are_whole(still_server):
    name = "s" * (1024 - len('Serving signature key "" not found.'))
    _, words = status_of(lambda: predict(still_server, predict_request("toys", signature=name)))
    assert words == f'Serving signature key "{name}" not found.'


def test_bytes_that_are_no_request_are_internal_without_words(still_server):
    call = still_server.channel.unary_unary(PREDICT, bytes, predict_pb2.PredictResponse.FromString)
    assert status_of(lambda: call(b"\xff\xff\xff", timeout=WAIT_SECONDS)) == (grpc.StatusCode.INTERNAL, "")


@pytest.mark.parametrize("path", ["/tensorflow.serving.PredictionService/Sing", "/nobody/Knows"])
def test_a_method_that_nobody_knows_is_unimplemented(still_server, path):
    call = still_server.channel.unary_unary(path, bytes, bytes)
    assert status_of(lambda: call(b"", timeout=WAIT_SECONDS)) == (grpc.StatusCode.UNIMPLEMENTED, "")


def test_a_stream_to_a_method_that_nobody_knows_is_unimplemented_before_it_sends(still_server):
    may_end = threading.Event()

    def requests():
        may_end.wait(WAIT_SECONDS)
        yield from ()

    call = still_server.channel.stream_stream("/nobody/Streams", bytes, bytes)
    try:
        assert status_of(lambda: list(call(requests(), timeout=WAIT_SECONDS))) == (grpc.StatusCode.UNIMPLEMENTED, "")
    finally:
        may_end.set()


@pytest.mark.parametrize("method", ["GetSessionMetadata", "SessionRun"])
def test_services_that_the_server_does_not_register_are_unimplemented(still_server, method):
    call = still_server.channel.unary_unary(f"/tensorflow.serving.SessionService/{method}", bytes, bytes)
    assert status_of(lambda: call(b"", timeout=WAIT_SECONDS)) == (grpc.StatusCode.UNIMPLEMENTED, "")


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_compressed_requests_are_taken(still_server, compression):
    request = predict_request("toys", version=1, x=np.zeros(10_000, np.float32))
    assert len(predict(still_server, request, compression=compression).outputs["y"].float_val) == 10_000


def test_messages_beyond_the_usual_four_mebibytes_are_taken_and_the_answer_is_the_clients_limit(still_server):
    request = predict_request("toys", version=1, x=np.zeros(2_000_000, np.float32))
    with grpc.insecure_channel(f"unix:{still_server.socket_path}") as channel:
        call = channel.unary_unary(PREDICT, predict_pb2.PredictRequest.SerializeToString, bytes)
        code, words = status_of(lambda: call(request, timeout=WAIT_SECONDS))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "4194304" in words
    assert len(predict(still_server, request).outputs["y"].float_val) == 2_000_000


def test_the_socket_answers_too(still_server):
    with grpc.insecure_channel(f"unix:{still_server.socket_path}") as channel:
        call = channel.unary_unary(
            PREDICT, predict_pb2.PredictRequest.SerializeToString, predict_pb2.PredictResponse.FromString
        )
        assert call(predict_request("toys"), timeout=WAIT_SECONDS).model_spec.version.value == 2
