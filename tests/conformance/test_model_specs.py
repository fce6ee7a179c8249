"""Section 2.1 of the contract: which version a request means, and what it is told where there is none."""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from tests.support.server_under_test import status_of

pytestmark = pytest.mark.tensorflow
CONFIG = """
model_config_list {{
  config {{
    name: "toys" base_path: "{root}/toys" model_platform: "tensorflow"
    model_version_policy {{ specific {{ versions: 1 versions: 2 }} }}
    version_labels {{ key: "stable" value: 1 }}
    version_labels {{ key: "lost" value: 9 }}
  }}
}}
"""


@pytest.fixture(scope="module")
def server(serve, toy_models, tmp_path_factory):
    """Versions 1 and 2 of `toys`, with the labels `stable` and, of a version that is not there, `lost`."""
    config = tmp_path_factory.mktemp("model-specs") / "models.config"
    config.write_text(CONFIG.format(root=toy_models))
    with serve(f"--model_config_file={config}", "--allow_version_labels_for_unavailable_models=true") as running:
        yield running


def half_plus_offset(model="toys", **choice):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    if "version" in choice:
        request.model_spec.version.value = choice["version"]
    if "label" in choice:
        request.model_spec.version_label = choice["label"]
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(np.float32([1, 2])))
    return request


@pytest.mark.parametrize(
    ("choice", "version", "first"), [({}, 2, 20.5), ({"version": 1}, 1, 2.5), ({"label": "stable"}, 1, 2.5)]
)
def test_the_version_that_is_meant_answers(server, choice, version, first):
    response = server.predictions.Predict(half_plus_offset(**choice))
    assert response.model_spec.version.value == version
    assert response.model_spec.signature_name == "serving_default"
    assert response.model_spec.version_label == ""
    assert response.outputs["y"].float_val[0] == first


@pytest.mark.parametrize(
    ("request_message", "code", "message"),
    [
        (predict_pb2.PredictRequest(), "INVALID_ARGUMENT", "Missing ModelSpec"),
        (half_plus_offset(""), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        (half_plus_offset("nobody"), "NOT_FOUND", "Servable not found for request: Latest(nobody)"),
        (half_plus_offset("nobody", version=4), "NOT_FOUND", "Servable not found for request: Specific(nobody, 4)"),
        (half_plus_offset(version=3), "NOT_FOUND", "Servable not found for request: Specific(toys, 3)"),
        (half_plus_offset(label="no"), "INVALID_ARGUMENT", "Unrecognized servable version label: no"),
        (half_plus_offset("nobody", label="stable"), "INVALID_ARGUMENT", "Unrecognized servable version label: stable"),
        (half_plus_offset(label="lost"), "NOT_FOUND", "Servable not found for request: Specific(toys, 9)"),
    ],
)
def test_what_cannot_be_resolved_says_why(server, request_message, code, message):
    assert status_of(lambda: server.predictions.Predict(request_message)) == (grpc.StatusCode[code], message)
