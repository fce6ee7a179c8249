"""grpc.health.v1.Health, as gRPC's own default service answers it in TensorFlow Serving.

It says that the process is up and that its first models were loaded, and nothing about any model: its answers never
change until the server stops.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import grpc
from google.protobuf.message import DecodeError

from serving.wire.health_pb2 import HealthCheckRequest, HealthCheckResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECK_PATH: Final = "/grpc.health.v1.Health/Check"
WATCH_PATH: Final = "/grpc.health.v1.Health/Watch"
# Their literal names: short ones, without the package.
HEALTHY_SERVICES: Final = frozenset({"", "ModelService", "PredictionService"})
_MAX_WATCHERS: Final = 2
_LOOK_SECONDS: Final = 0.2


class HealthService:
    """Check and Watch.

    A watcher holds a thread of the server for as long as it watches, and no answer ever changes; so there may be two.
    """

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._free_watchers = threading.Semaphore(_MAX_WATCHERS)
        self.handlers: dict[str, grpc.RpcMethodHandler[bytes, HealthCheckResponse]] = {
            CHECK_PATH: grpc.unary_unary_rpc_method_handler(self._check, None, HealthCheckResponse.SerializeToString),
            WATCH_PATH: grpc.unary_stream_rpc_method_handler(self._watch, None, HealthCheckResponse.SerializeToString),
        }

    def stop(self) -> None:
        """Tell watchers that the server does not serve any more, and let them go."""
        self._stopping.set()

    def _check(self, body: bytes, context: grpc.ServicerContext) -> HealthCheckResponse:
        request = _decode(body, context, grpc.StatusCode.INVALID_ARGUMENT)
        if request.service not in HEALTHY_SERVICES:
            context.abort(grpc.StatusCode.NOT_FOUND, "service name unknown")
        return HealthCheckResponse(status=self._status(request.service))

    def _watch(self, body: bytes, context: grpc.ServicerContext) -> Iterator[HealthCheckResponse]:
        request = _decode(body, context, grpc.StatusCode.INTERNAL)
        if not self._free_watchers.acquire(blocking=False):
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Too many watchers of health.")
        try:
            yield HealthCheckResponse(status=self._status(request.service))
            while context.is_active() and not self._stopping.wait(_LOOK_SECONDS):
                pass
            if context.is_active():
                yield HealthCheckResponse(status=self._status(request.service))
        finally:
            self._free_watchers.release()

    def _status(self, service: str) -> HealthCheckResponse.ServingStatus.ValueType:
        if service not in HEALTHY_SERVICES:
            return HealthCheckResponse.SERVICE_UNKNOWN
        return HealthCheckResponse.NOT_SERVING if self._stopping.is_set() else HealthCheckResponse.SERVING


def _decode(body: bytes, context: grpc.ServicerContext, otherwise: grpc.StatusCode) -> HealthCheckRequest:
    """The request; the code for bytes that are none differs between the two methods there."""
    try:
        return HealthCheckRequest.FromString(body)
    except DecodeError:
        context.abort(otherwise, "could not parse request")
