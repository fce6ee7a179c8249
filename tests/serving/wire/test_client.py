"""The client against a scripted server on a real channel."""

from concurrent import futures

import grpc
import numpy as np
import pytest

from serving.wire import predict_pb2 as pb
from serving.wire.channel import channel_options, open_channel
from serving.wire.client import METADATA_PATH, PREDICT_PATH, STATUS_PATH, ModelServerClient
from serving.wire.errors import AnswerMalformed, CallFailed
from serving.wire.tensors import to_array, to_tensor_proto

CROP = np.zeros((1, 2, 2, 3), np.uint8)


class ScriptedServer(grpc.GenericRpcHandler):
    """Answers with what the test put into `answers`: bytes, or (code, details)."""

    def __init__(self):
        self.answers = {}
        self.requests = []

    def service(self, handler_call_details):
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self.answer(handler_call_details.method, request, context)
        )

    def answer(self, method, request, context):
        self.requests.append((method, request, context.time_remaining()))
        answer = self.answers[method]
        if isinstance(answer, bytes):
            return answer
        return context.abort(*answer)


@pytest.fixture
def server():
    scripted = ScriptedServer()
    grpc_server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[scripted])
    scripted.port = grpc_server.add_insecure_port("127.0.0.1:0")
    grpc_server.start()
    yield scripted
    grpc_server.stop(None).wait()


@pytest.fixture
def client(server):
    with open_channel(f"127.0.0.1:{server.port}") as channel:
        yield ModelServerClient(channel)


def predict_answer(version=7, **outputs):
    answer = pb.PredictResponse(model_spec=pb.ModelSpec(name="m", signature_name="serving_default"))
    if version is not None:
        answer.model_spec.version.value = version
    for name, array in outputs.items():
        answer.outputs[name].CopyFrom(to_tensor_proto(array))
    return answer.SerializeToString()


def test_predict_sends_what_was_asked_and_returns_arrays_with_the_answering_version(server, client):
    server.answers[PREDICT_PATH] = predict_answer(p_no_depression=np.float32([0.25]))
    prediction = client.predict("m", 7, {"crop": CROP}, 5.0, output_filter=["p_no_depression"])
    assert prediction.version == 7
    assert prediction.model == "m"
    assert prediction.signature == "serving_default"
    assert prediction.outputs["p_no_depression"].tolist() == [0.25]
    _, sent, seconds_left = server.requests[0]
    request = pb.PredictRequest.FromString(sent)
    assert request.model_spec.name == "m"
    assert request.model_spec.version.value == 7
    assert request.model_spec.signature_name == "serving_default"
    assert list(request.output_filter) == ["p_no_depression"]
    np.testing.assert_array_equal(to_array(request.inputs["crop"]), CROP)
    # gRPC writes a time limit of seconds in hundredths, rounded up from when the call is sent.
    assert 0 < seconds_left <= 5.0 + 0.02


def test_no_version_leaves_the_choice_to_the_server(server, client):
    server.answers[PREDICT_PATH] = predict_answer()
    client.predict("m", None, {"crop": CROP}, 5.0)
    assert not pb.PredictRequest.FromString(server.requests[0][1]).model_spec.HasField("version_choice")


def test_version_zero_is_a_version(server, client):
    server.answers[PREDICT_PATH] = predict_answer(version=0)
    assert client.predict("m", 0, {"crop": CROP}, 5.0).version == 0
    assert pb.PredictRequest.FromString(server.requests[0][1]).model_spec.HasField("version")


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_every_status_is_passed_on_with_its_code_and_words(server, client, code):
    server.answers[PREDICT_PATH] = (code, "why not")
    with pytest.raises(CallFailed) as failure:
        client.predict("m", 7, {"crop": CROP}, 5.0)
    assert failure.value.code is code
    assert failure.value.details == "why not"
    assert str(failure.value) == f"Predict: {code.name}: why not"


@pytest.mark.parametrize(
    "answer",
    [
        b"\xff\xff\xff",
        predict_answer(version=None),
        predict_answer(p=np.float32([1])).replace(b"\x00\x00\x80\x3f", b"abcd")[:-1],
    ],
)
def test_an_answer_that_cannot_be_used_is_named(server, client, answer):
    server.answers[PREDICT_PATH] = answer
    with pytest.raises(AnswerMalformed):
        client.predict("m", 7, {"crop": CROP}, 5.0)


def test_an_answer_with_a_broken_tensor_is_named(server, client):
    broken = pb.PredictResponse.FromString(predict_answer(p=np.float32([1])))
    broken.outputs["p"].tensor_content = b"123"
    server.answers[PREDICT_PATH] = broken.SerializeToString()
    with pytest.raises(AnswerMalformed, match="broken tensor"):
        client.predict("m", 7, {"crop": CROP}, 5.0)


def test_status_lists_versions_with_their_states(server, client):
    answer = pb.GetModelStatusResponse()
    answer.model_version_status.add(version=2, state=pb.ModelVersionStatus.AVAILABLE)
    failed = answer.model_version_status.add(version=1, state=pb.ModelVersionStatus.END)
    failed.status.error_code, failed.status.error_message = 5, "gone"
    server.answers[STATUS_PATH] = answer.SerializeToString()
    statuses = client.model_status("m", None, 5.0)
    assert [(s.version, s.state, s.error_code, s.error_message) for s in statuses] == [
        (2, "AVAILABLE", 0, ""),
        (1, "END", 5, "gone"),
    ]


def test_metadata_gives_the_signatures(server, client):
    signatures = pb.SignatureDefMap()
    signatures.signature_def["serving_default"].inputs["crop"].dtype = pb.DT_UINT8
    answer = pb.GetModelMetadataResponse()
    answer.metadata["signature_def"].value = signatures.SerializeToString()
    server.answers[METADATA_PATH] = answer.SerializeToString()
    assert client.model_metadata("m", 7, 5.0) == signatures
    server.answers[METADATA_PATH] = pb.GetModelMetadataResponse().SerializeToString()
    with pytest.raises(AnswerMalformed, match="no signature_def"):
        client.model_metadata("m", 7, 5.0)


def test_a_missing_server_fails_at_once_unless_told_to_wait():
    with open_channel("127.0.0.1:1") as channel:
        client = ModelServerClient(channel)
        with pytest.raises(CallFailed) as failure:
            client.model_status("m", None, 30.0)
        assert failure.value.code is grpc.StatusCode.UNAVAILABLE
        with pytest.raises(CallFailed) as failure:
            client.model_status("m", None, 0.05, wait_for_ready=True)
        assert failure.value.code is grpc.StatusCode.DEADLINE_EXCEEDED


def test_messages_above_the_limit_stay_here(server):
    with open_channel(f"127.0.0.1:{server.port}", channel_options(max_message_bytes=1024)) as channel:
        with pytest.raises(CallFailed) as failure:
            ModelServerClient(channel).predict("m", 7, {"crop": np.zeros(2048, np.uint8)}, 5.0)
        assert failure.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert server.requests == []
