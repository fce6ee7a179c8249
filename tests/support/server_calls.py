"""Predict calls with TensorFlow Serving's own messages, and what the server counts of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import grpc

    from tests.support.server_under_test import ServerUnderTest

DEADLINE_SECONDS = 60.0
RUNS = ":tensorflow:serving:batching_session:wrapped_run_count{}"


def predict_request(
    model: str, signature: str = "", outputs: Sequence[str] = (), version: int | None = None, **inputs: np.ndarray
) -> predict_pb2.PredictRequest:
    """A request with the arrays as `tensor_content`."""
    request = predict_pb2.PredictRequest(output_filter=outputs)
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    for name, array in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
    return request


def start(server: ServerUnderTest, request: predict_pb2.PredictRequest, seconds: float = DEADLINE_SECONDS):
    """Send it, and return the call that is under way."""
    return server.predictions.Predict.future(request, timeout=seconds)


def answer_of(call: grpc.Future, output: str) -> list:
    """One output of a call, as nested lists."""
    return tf.make_ndarray(call.result().outputs[output]).tolist()


def sample(server: ServerUnderTest, name_and_labels: str, path: str = "/metrics") -> float:
    """A value of the metrics page; 0 where it has no such line yet."""
    for line in server.rest("GET", path)[2].splitlines():
        if line.startswith(f"{name_and_labels} "):
            return float(line.rpartition(" ")[2])
    return 0.0


def wait_until(condition: Callable[[], bool]) -> None:
    """Look again and again until it holds."""
    end = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


def hold(server: ServerUnderTest, seconds: float = 1.5):
    """Keep the only batch thread busy with `slow` of a model `toys`; returns the call once it is."""
    before = sample(server, RUNS)
    call = start(server, predict_request("toys", "slow", seconds=np.float64([seconds])))
    wait_until(lambda: sample(server, RUNS) > before)
    return call
