"""A gRPC server between gateway and model server that lets everything through, or changes the answers, or holds them back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import grpc
import numpy as np

from serving.wire import predict_pb2 as pb
from serving.wire.client import PREDICT_PATH
from serving.wire.tensors import to_array, to_tensor_proto

SECONDS = 60.0


def other_weights(p_no_depression: np.ndarray) -> np.ndarray:
    """What a network with other weights might say: every logit half a unit off."""
    p = np.clip(p_no_depression.astype(np.float64), 1e-6, 1 - 1e-6)
    return (1 / (1 + np.exp(-(np.log(p / (1 - p)) + 0.5)))).astype(np.float32)


class AlteringModelServer:
    """Listens inside the block.

    Args:
        upstream: Address of the model server.
    """

    def __init__(self, upstream: str) -> None:
        self.alter: Callable[[np.ndarray], np.ndarray] | None = None
        self.delay_seconds = 0.0
        self._upstream = grpc.insecure_channel(upstream)
        self._stopping = threading.Event()
        self._server = grpc.server(ThreadPoolExecutor(16))
        self._server.add_generic_rpc_handlers((_Handlers(self),))
        self.port = self._server.add_insecure_port("127.0.0.1:0")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.stop(grace=0).wait()
        self._upstream.close()

    def pass_on(self, path: str, content: bytes, context: grpc.ServicerContext) -> bytes:
        if path == PREDICT_PATH and self.delay_seconds:
            self._stopping.wait(self.delay_seconds)
        try:
            answer = self._upstream.unary_unary(path)(
                content, timeout=min(SECONDS, context.time_remaining() or SECONDS)
            )
        except grpc.RpcError as error:
            context.abort(error.code(), error.details() or "")
        if path != PREDICT_PATH or self.alter is None:
            return answer
        response = pb.PredictResponse.FromString(answer)
        p = to_array(response.outputs["p_no_depression"])
        response.outputs["p_no_depression"].CopyFrom(to_tensor_proto(self.alter(p)))
        return response.SerializeToString()


class _Handlers(grpc.GenericRpcHandler):
    def __init__(self, server: AlteringModelServer) -> None:
        self._server = server

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        path = details.method
        return grpc.unary_unary_rpc_method_handler(
            lambda content, context: self._server.pass_on(path, content, context)
        )
