"""The programs that the conformance suite runs against, and one of them as a process on free ports."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import grpc
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from tests.support.model_server_process import EMBEDDED_PROGRAM, ModelServerProcess

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE = "TENSORFLOW_MODEL_SERVER"
EMBEDDED = "embedded"
REAL = "tensorflow_model_server"


def find_programs() -> dict[str, tuple[str, ...]]:
    """Name -> command: the embedded server always, TensorFlow's where the variable or PATH names it."""
    found = {EMBEDDED: EMBEDDED_PROGRAM}
    real = os.environ.get(VARIABLE) or shutil.which(REAL)
    if real:
        found[REAL] = (real,)
    return found


class ServerUnderTest(ModelServerProcess):
    """A server that is spoken to with TensorFlow Serving's own stubs.

    Attributes:
        predictions: Stub of PredictionService.
        models: Stub of ModelService.
    """

    def __enter__(self):
        super().__enter__()
        self.predictions = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(self.channel)
        return self


def status_of(call: Callable[[], object]) -> tuple[grpc.StatusCode, str]:
    """Code and message of the RpcError that a call must end in."""
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError("the call was answered, and an error was expected")
