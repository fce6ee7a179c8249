"""Predict over gRPC: answers, and every refusal with TensorFlow Serving's code and words."""

import grpc
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.wire import predict_pb2 as pb
from serving.wire.client import PREDICT_PATH
from serving.wire.errors import CallFailed
from serving.wire.tensors import to_array, to_tensor_proto

pytestmark = pytest.mark.tensorflow
DEADLINE_SECONDS = 60.0
X = {"x": np.float32([1, 4])}


def refusal(server, request):
    """Code and words of the answer to a request message."""
    with pytest.raises(grpc.RpcError) as error:
        call(server, request.SerializeToString())
    return error.value.code().name, error.value.details()


def call(server, body):
    return server.channel.unary_unary(PREDICT_PATH, bytes, bytes)(body, timeout=DEADLINE_SECONDS)


def request_of(inputs=X, model="toys", signature="", **spec):
    request = pb.PredictRequest(model_spec=pb.ModelSpec(name=model, signature_name=signature, **spec))
    for name, array in inputs.items():
        request.inputs[name].CopyFrom(array if isinstance(array, pb.TensorProto) else to_tensor_proto(array))
    return request


def test_the_latest_version_answers_where_none_is_named(toy_server):
    prediction = toy_server.client.predict("toys", None, X, DEADLINE_SECONDS)
    assert prediction.outputs["y"].tolist() == [20.5, 22.0]
    assert (prediction.model, prediction.version, prediction.signature) == ("toys", 2, "serving_default")


def test_the_named_version_answers(toy_server):
    for version, expected in ((1, [2.5, 4.0]), (2, [20.5, 22.0])):
        prediction = toy_server.client.predict("toys", version, X, DEADLINE_SECONDS)
        assert prediction.outputs["y"].tolist() == expected
        assert prediction.version == version


def test_a_label_leads_to_its_version_and_is_not_echoed(toy_server):
    for label, version in (("stable", 1), ("next", 2)):
        answer = pb.PredictResponse.FromString(call(toy_server, request_of(version_label=label).SerializeToString()))
        assert answer.model_spec.version.value == version
        assert not answer.model_spec.version_label


def test_a_tensorflow_1_model_answers(toy_server):
    assert toy_server.client.predict("old", 7, X, DEADLINE_SECONDS).outputs["y"].tolist() == [3.5, 5.0]


def test_crops_become_probability_and_logit(toy_server):
    crop = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    outputs = toy_server.client.predict("toys", 1, {"crop": crop}, DEADLINE_SECONDS, signature="crops").outputs
    np.testing.assert_allclose(outputs["p_no_depression"], 1 / (1 + np.exp(-outputs["logit"])), rtol=1e-6)
    assert outputs["logit"].shape == (3,)
    one_by_one = [
        toy_server.client.predict("toys", 1, {"crop": crop[i : i + 1]}, DEADLINE_SECONDS, signature="crops")
        for i in range(3)
    ]
    together = np.concatenate([prediction.outputs["logit"] for prediction in one_by_one])
    np.testing.assert_allclose(outputs["logit"], together, atol=1e-6)


def test_strings_integers_and_several_inputs_travel(toy_server):
    text = toy_server.client.predict("toys", 1, {"text": [b"a\xc3\xa9", b""]}, DEADLINE_SECONDS, signature="text")
    assert text.outputs["upper"].tolist() == [b"A\xc3\xa9", b""]
    inputs = {"a": np.float32([0.5]), "b": np.int64([2**40])}
    outputs = toy_server.client.predict("toys", 1, inputs, DEADLINE_SECONDS, signature="two_inputs").outputs
    assert outputs["b"].tolist() == [2**40]
    assert outputs["b"].dtype == np.int64


def test_no_rows_give_no_rows(toy_server):
    assert toy_server.client.predict("toys", 1, {"x": np.float32([])}, DEADLINE_SECONDS).outputs["y"].shape == (0,)


def test_typed_fields_are_read_and_are_the_default_answer(toy_server):
    typed = pb.TensorProto(dtype=pb.DT_FLOAT, tensor_shape={"dim": [{"size": 3}]}, float_val=[1, 2])
    answer = pb.PredictResponse.FromString(call(toy_server, request_of({"x": typed}, signature="").SerializeToString()))
    assert to_array(answer.outputs["y"]).tolist() == [20.5, 21.0, 21.0]
    assert list(answer.outputs["y"].float_val) == [20.5, 21.0, 21.0]
    assert not answer.outputs["y"].tensor_content


def test_tensor_content_is_the_answer_where_it_is_asked_for(batching_server):
    answer = pb.PredictResponse.FromString(call(batching_server, request_of().SerializeToString()))
    assert len(answer.outputs["y"].tensor_content) == 8
    assert not answer.outputs["y"].float_val


def test_an_output_filter_leaves_the_others_away(toy_server):
    inputs = {"a": np.float32([1]), "b": np.int64([2])}
    for wanted in (["b"], ["sum", "b"]):
        prediction = toy_server.client.predict(
            "toys", 1, inputs, DEADLINE_SECONDS, signature="two_inputs", output_filter=wanted
        )
        assert set(prediction.outputs) == set(wanted)


NOT_FOUND, INVALID_ARGUMENT, FAILED_PRECONDITION = "NOT_FOUND", "INVALID_ARGUMENT", "FAILED_PRECONDITION"
TWO = {"a": np.float32([1]), "b": np.int64([1])}


@pytest.mark.parametrize(
    ("request_message", "code", "words"),
    [
        (pb.PredictRequest(), INVALID_ARGUMENT, "Missing ModelSpec"),
        (pb.PredictRequest(model_spec={}), INVALID_ARGUMENT, "ModelSpec has no name specified."),
        (request_of(model="nope"), NOT_FOUND, "Servable not found for request: Latest(nope)"),
        (
            request_of(model="nope", version={"value": 3}),
            NOT_FOUND,
            "Servable not found for request: Specific(nope, 3)",
        ),
        (request_of(version={"value": 3}), NOT_FOUND, "Servable not found for request: Specific(toys, 3)"),
        (request_of(version={"value": 0}), NOT_FOUND, "Servable not found for request: Specific(toys, 0)"),
        (request_of(version_label="gone"), INVALID_ARGUMENT, "Unrecognized servable version label: gone"),
        (
            request_of(model="nope", version_label="stable"),
            INVALID_ARGUMENT,
            "Unrecognized servable version label: stable",
        ),
        (request_of(version_label="lost"), NOT_FOUND, "Servable not found for request: Specific(toys, 9)"),
        (request_of(signature="sing"), FAILED_PRECONDITION, 'Serving signature key "sing" not found.'),
        (
            request_of({**X, "z": np.float32([1])}),
            INVALID_ARGUMENT,
            (
                "input size does not match signature: 2!=1 len({x,z}) != len({x}). Sent extra: {z}. "
                "Missing but required: {}."
            ),
        ),
        (
            request_of({"a": np.float32([1])}, signature="two_inputs"),
            INVALID_ARGUMENT,
            (
                "input size does not match signature: 1!=2 len({a}) != len({a,b}). Sent extra: {}. "
                "Missing but required: {b}."
            ),
        ),
        (
            request_of({"z": np.float32([1])}),
            INVALID_ARGUMENT,
            (
                "Signature input alias: x(feed name: serving_default_x:0) not found in request and no default value "
                "provided. Inputs expected to be in the request {z}, or default input alias set: "
            ),
        ),
        (request_of({"x": pb.TensorProto()}), INVALID_ARGUMENT, "tensor parsing error: x"),
        (
            request_of({"x": pb.TensorProto(dtype=1, tensor_shape={"dim": [{"size": 2}]}, tensor_content=b"1234")}),
            INVALID_ARGUMENT,
            "tensor parsing error: x",
        ),
        (request_of({"x": np.float64([1])}), INVALID_ARGUMENT, "Expects arg[0] to be float but double is provided"),
        (request_of({"x": np.uint8([1])}), INVALID_ARGUMENT, "Expects arg[0] to be float but uint8 is provided"),
        (request_of({"x": [b"1"]}), INVALID_ARGUMENT, "Expects arg[0] to be float but string is provided"),
        (
            request_of({"a": np.float32([1]), "b": np.int32([1])}, signature="two_inputs"),
            INVALID_ARGUMENT,
            "Expects arg[1] to be int64 but int32 is provided",
        ),
        (
            request_of({"crop": np.zeros((8, 8, 3), np.uint8)}, signature="crops"),
            INVALID_ARGUMENT,
            "Input crop must have shape [-1,8,8,3] but has [8,8,3]",
        ),
        (
            request_of({"crop": np.zeros((1, 1, 8, 8, 3), np.uint8)}, signature="crops"),
            INVALID_ARGUMENT,
            "Input crop must have shape [-1,8,8,3] but has [1,1,8,8,3]",
        ),
    ],
)
def test_refusals_say_what_theirs_say(toy_server, request_message, code, words):
    assert refusal(toy_server, request_message) == (code, words)


def test_an_output_that_is_not_there_is_named(toy_server):
    request = request_of(TWO, signature="two_inputs")
    request.output_filter[:] = ["sum", "product"]
    words = "output tensor alias not found in signature: product Outputs expected to be in the set {b,sum}."
    assert refusal(toy_server, request) == (INVALID_ARGUMENT, words)
    request.output_filter[:] = ["sum", "sum"]
    assert refusal(toy_server, request) == (INVALID_ARGUMENT, "duplicate output tensor alias: sum")


def test_an_undecodable_request_is_internal_without_words(toy_server):
    with pytest.raises(grpc.RpcError) as error:
        call(toy_server, b"\xff\xff\xff")
    assert (error.value.code(), error.value.details()) == (grpc.StatusCode.INTERNAL, "")


def test_what_the_graph_fails_with_comes_through(toy_server):
    inputs = {"x": np.float32([1, np.nan])}
    with pytest.raises(CallFailed) as failure:
        toy_server.client.predict("toys", 1, inputs, DEADLINE_SECONDS, signature="only_finite")
    assert failure.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert failure.value.details.startswith("this model takes finite numbers only : Tensor had NaN values")


def test_long_messages_are_cut_as_theirs(toy_server):
    code, words = refusal(toy_server, request_of(signature="s" * 3000))
    assert code == FAILED_PRECONDITION
    assert words == f'Serving signature key "{"s" * 1001}...TRUNCATED'


@pytest.mark.parametrize(
    "path",
    [
        "/tensorflow.serving.PredictionService/Classify",
        "/tensorflow.serving.PredictionService/Regress",
        "/tensorflow.serving.PredictionService/MultiInference",
    ],
)
def test_methods_left_out_say_their_name(toy_server, path):
    with pytest.raises(grpc.RpcError) as error:
        toy_server.channel.unary_unary(path, bytes, bytes)(b"", timeout=DEADLINE_SECONDS)
    name = path.rpartition("/")[2]
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert error.value.details() == f"{name} is not implemented by this server."


def test_methods_nobody_knows_are_unimplemented(toy_server):
    with pytest.raises(grpc.RpcError) as error:
        toy_server.channel.unary_unary("/tensorflow.serving.PredictionService/Sing", bytes, bytes)(b"", timeout=10)
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_calls_beyond_the_threads_are_refused_at_once(toy_server):
    request = request_of({"seconds": np.float64([1.0])}, signature="slow").SerializeToString()
    method = toy_server.channel.unary_unary(PREDICT_PATH, bytes, bytes)
    calls = [method.future(request, timeout=DEADLINE_SECONDS) for _ in range(24)]
    codes = [one.code() for one in calls]
    # Of --grpc_max_threads=9 one polls.
    assert codes.count(grpc.StatusCode.OK) == 8
    refused = [one for one in calls if one.code() is grpc.StatusCode.RESOURCE_EXHAUSTED]
    assert len(refused) == 16
    assert {one.details() for one in refused} == {"Server Threadpool Exhausted"}


def test_a_deadline_that_passes_is_the_callers(toy_server):
    with pytest.raises(CallFailed) as failure:
        toy_server.client.predict("toys", 1, {"seconds": np.float64([0.5])}, 0.05, signature="slow")
    assert failure.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert toy_server.client.predict("toys", 1, X, DEADLINE_SECONDS).version == 1


def test_the_socket_answers_too(toy_server):
    with grpc.insecure_channel(f"unix:{toy_server.socket_path}") as channel:
        body = request_of().SerializeToString()
        answer = channel.unary_unary(PREDICT_PATH, bytes, bytes)(body, timeout=DEADLINE_SECONDS)
    assert pb.PredictResponse.FromString(answer).model_spec.version.value == 2


def test_answers_larger_than_the_usual_limit_are_sent(toy_server):
    text = {"text": [b"x" * 5_000_000]}
    assert (
        len(toy_server.client.predict("toys", 1, text, DEADLINE_SECONDS, signature="text").outputs["upper"][0]) == 5e6
    )


VALID = request_of(TWO, signature="two_inputs").SerializeToString()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_bytes_end_the_server(toy_server, data):
    body = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(0, len(body) - 1))
        body[position : position + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    method = toy_server.channel.unary_unary(PREDICT_PATH, bytes, bytes)
    answer = method.future(bytes(body), timeout=DEADLINE_SECONDS)
    # Whatever the bytes mean, the fault is the caller's: neither a crash (UNAVAILABLE) nor an exception (UNKNOWN).
    assert answer.code() in {
        grpc.StatusCode.OK,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.INTERNAL,
    }
    if answer.code() is grpc.StatusCode.INTERNAL:
        assert not answer.details(), "INTERNAL without words is what cannot be decoded; with words it is our fault"
