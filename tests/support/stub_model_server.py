"""A gRPC server that answers Predict as told, in the test's own process: for everything but the model itself."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import grpc
import numpy as np

from serving.wire import predict_pb2 as pb
from serving.wire.client import PREDICT_PATH, STATUS_PATH
from serving.wire.tensors import to_array, to_tensor_proto


class StubModelServer:
    """Answers every crop with `p_no_depression`, in the dtype and shape that it has; None leaves the output away."""

    def __init__(
        self,
        version: int,
        p_no_depression: np.ndarray | np.floating | float | None = 0.5,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        credentials: grpc.ServerCredentials | None = None,
    ) -> None:
        self.version = version
        self.answering_version = version
        self.second_version: int | None = None
        """Served beside it, with the same answers."""
        self.p_no_depression = p_no_depression
        self.errors: list[grpc.StatusCode] = []
        """Statuses to fail the next calls with, first one first."""
        self.details = "as told"
        self.delay_seconds = 0.0
        """How long each answer takes."""
        self.go_on = threading.Event()
        """Cleared by a test that wants calls to hang."""
        self.go_on.set()
        self.hang_from_call: int | None = None
        """The number of the first call, counted from 1, that gets no answer before the server stops."""
        self._stopped = threading.Event()
        self.calls = 0
        """Of Predict."""
        self.status_calls = 0
        self.allowed_seconds: list[float] = []
        """What was left of each call's deadline."""
        self.peers: set[str] = set()
        """Connections that Predict came over."""
        self.asked_versions: list[int] = []
        self.explanation: dict[str, np.ndarray] = {}
        """Outputs of the `explain` signature."""
        self.asked = threading.Event()
        """Set by the first call of Predict."""
        self.crops: list[np.ndarray] = []
        self.traceparents: list[str | None] = []
        """Of each call, from its metadata."""
        self.metadata: list[dict[str, str | bytes]] = []
        """All of each call's."""
        self._server = grpc.server(ThreadPoolExecutor(16))
        self._server.add_generic_rpc_handlers((_Handlers(self),))
        self.host = host
        listen = f"{host}:{port}"
        self.port = (
            self._server.add_secure_port(listen, credentials) if credentials else self._server.add_insecure_port(listen)
        )
        self._server.start()

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self._stopped.set()
        self._server.stop(grace=0).wait()

    def stop_gracefully(self, seconds: float = 20.0) -> None:
        """End as a pod does: take no new calls, finish those in work."""
        self._server.stop(grace=seconds).wait()

    def predict(self, content: bytes, context: grpc.ServicerContext) -> bytes:
        self.calls += 1
        self.peers.add(context.peer())
        self.allowed_seconds.append(context.time_remaining())
        self.metadata.append(dict(context.invocation_metadata()))
        self.traceparents.append(self.metadata[-1].get("traceparent"))
        self.asked.set()
        self.go_on.wait()
        self._stopped.wait(self.delay_seconds)
        if self.hang_from_call is not None and self.calls >= self.hang_from_call:
            self._stopped.wait()
        if self.errors:
            context.abort(self.errors.pop(0), self.details)
        request = pb.PredictRequest.FromString(content)
        self.asked_versions.append(request.model_spec.version.value)
        version = request.model_spec.version.value
        if version not in {self.version, self.second_version}:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such version")
        self.crops.append(to_array(request.inputs["crop"]))
        answer = pb.PredictResponse(model_spec=pb.ModelSpec(name=request.model_spec.name))
        answer.model_spec.version.value = self.answering_version if version == self.version else version
        if request.model_spec.signature_name == "explain":
            for name, output in self.explanation.items():
                answer.outputs[name].CopyFrom(to_tensor_proto(output))
            return answer.SerializeToString()
        if self.p_no_depression is not None:
            answer.outputs["p_no_depression"].CopyFrom(to_tensor_proto(np.atleast_2d(self.p_no_depression)))
        rows = 1 if self.p_no_depression is None else np.size(self.p_no_depression)
        answer.outputs["logit"].CopyFrom(to_tensor_proto(np.zeros((rows, 1), np.float32)))
        return answer.SerializeToString()

    def status(self, content: bytes, context: grpc.ServicerContext) -> bytes:
        self.status_calls += 1
        if self.errors:
            context.abort(self.errors.pop(0), "as told")
        request = pb.GetModelStatusRequest.FromString(content)
        if request.model_spec.version.value != self.version:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such version")
        answer = pb.GetModelStatusResponse()
        answer.model_version_status.add(version=self.version, state=pb.ModelVersionStatus.AVAILABLE)
        return answer.SerializeToString()


class _Handlers(grpc.GenericRpcHandler):
    def __init__(self, stub: StubModelServer) -> None:
        self._methods = {PREDICT_PATH: stub.predict, STATUS_PATH: stub.status}

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        method = self._methods.get(details.method)
        return grpc.unary_unary_rpc_method_handler(method) if method else None
