"""Toy models and running model servers, made once for all tests that need them."""

import shutil

import numpy as np
import pytest

from serving.wire import predict_pb2 as pb
from serving.wire.tensors import fill_tensor_proto
from serving.wire.warmup import WARMUP_PATH, write_warmup
from tests.support.model_server_process import ModelServerProcess

MODEL_CONFIG = """
model_config_list {{
  config {{
    name: "toys" base_path: "{root}/toys" model_platform: "tensorflow"
    model_version_policy {{ specific {{ versions: 1 versions: 2 }} }}
    version_labels {{ key: "stable" value: 1 }}
    version_labels {{ key: "next" value: 2 }}
    version_labels {{ key: "lost" value: 9 }}
  }}
  config {{ name: "old" base_path: "{root}/old" model_platform: "tensorflow" }}
}}
"""


@pytest.fixture(scope="session")
def toy_server(toy_models, tmp_path_factory):
    """Versions 1 and 2 of `toys` with labels, and `old`; no batching, typed fields, monitoring, a socket."""
    folder = tmp_path_factory.mktemp("toy-server")
    (folder / "models.config").write_text(MODEL_CONFIG.format(root=toy_models))
    (folder / "monitoring.config").write_text("prometheus_config { enable: true }")
    flags = [
        f"--model_config_file={folder / 'models.config'}",
        "--allow_version_labels_for_unavailable_models",
        f"--monitoring_config_file={folder / 'monitoring.config'}",
        f"--grpc_socket_path={folder / 'socket'}",
        "--grpc_max_threads=9",
        "--rest_api_timeout_in_ms=120000",
        "--never_heard_of=1",
    ]
    with ModelServerProcess(*flags) as server:
        server.socket_path = folder / "socket"
        yield server


@pytest.fixture(scope="session")
def batching_server(toy_models, tmp_path_factory):
    """Version 1 of `toys` in batches of at most 4 rows, one at a time, one waiting; answers with tensor_content."""
    folder = tmp_path_factory.mktemp("batching-server")
    version = folder / "toys" / "1"
    shutil.copytree(toy_models / "toys" / "1", version)
    request = pb.PredictRequest(model_spec=pb.ModelSpec(name="any name", signature_name="serving_default"))
    fill_tensor_proto(request.inputs["x"], np.float32([1, 2, 3]))
    write_warmup(version / WARMUP_PATH, [request])
    (folder / "batching.config").write_text(
        "max_batch_size { value: 4 } num_batch_threads { value: 1 } max_enqueued_batches { value: 1 }"
        " allowed_batch_sizes: 2 allowed_batch_sizes: 4"
    )
    (folder / "monitoring.config").write_text('prometheus_config { enable: true path: "/metrics" }')
    flags = [
        "--model_name=toys",
        f"--model_base_path={folder / 'toys'}",
        "--enable_batching",
        f"--batching_parameters_file={folder / 'batching.config'}",
        f"--monitoring_config_file={folder / 'monitoring.config'}",
        "--enable_serialization_as_tensor_content",
        "--num_request_iterations_for_warmup=2",
        "--grpc_max_threads=65",
    ]
    with ModelServerProcess(*flags) as server:
        yield server
