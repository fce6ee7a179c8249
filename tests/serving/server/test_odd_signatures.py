"""Dtypes that do not travel, and signatures of another method: the same answer however a version is asked."""

import dataclasses
import importlib
import json

import grpc
import numpy as np
import pytest

from serving.server.errors import Internal
from serving.server.flags import Flags
from serving.server.metrics import ServerMetrics
from serving.wire import predict_pb2 as pb
from serving.wire.client import PREDICT_PATH
from serving.wire.errors import CallFailed
from serving.wire.tensors import fill_tensor_proto
from serving.wire.warmup import WARMUP_PATH, write_warmup
from tests.support.model_server_process import ModelServerProcess

pytestmark = pytest.mark.tensorflow
X = {"x": np.float32([1.5])}
MONITORING = "prometheus_config { enable: true }"
MODELS = """model_config_list {{
  config {{ name: "kinds" base_path: "{root}/kinds" model_platform: "tensorflow" }}
  config {{ name: "renamed" base_path: "{root}/renamed" model_platform: "tensorflow" }}
}}"""
NO_METHOD = "Expected prediction signature method_name to be one of {tensorflow/serving/predict, "


def warm_up(version, signature):
    request = pb.PredictRequest(model_spec=pb.ModelSpec(signature_name=signature))
    fill_tensor_proto(request.inputs["x"], X["x"])
    write_warmup(version / WARMUP_PATH, [request])


@pytest.fixture(scope="module")
def root(toy_models, tmp_path_factory):
    root = tmp_path_factory.mktemp("odd-signatures")
    importlib.import_module("tests.support.rest_toys").save_rest_toys(root / "kinds" / "1")
    warm_up(root / "kinds" / "1", "bfloat16")
    edits = importlib.import_module("tests.support.signature_edits")
    (root / "renamed").mkdir()
    edits.copy_with_method_name(toy_models / "toys" / "1", root / "renamed" / "1")
    (root / "models.config").write_text(MODELS.format(root=root))
    (root / "monitoring.config").write_text(MONITORING)
    return root


@pytest.fixture(scope="module")
def server(root):
    """Checks method names; `kinds` is loaded, although its warm-up request asks for what cannot be answered."""
    flags = [
        f"--model_config_file={root / 'models.config'}",
        f"--monitoring_config_file={root / 'monitoring.config'}",
        "--enable_signature_method_name_check",
    ]
    with ModelServerProcess(*flags) as running:
        yield running


def refused(server):
    page = server.rest("GET", "/monitoring/prometheus/metrics")[2]
    line = ':tensorflow:serving:request_count{model_name="kinds",status="UNIMPLEMENTED"} '
    return sum(int(found.removeprefix(line)) for found in page.splitlines() if found.startswith(line))


@pytest.mark.parametrize(("signature", "dtype"), [("bfloat16", "bfloat16"), ("complex", "complex64")])
def test_an_output_that_does_not_travel_is_refused_by_name_and_counted(server, signature, dtype):
    before = refused(server)
    with pytest.raises(CallFailed) as error:
        server.client.predict("kinds", None, X, 30.0, signature=signature)
    assert error.value.code is grpc.StatusCode.UNIMPLEMENTED
    assert error.value.details == f"Output y of the signature: NumPy dtype {dtype} is not carried."
    assert refused(server) == before + 1
    body = json.dumps({"signature_name": signature, "instances": [1.5]}).encode()
    status, _, text = server.rest("POST", "/v1/models/kinds:predict", body)
    assert (status, json.loads(text)) == (400, {"error": f"Failed to write JSON value for tensor type: {dtype}"})


def test_the_other_outputs_of_that_signature_are_answered(server):
    answer = server.client.predict("kinds", None, X, 30.0, signature="bfloat16", output_filter=("x",))
    assert answer.outputs["x"].tolist() == [1.5]


@pytest.mark.parametrize(
    ("dtype", "words"),
    [
        (pb.DT_BFLOAT16, "Expects arg[0] to be float but bfloat16 is provided"),
        (pb.DT_COMPLEX128, "Expects arg[0] to be float but complex128 is provided"),
        (pb.DT_HALF, "Expects arg[0] to be float but half is provided"),
        (999, "tensor parsing error: x"),
    ],
)
def test_an_input_of_a_dtype_that_no_signature_takes_is_told_what_is_taken(server, dtype, words):
    request = pb.PredictRequest(model_spec=pb.ModelSpec(name="kinds"))
    request.inputs["x"].dtype = dtype
    request.inputs["x"].tensor_shape.dim.add(size=1)
    with pytest.raises(grpc.RpcError) as error:
        server.channel.unary_unary(PREDICT_PATH)(request.SerializeToString(), timeout=30)
    assert (error.value.code(), error.value.details()) == (grpc.StatusCode.INVALID_ARGUMENT, words)


def test_a_signature_of_another_method_is_refused_over_grpc_and_rest(server):
    with pytest.raises(CallFailed) as error:
        server.client.predict("renamed", None, X, 30.0)
    assert error.value.code is grpc.StatusCode.INTERNAL
    assert error.value.details.startswith(NO_METHOD)
    status, _, text = server.rest("POST", "/v1/models/renamed:predict", b'{"instances": [1.5]}')
    assert status == 500
    assert json.loads(text)["error"].startswith(NO_METHOD)


def test_a_warm_up_request_of_another_method_fails_the_load_where_names_are_checked(toy_models, tmp_path):
    importlib.import_module("tests.support.signature_edits").copy_with_method_name(
        toy_models / "toys" / "1", tmp_path / "1"
    )
    warm_up(tmp_path / "1", "")
    loader = importlib.import_module("serving.server.loader")
    loader.ServableLoader(Flags(), None, ServerMetrics())("toys", 1, tmp_path / "1").close()
    checking = dataclasses.replace(Flags(), enable_signature_method_name_check=True)
    with pytest.raises(Internal, match="Expected prediction signature method_name"):
        loader.ServableLoader(checking, None, ServerMetrics())("toys", 1, tmp_path / "1")
