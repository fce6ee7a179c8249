"""Our messages against TensorFlow Serving's own, in both directions, on paper and on the same running server.

`tensorflow-serving-api` and TensorFlow are only here: no part of Symmetra that calls a model server needs them.
"""

import importlib
from types import SimpleNamespace

import grpc
import numpy as np
import pytest
from google.protobuf import text_format

from serving.wire import predict_pb2 as pb
from serving.wire import server_config_pb2, warmup_pb2
from serving.wire.tensors import to_array, to_tensor_proto
from serving.wire.warmup import read_warmup, write_warmup

pytestmark = pytest.mark.tensorflow
X = np.float32([1, 4])
ARRAYS = [
    np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
    np.float32([[0.5, -np.inf], [3e38, 1e-45]]),
    np.float64([np.pi]),
    np.int32([-(2**31), 2**31 - 1]),
    np.int64([-(2**63), 2**63 - 1]),
    np.int8([-128, 127]),
    np.int16([-1]),
    np.uint16([65535]),
    np.uint32([2**32 - 1]),
    np.uint64([2**64 - 1]),
    np.float16([1.5, -2]),
    np.array([True, False]),
    np.array([b"one", b"", b"\x00\xff"], object),
    np.float32(2.5),
    np.zeros((0, 3), np.float32),
]


OFFICIAL = {
    "tf": "tensorflow",
    "types": "tensorflow.core.framework.types_pb2",
    "saved_model": "tensorflow.core.protobuf.saved_model_pb2",
    "predict": "tensorflow_serving.apis.predict_pb2",
    "status": "tensorflow_serving.apis.get_model_status_pb2",
    "metadata": "tensorflow_serving.apis.get_model_metadata_pb2",
    "log": "tensorflow_serving.apis.prediction_log_pb2",
    "prediction_service": "tensorflow_serving.apis.prediction_service_pb2_grpc",
    "model_service": "tensorflow_serving.apis.model_service_pb2_grpc",
    "config": "tensorflow_serving.config.model_server_config_pb2",
    "logging": "tensorflow_serving.config.logging_config_pb2",
    "collector": "tensorflow_serving.config.log_collector_config_pb2",
    "management": "tensorflow_serving.apis.model_management_pb2",
}


@pytest.fixture(scope="module")
def official():
    """The official modules, by short names; imported here so that collecting this file does not cost seconds."""
    return SimpleNamespace(**{name: importlib.import_module(path) for name, path in OFFICIAL.items()})


def our_request(**spec):
    request = pb.PredictRequest(
        model_spec=pb.ModelSpec(name="toys", signature_name="serving_default", **spec), output_filter=["y"]
    )
    request.inputs["x"].CopyFrom(to_tensor_proto(X))
    return request


def their_request(official, version=None, label=None):
    request = official.predict.PredictRequest()
    request.model_spec.name = "toys"
    request.model_spec.signature_name = "serving_default"
    if version is not None:
        request.model_spec.version.value = version
    if label is not None:
        request.model_spec.version_label = label
    request.inputs["x"].CopyFrom(official.tf.make_tensor_proto(X))
    request.output_filter.append("y")
    return request


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{list(array.shape)}")
@pytest.mark.parametrize("as_content", [True, False])
def test_tensors_of_ours_are_read_by_theirs(official, array, as_content):
    theirs = official.tf.make_tensor_proto([0])
    theirs.ParseFromString(to_tensor_proto(array, as_content=as_content).SerializeToString())
    np.testing.assert_array_equal(official.tf.make_ndarray(theirs), array)


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{list(array.shape)}")
def test_tensors_of_theirs_are_read_by_ours(official, array):
    in_content = official.tf.make_tensor_proto(array).SerializeToString()
    as_served = official.tf.io.serialize_tensor(official.tf.convert_to_tensor(array)).numpy()
    for content in (in_content, as_served):
        read = to_array(pb.TensorProto.FromString(content))
        np.testing.assert_array_equal(read, array)
        assert read.dtype == array.dtype


def test_strings_inside_tensor_content_are_read(official):
    tensor = official.tf.constant([b"one", b"", b"three" * 100])
    proto = official.tf.make_tensor_proto(tensor)
    serialised = official.tf.io.serialize_tensor(tensor).numpy()
    for content in (proto.SerializeToString(), serialised):
        assert to_array(pb.TensorProto.FromString(content)).tolist() == [b"one", b"", b"three" * 100]


@pytest.mark.parametrize("spec", [{}, {"version": {"value": 7}}, {"version": {"value": 0}}, {"version_label": "next"}])
def test_requests_are_the_same_bytes(official, spec):
    label, version = spec.get("version_label"), spec.get("version", {}).get("value")
    ours, theirs = our_request(**spec), their_request(official, version, label)
    read = official.predict.PredictRequest.FromString(ours.SerializeToString())
    assert read == theirs
    back = pb.PredictRequest.FromString(theirs.SerializeToString())
    assert back == ours
    assert ours.SerializeToString(deterministic=True) == theirs.SerializeToString(deterministic=True)


def test_responses_status_and_metadata_mean_the_same_in_both(official):
    response = pb.PredictResponse(model_spec=pb.ModelSpec(name="m", version={"value": 3}, signature_name="s"))
    response.outputs["p"].CopyFrom(to_tensor_proto(np.float32([0.25])))
    status = pb.GetModelStatusResponse()
    entry = status.model_version_status.add(version=3, state=pb.ModelVersionStatus.END)
    entry.status.error_code, entry.status.error_message = 5, "gone"
    metadata = pb.GetModelMetadataResponse(model_spec=pb.ModelSpec(name="m"))
    metadata.metadata["signature_def"].value = b"x"
    for ours, message in (
        (response, official.predict.PredictResponse),
        (status, official.status.GetModelStatusResponse),
        (metadata, official.metadata.GetModelMetadataResponse),
        (pb.GetModelStatusRequest(model_spec=response.model_spec), official.status.GetModelStatusRequest),
        (
            pb.GetModelMetadataRequest(model_spec=response.model_spec, metadata_field=["signature_def"]),
            official.metadata.GetModelMetadataRequest,
        ),
    ):
        theirs = message.FromString(ours.SerializeToString())
        assert text_format.MessageToString(theirs) == text_format.MessageToString(ours).replace(
            "error_code: 5", "error_code: NOT_FOUND"
        )
        assert type(ours).FromString(theirs.SerializeToString()) == ours


def test_states_and_dtypes_have_their_numbers(official):
    states = official.status.ModelVersionStatus.State
    assert dict(pb.ModelVersionStatus.State.items()) == dict(states.items())
    assert set(pb.DataType.items()) <= set(official.types.DataType.items())


def fields_of(descriptor):
    return {field.name: (field.number, field.type, field.is_repeated) for field in descriptor.fields}


@pytest.mark.parametrize(
    ("ours", "module", "name"),
    [
        (pb.PredictRequest, "predict", "PredictRequest"),
        (pb.PredictResponse, "predict", "PredictResponse"),
        (pb.GetModelStatusRequest, "status", "GetModelStatusRequest"),
        (pb.GetModelStatusResponse, "status", "GetModelStatusResponse"),
        (pb.ModelVersionStatus, "status", "ModelVersionStatus"),
        (pb.GetModelMetadataRequest, "metadata", "GetModelMetadataRequest"),
        (pb.GetModelMetadataResponse, "metadata", "GetModelMetadataResponse"),
        (pb.SignatureDefMap, "metadata", "SignatureDefMap"),
        (warmup_pb2.PredictLog, "log", "PredictLog"),
        (server_config_pb2.ModelConfig, "config", "ModelConfig"),
        (server_config_pb2.ModelConfigList, "config", "ModelConfigList"),
        (server_config_pb2.ModelServerConfig, "config", "ModelServerConfig"),
        (server_config_pb2.LoggingConfig, "logging", "LoggingConfig"),
        (server_config_pb2.SamplingConfig, "logging", "SamplingConfig"),
        (server_config_pb2.LogCollectorConfig, "collector", "LogCollectorConfig"),
        (server_config_pb2.ReloadConfigRequest, "management", "ReloadConfigRequest"),
        (server_config_pb2.ReloadConfigResponse, "management", "ReloadConfigResponse"),
        (server_config_pb2.Metric, "management", "Metric"),
    ],
)
def test_every_field_has_their_number_and_type(official, ours, module, name):
    theirs = fields_of(getattr(getattr(official, module), name).DESCRIPTOR)
    for field, described in fields_of(ours.DESCRIPTOR).items():
        assert described == theirs[field], field


def test_warm_up_files_of_ours_are_read_by_theirs_and_back(official, tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    write_warmup(ours, [our_request()])
    contents = [record.numpy() for record in official.tf.data.TFRecordDataset(str(ours))]
    logs = [official.log.PredictionLog.FromString(content) for content in contents]
    assert [log.predict_log.request for log in logs] == [their_request(official)]
    with official.tf.io.TFRecordWriter(str(theirs)) as writer:
        writer.write(logs[0].SerializeToString())
    assert theirs.read_bytes() == ours.read_bytes()
    assert [record.predict_log.request for record in read_warmup(theirs)] == [our_request()]


def test_model_configs_are_read_alike(official):
    text = """
    model_config_list { config { name: "m" base_path: "/m" model_platform: "tensorflow"
      model_version_policy { specific { versions: 42 versions: 43 } }
      version_labels { key: "stable" value: 42 } } }
    """
    ours = text_format.Parse(text, server_config_pb2.ModelServerConfig())
    theirs = text_format.Parse(text, official.config.ModelServerConfig())
    assert ours.SerializeToString(deterministic=True) == theirs.SerializeToString(deterministic=True)


# --- the same running server -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "label", "answers"), [(1, None, 1), (2, None, 2), (None, None, 2), (None, "stable", 1)]
)
def test_their_client_and_ours_get_the_same_prediction(official, toy_server, version, label, answers):
    stub = official.prediction_service.PredictionServiceStub(toy_server.channel)
    theirs = stub.Predict(their_request(official, version, label), timeout=60)
    raw = toy_server.channel.unary_unary("/tensorflow.serving.PredictionService/Predict", bytes, bytes)
    spec = {"version": {"value": version}} if version else {"version_label": label} if label else {}
    ours = pb.PredictResponse.FromString(raw(our_request(**spec).SerializeToString(), timeout=60))
    assert theirs.SerializeToString(deterministic=True) == ours.SerializeToString(deterministic=True)
    assert theirs.model_spec.version.value == answers
    np.testing.assert_array_equal(official.tf.make_ndarray(theirs.outputs["y"]), to_array(ours.outputs["y"]))
    if not label:
        prediction = toy_server.client.predict("toys", version, {"x": X}, 60, output_filter=["y"])
        assert prediction.version == answers
        np.testing.assert_array_equal(prediction.outputs["y"], official.tf.make_ndarray(theirs.outputs["y"]))


def test_their_client_reads_tensor_content_and_strings(official, batching_server):
    stub = official.prediction_service.PredictionServiceStub(batching_server.channel)
    answer = stub.Predict(their_request(official), timeout=60)
    assert answer.outputs["y"].tensor_content
    assert official.tf.make_ndarray(answer.outputs["y"]).tolist() == [2.5, 4.0]
    request = official.predict.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "toys", "text"
    request.inputs["text"].CopyFrom(official.tf.make_tensor_proto([b"abc"]))
    assert official.tf.make_ndarray(stub.Predict(request, timeout=60).outputs["upper"]).tolist() == [b"ABC"]


def test_their_client_sees_the_same_errors(official, toy_server):
    stub = official.prediction_service.PredictionServiceStub(toy_server.channel)
    with pytest.raises(grpc.RpcError) as error:
        stub.Predict(their_request(official, version=9), timeout=60)
    assert error.value.code() is grpc.StatusCode.NOT_FOUND
    assert error.value.details() == "Servable not found for request: Specific(toys, 9)"


def test_their_client_and_ours_see_the_same_status(official, toy_server):
    request = official.status.GetModelStatusRequest()
    request.model_spec.name = "toys"
    theirs = official.model_service.ModelServiceStub(toy_server.channel).GetModelStatus(request, timeout=60)
    ours = toy_server.client.model_status("toys", None, 60)
    states = official.status.ModelVersionStatus.State
    assert [
        (entry.version, states.Name(entry.state), entry.status.error_code) for entry in theirs.model_version_status
    ] == [(status.version, status.state, status.error_code) for status in ours]
    assert [status.version for status in ours] == [2, 1]


def test_their_client_and_ours_see_the_same_metadata(official, toy_server, toy_models):
    request = official.metadata.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "toys"
    theirs = official.prediction_service.PredictionServiceStub(toy_server.channel).GetModelMetadata(request, timeout=60)
    signatures = official.metadata.SignatureDefMap()
    assert theirs.metadata["signature_def"].Unpack(signatures), "the type URL must be theirs"
    ours = toy_server.client.model_metadata("toys", None, 60)
    assert ours.SerializeToString(deterministic=True) == signatures.SerializeToString(deterministic=True)
    assert theirs.model_spec.version.value == 2
    # And both are what stands in the file.
    saved = official.saved_model.SavedModel.FromString((toy_models / "toys" / "2" / "saved_model.pb").read_bytes())
    assert dict(saved.meta_graphs[0].signature_def.items()) == dict(signatures.signature_def.items())
