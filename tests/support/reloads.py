"""What a test says to a server whose models it replaces while it runs, with TensorFlow Serving's own messages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2, predict_pb2

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.server_under_test import ServerUnderTest

WAIT_SECONDS = 60.0
TENSORFLOW = 'model_platform: "tensorflow"'


def entry(name: str, base_path: Path | str, more: str = "", platform: str = TENSORFLOW) -> str:
    """One entry of a model config, as text."""
    return f'config {{ name: "{name}" base_path: "{base_path}" {platform} {more} }}'


def label(name: str, version: int) -> str:
    return f'version_labels {{ key: "{name}" value: {version} }}'


def specific(*versions: int) -> str:
    return f"model_version_policy {{ specific {{ {' '.join(f'versions: {version}' for version in versions)} }} }}"


def config_text(*entries: str) -> str:
    return f"model_config_list {{ {' '.join(entries)} }}"


def reload(server: ServerUnderTest, *entries: str) -> model_management_pb2.ReloadConfigResponse:
    """Replace all models of a server by these entries."""
    request = model_management_pb2.ReloadConfigRequest()
    text_format.Parse(config_text(*entries), request.config)
    return server.models.HandleReloadConfigRequest(request, timeout=WAIT_SECONDS)


def status_request(model: str, version: int | None = None) -> get_model_status_pb2.GetModelStatusRequest:
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = model
    if version is not None:
        request.model_spec.version.value = version
    return request


def states(server: ServerUnderTest, model: str) -> list[tuple[int, str]]:
    """Version and name of its state, in the order of the answer; nothing for a model that was never seen."""
    try:
        answer = server.models.GetModelStatus(status_request(model), timeout=WAIT_SECONDS)
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.NOT_FOUND:
            raise
        return []
    names = get_model_status_pb2.ModelVersionStatus.State
    return [(status.version, names.Name(status.state)) for status in answer.model_version_status]


def wait_for_states(server: ServerUnderTest, model: str, *wanted: tuple[int, str]) -> None:
    wait_until(lambda: states(server, model) == list(wanted), lambda: states(server, model))


def wait_until(condition: Callable[[], bool], describe: Callable[[], object] = lambda: "") -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, describe()
        time.sleep(0.02)


def predict_request(
    model: str,
    *,
    signature: str = "",
    version: int | None = None,
    label: str | None = None,
    **inputs: object,
) -> predict_pb2.PredictRequest:
    """A Predict; inputs are arrays or TensorProtos, and x = [1, 2] where none is given."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    if label is not None:
        request.model_spec.version_label = label
    for alias, value in (inputs or {"x": np.float32([1, 2])}).items():
        request.inputs[alias].CopyFrom(value if isinstance(value, TensorProto) else tf.make_tensor_proto(value))
    return request


def answering(server: ServerUnderTest, model: str, **choice: object) -> int:
    """The version that answers."""
    return server.predictions.Predict(predict_request(model, **choice), timeout=WAIT_SECONDS).model_spec.version.value
