"""Between gateway and model server: lets everything through, or changes the answers, holds them back, or refuses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self

import grpc
import numpy as np
from numpy.typing import NDArray

from serving.wire import predict_pb2 as pb
from serving.wire.client import PREDICT_PATH
from serving.wire.tensors import to_array, to_tensor_proto

LONGEST_SECONDS: Final = 60.0
CALLS_AT_ONCE: Final = 16


def other_weights(p_no_depression: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a network with other weights might say: every logit half a unit off."""
    p = np.clip(p_no_depression.astype(np.float64), 1e-6, 1 - 1e-6)
    altered: NDArray[np.float32] = (1 / (1 + np.exp(-(np.log(p / (1 - p)) + 0.5)))).astype(np.float32)
    return altered


class ModelDoor:
    """Listens inside the block.

    Args:
        upstream: Address of the model server.

    Attributes:
        alter: What becomes of each p_no_depression; None leaves answers alone.
        delay_seconds: By which each Predict is held back.
        is_refusing: Whether every Predict is refused, as by a server that is just not there.
    """

    def __init__(self, upstream: str) -> None:
        self.alter: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None
        self.delay_seconds = 0.0
        self.is_refusing = False
        self._upstream = grpc.insecure_channel(upstream)
        self._stopping = threading.Event()
        self._server = grpc.server(ThreadPoolExecutor(CALLS_AT_ONCE))
        self._server.add_generic_rpc_handlers((_Handlers(self),))
        self.port = self._server.add_insecure_port("127.0.0.1:0")

    @property
    def address(self) -> str:
        """Where gateways ask."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listen no more; calls that wait are given up."""
        self._stopping.set()
        self._server.stop(grace=0).wait()
        self._upstream.close()

    def pass_on(self, path: str, content: bytes, context: grpc.ServicerContext) -> bytes:
        """One call."""
        if path == PREDICT_PATH and self.is_refusing:
            context.abort(grpc.StatusCode.UNAVAILABLE, "refused by a scenario")
        if path == PREDICT_PATH and self.delay_seconds:
            self._stopping.wait(self.delay_seconds)
        try:
            answer: bytes = self._upstream.unary_unary(path, request_serializer=bytes, response_deserializer=bytes)(
                content, timeout=min(LONGEST_SECONDS, context.time_remaining() or LONGEST_SECONDS)
            )
        except grpc.RpcError as error:
            context.abort(error.code(), error.details() or "")
        if path != PREDICT_PATH or self.alter is None:
            return answer
        response = pb.PredictResponse.FromString(answer)
        p = to_array(response.outputs["p_no_depression"])
        response.outputs["p_no_depression"].CopyFrom(to_tensor_proto(self.alter(p)))
        return response.SerializeToString()


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in its stubs alone
    def __init__(self, door: ModelDoor) -> None:
        self._door = door

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        path = details.method
        return grpc.unary_unary_rpc_method_handler(lambda content, context: self._door.pass_on(path, content, context))
