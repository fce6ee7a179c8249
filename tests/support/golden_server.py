"""A version whose golden crops carry their own number, and a server that answers by it: no TensorFlow, milliseconds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

import grpc
import numpy as np

from serving.contract.severity import band_of, severity_ppm
from serving.repository import ModelRepository, Statement
from serving.wire import predict_pb2 as pb
from serving.wire.client import PREDICT_PATH, STATUS_PATH
from serving.wire.golden_check import GOLDEN_PATH
from serving.wire.tensors import to_array, to_tensor_proto
from tests.support.toy_contract import toy_contract

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "toy"
CROPS = 40
GOLDEN_P = np.linspace(0.02, 0.98, CROPS).astype(np.float32)
QUEUE_FULL = (
    grpc.StatusCode.UNAVAILABLE,
    (
        "The batch scheduling queue to which this task was submitted is full; "
        "currently 1 batches enqueued and max_enqueued_batches is 1"
    ),
)


def publish_golden_version(root: Path, p_no_depression: np.ndarray = GOLDEN_P) -> int:
    """Publish, approve and pin the next version, which promises these answers; return its number."""
    repository = ModelRepository(root, MODEL)
    with repository.staging() as staging:
        contract = toy_contract(staging.version, MODEL)
        (staging.path / "variables").mkdir()
        (staging.path / "assets.extra").mkdir()
        (staging.path / "saved_model.pb").write_bytes(b"graph")
        (staging.path / "assets.extra" / "contract.json").write_text(contract.to_json())
        crops = np.empty((CROPS, 4, 4, 3), np.uint8)
        crops[:] = np.arange(CROPS, dtype=np.uint8)[:, None, None, None]
        bands = np.array([str(band_of(severity_ppm(p))) for p in p_no_depression])
        np.savez_compressed(staging.path / GOLDEN_PATH, crops=crops, p_no_depression=p_no_depression, band=bands)
        repository.publish(staging)
    repository.approve(staging.version, Statement("a test", "it is a toy", {}))
    repository.set_pin(staging.version)
    return staging.version


class GoldenServer:
    """Serves some versions; every crop gets the answer that stands at its number in `p_no_depression`."""

    def __init__(self, *versions: int) -> None:
        self.states = dict.fromkeys(versions, "AVAILABLE")
        self.p_no_depression = GOLDEN_P.copy()
        self.failure: tuple[grpc.StatusCode, str] | None = None
        """Status that every Predict ends with."""
        self.status_failure: tuple[grpc.StatusCode, str] | None = None
        """Status that every GetModelStatus ends with."""
        self.asked: list[list[int]] = []
        """Numbers of the crops of each Predict, in order."""
        self._server = grpc.server(ThreadPoolExecutor(4))
        self._server.add_generic_rpc_handlers((_Handlers({PREDICT_PATH: self._predict, STATUS_PATH: self._status}),))
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port."""
        self._server.stop(grace=0).wait()

    def _predict(self, content: bytes, context: grpc.ServicerContext) -> bytes:
        if self.failure:
            context.abort(*self.failure)
        request = pb.PredictRequest.FromString(content)
        version = request.model_spec.version.value
        if self.states.get(version) != "AVAILABLE":
            context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: Specific({MODEL}, {version})")
        numbers = to_array(request.inputs["crop"])[:, 0, 0, 0].tolist()
        self.asked.append(numbers)
        answer = pb.PredictResponse(model_spec=pb.ModelSpec(name=MODEL))
        answer.model_spec.version.value = version
        answer.outputs["p_no_depression"].CopyFrom(to_tensor_proto(self.p_no_depression[numbers][:, None]))
        answer.outputs["logit"].CopyFrom(to_tensor_proto(np.zeros((len(numbers), 1), np.float32)))
        return answer.SerializeToString()

    def _status(self, content: bytes, context: grpc.ServicerContext) -> bytes:
        if self.status_failure:
            context.abort(*self.status_failure)
        version = pb.GetModelStatusRequest.FromString(content).model_spec.version.value
        if version not in self.states:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Could not find version {version} of model {MODEL}")
        answer = pb.GetModelStatusResponse()
        entry = answer.model_version_status.add(version=version)
        entry.state = pb.ModelVersionStatus.State.Value(self.states[version])
        return answer.SerializeToString()


class _Handlers(grpc.GenericRpcHandler):
    def __init__(self, methods) -> None:
        self._methods = methods

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        method = self._methods.get(details.method)
        return grpc.unary_unary_rpc_method_handler(method) if method else None
