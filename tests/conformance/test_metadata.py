"""Section 2.5 of the contract: GetModelMetadata."""

import grpc
import pytest
from tensorflow.core.framework.types_pb2 import DT_FLOAT, DT_UINT8
from tensorflow_serving.apis import get_model_metadata_pb2

from tests.support.reloads import WAIT_SECONDS
from tests.support.server_under_test import status_of

pytestmark = pytest.mark.tensorflow


def request_of(model="toys", fields=("signature_def",), version=None):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = model
    if version is not None:
        request.model_spec.version.value = version
    return request


def ask(server, request):
    return server.predictions.GetModelMetadata(request, timeout=WAIT_SECONDS)


def signatures(server, model="toys"):
    entry = ask(server, request_of(model)).metadata["signature_def"]
    assert entry.type_url == "type.googleapis.com/tensorflow.serving.SignatureDefMap"
    found = get_model_metadata_pb2.SignatureDefMap()
    assert entry.Unpack(found)
    return found.signature_def


def test_the_answer_names_model_and_version_and_no_signature(still_server):
    for version, expected in ((None, 2), (1, 1)):
        spec = ask(still_server, request_of(version=version)).model_spec
        assert (spec.name, spec.version.value, spec.signature_name) == ("toys", expected, "")


def test_signatures_come_as_they_stand_in_the_model(still_server):
    found = signatures(still_server)
    assert {"serving_default", "crops", "__saved_model_init_op"} <= set(found)
    crop = found["crops"].inputs["crop"]
    assert (crop.name, crop.dtype) == ("crops_crop:0", DT_UINT8)
    assert [dim.size for dim in crop.tensor_shape.dim] == [-1, 8, 8, 3]
    assert found["crops"].method_name == "tensorflow/serving/predict"


def test_a_tensorflow_1_model_has_signatures_too(still_server):
    found = signatures(still_server, "old")
    assert list(found) == ["serving_default"]
    assert found["serving_default"].inputs["x"].dtype == DT_FLOAT


def test_defaults_are_not_shown(still_server):
    assert not signatures(still_server, "defaults")["two_inputs"].defaults


@pytest.mark.parametrize(
    ("request_message", "code", "words"),
    [
        (get_model_metadata_pb2.GetModelMetadataRequest(), "INVALID_ARGUMENT", "Missing ModelSpec"),
        (request_of(fields=()), "INVALID_ARGUMENT", "GetModelMetadataRequest must specify at least one metadata_field"),
        (request_of(fields=("author",)), "INVALID_ARGUMENT", "Metadata field author is not supported"),
        (request_of(""), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        (request_of("nobody"), "NOT_FOUND", "Servable not found for request: Latest(nobody)"),
        (request_of(version=9), "NOT_FOUND", "Servable not found for request: Specific(toys, 9)"),
    ],
)
def test_a_refusal_has_their_code_and_words(still_server, request_message, code, words):
    assert status_of(lambda: ask(still_server, request_message)) == (grpc.StatusCode[code], words)
