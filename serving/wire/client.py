"""Calling a model server: Predict, GetModelStatus and GetModelMetadata, with arrays in and out.

A deadline is obligatory on every call: gRPC has none of its own, and a call without one waits for ever.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from serving.wire import predict_pb2 as pb
from serving.wire.channel import is_connected
from serving.wire.errors import AnswerMalformed, CallFailed, TensorError
from serving.wire.tensors import Array, fill_tensor_proto, to_array

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

PREDICTION_SERVICE: Final = "tensorflow.serving.PredictionService"
MODEL_SERVICE: Final = "tensorflow.serving.ModelService"
PREDICT_PATH: Final = f"/{PREDICTION_SERVICE}/Predict"
METADATA_PATH: Final = f"/{PREDICTION_SERVICE}/GetModelMetadata"
STATUS_PATH: Final = f"/{MODEL_SERVICE}/GetModelStatus"
SIGNATURE_DEF_FIELD: Final = "signature_def"
DEFAULT_SIGNATURE: Final = "serving_default"
CONNECTED_POLL_SECONDS: Final = 0.01
AVAILABLE: Final = "AVAILABLE"
"""The state of a version that answers."""

_Answer = TypeVar("_Answer", bound=Message)


@dataclass(frozen=True, slots=True)
class Prediction:
    """One answer of Predict.

    Attributes:
        outputs: Output name to array; read-only views where the server sent `tensor_content`.
        model: Name of the model that answered.
        version: The version that answered, which the caller should compare with the one it asked for.
        signature: The signature that ran.
    """

    outputs: dict[str, Array]
    model: str
    version: int
    signature: str


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """State of one version in a model server.

    Attributes:
        version: The version number.
        state: "START", "LOADING", "AVAILABLE", "UNLOADING", "END" or "UNKNOWN"; only `AVAILABLE` answers.
        error_code: 0, or the gRPC code number of what went wrong while loading.
        error_message: What went wrong, or "".
    """

    version: int
    state: str
    error_code: int
    error_message: str


class ModelServerClient:
    """Calls over one channel. Safe to share between threads, as channels are; make it after a fork, never before."""

    def __init__(self, channel: grpc.Channel) -> None:
        # `bytes` twice: messages are decoded in `_decode`, because gRPC turns an undecodable answer into INTERNAL, which
        # could not be told from a server's own.
        self._channel = channel
        self._predict = channel.unary_unary(PREDICT_PATH, bytes, bytes)
        self._status = channel.unary_unary(STATUS_PATH, bytes, bytes)
        self._metadata = channel.unary_unary(METADATA_PATH, bytes, bytes)

    def wait_until_ready(self, deadline_seconds: float) -> bool:
        """Connect, and say whether a server accepted the connection within so many seconds."""
        deadline = time.monotonic() + deadline_seconds
        while not is_connected(self._channel):
            if time.monotonic() >= deadline:
                return False
            time.sleep(CONNECTED_POLL_SECONDS)
        return True

    def predict(
        self,
        model: str,
        version: int | None,
        inputs: Mapping[str, npt.ArrayLike],
        deadline_seconds: float,
        *,
        signature: str = DEFAULT_SIGNATURE,
        output_filter: Sequence[str] = (),
        wait_for_ready: bool = False,
        metadata: Sequence[tuple[str, str]] = (),
    ) -> Prediction:
        """Run one signature of one version.

        Args:
            model: Name of the model.
            version: The version to ask; None leaves the choice to the server (its highest), which production never does.
            inputs: Input name to array, each with a batch dimension.
            deadline_seconds: When to give up, from now.
            signature: Name of the signature.
            output_filter: Names of the outputs wanted; all when empty.
            wait_for_ready: Wait for a connection, within the deadline, instead of failing at once while there is none.
            metadata: Sent along, such as the trace that the call belongs to.

        Raises:
            CallFailed: The call ended with another status than OK.
            AnswerMalformed: The answer is no PredictResponse, names no version, or holds a broken tensor.
            TensorUnsupported: An input of a dtype that the wire does not carry.
        """
        request = pb.PredictRequest(model_spec=_spec(model, version, signature), output_filter=output_filter)
        for name, array in inputs.items():
            fill_tensor_proto(request.inputs[name], array)
        answer = _call(
            self._predict,
            "Predict",
            request,
            pb.PredictResponse(),
            deadline_seconds=deadline_seconds,
            wait_for_ready=wait_for_ready,
            metadata=metadata,
        )
        if not answer.model_spec.HasField("version"):
            message = "the answer to Predict does not say which version gave it"
            raise AnswerMalformed(message)
        try:
            outputs = {name: to_array(proto) for name, proto in answer.outputs.items()}
        except TensorError as error:
            message = f"the answer to Predict holds a broken tensor: {error}"
            raise AnswerMalformed(message) from error
        spec = answer.model_spec
        return Prediction(outputs, spec.name, spec.version.value, spec.signature_name)

    def model_status(
        self, model: str, version: int | None, deadline_seconds: float, *, wait_for_ready: bool = False
    ) -> tuple[VersionStatus, ...]:
        """State of one version, or of every version that this server process has seen, highest first.

        Raises:
            CallFailed: NOT_FOUND where the model or version was never seen, or another status than OK.
            AnswerMalformed: The answer is no GetModelStatusResponse.
        """
        request = pb.GetModelStatusRequest(model_spec=_spec(model, version))
        answer = _call(
            self._status,
            "GetModelStatus",
            request,
            pb.GetModelStatusResponse(),
            deadline_seconds=deadline_seconds,
            wait_for_ready=wait_for_ready,
        )
        return tuple(
            VersionStatus(
                entry.version,
                pb.ModelVersionStatus.State.Name(entry.state)
                if entry.state in pb.ModelVersionStatus.State.values()
                else "UNKNOWN",
                entry.status.error_code,
                entry.status.error_message,
            )
            for entry in answer.model_version_status
        )

    def model_metadata(self, model: str, version: int | None, deadline_seconds: float) -> pb.SignatureDefMap:
        """The signatures of a version: names, dtypes and shapes of what goes in and out.

        Raises:
            CallFailed: NOT_FOUND where the version is not available, or another status than OK.
            AnswerMalformed: The answer holds no signatures.
        """
        request = pb.GetModelMetadataRequest(model_spec=_spec(model, version), metadata_field=[SIGNATURE_DEF_FIELD])
        answer = _call(
            self._metadata,
            "GetModelMetadata",
            request,
            pb.GetModelMetadataResponse(),
            deadline_seconds=deadline_seconds,
        )
        if SIGNATURE_DEF_FIELD not in answer.metadata:
            message = "the answer to GetModelMetadata holds no signature_def"
            raise AnswerMalformed(message)
        return _decode("GetModelMetadata", answer.metadata[SIGNATURE_DEF_FIELD].value, pb.SignatureDefMap())


def _spec(model: str, version: int | None, signature: str = "") -> pb.ModelSpec:
    spec = pb.ModelSpec(name=model, signature_name=signature)
    if version is not None:
        spec.version.value = version
    return spec


def _call(
    method: grpc.UnaryUnaryMultiCallable[bytes, bytes],
    name: str,
    request: Message,
    answer: _Answer,
    *,
    deadline_seconds: float,
    wait_for_ready: bool = False,
    metadata: Sequence[tuple[str, str]] = (),
) -> _Answer:
    try:
        content = method(
            request.SerializeToString(),
            timeout=deadline_seconds,
            wait_for_ready=wait_for_ready,
            metadata=tuple(metadata),
        )
    except grpc.RpcError as error:
        raise CallFailed(name, error.code(), error.details() or "") from error
    return _decode(name, content, answer)


def _decode(name: str, content: bytes, answer: _Answer) -> _Answer:
    try:
        answer.ParseFromString(content)
    except DecodeError as error:
        message = f"the answer to {name} cannot be decoded"
        raise AnswerMalformed(message) from error
    return answer
