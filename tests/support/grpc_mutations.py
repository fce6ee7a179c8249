"""gRPC messages that are almost right: the corpus of tests/faults/corpus_grpc, and what becomes of it by chance.

A file's name begins with the method. `*.textproto` are messages as text, `*.bin` bytes that have no such text.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grpc
from google.protobuf import text_format
from google.protobuf.message import DecodeError

from serving.wire import predict_pb2 as pb
from serving.wire.health_pb2 import HealthCheckRequest
from serving.wire.server_config_pb2 import ReloadConfigRequest

if TYPE_CHECKING:
    from google.protobuf.message import Message

CORPUS: Final = Path(__file__).resolve().parents[1] / "faults" / "corpus_grpc"
CALL_SECONDS: Final = 30.0
MAX_BYTES: Final = 200_000
RELOAD: Final = "HandleReloadConfigRequest"

_PREDICTION: Final = "/tensorflow.serving.PredictionService/"
_MODEL: Final = "/tensorflow.serving.ModelService/"
_METHODS: Final[dict[str, tuple[str, type[Message] | None]]] = {
    "Predict": (_PREDICTION, pb.PredictRequest),
    "GetModelMetadata": (_PREDICTION, pb.GetModelMetadataRequest),
    "Classify": (_PREDICTION, None),
    "Regress": (_PREDICTION, None),
    "MultiInference": (_PREDICTION, None),
    "GetModelStatus": (_MODEL, pb.GetModelStatusRequest),
    RELOAD: (_MODEL, ReloadConfigRequest),
    "Check": ("/grpc.health.v1.Health/", HealthCheckRequest),
}

CALLERS_FAULTS: Final = frozenset(
    {
        grpc.StatusCode.OK,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
    }
)
"""Codes that say nothing against the server. UNAVAILABLE and RESOURCE_EXHAUSTED are how it says that it is busy; that its
process is still there is asked apart from them."""

_SIZES: Final = (
    -(2**63),
    -(2**31),
    -1,
    0,
    1,
    3,
    8,
    255,
    2**16,
    2**24,
    2**31,
    2**40,
    2**48 - 1,
    2**48,
    2**62,
    2**63 - 1,
)
_PIECES: Final = (
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\xff" * 11, b"\xff\xff\xff\xff\x0f", b"\xff\xff\xff\xff\x07", b"\x80" * 9,
    b"\x00", b"\x0a\x00", b"\x12\x00", b"\x0b" * 200, b"\x0c", b"\xfb\x01" * 200, b"\xf8\x07\x01", b"\xfa\x07\x03abc",
    b"\x0a\x06\x0a\x04toys", b"\x1a\x01y", b"\x22\xff\xff\xff\xff\x07", b"\xc0", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80",
    b"\x08\x0e", b"\x08\x12", b"\x08\x14", b"\x08\x15", b"\x08\x65", b"\x12\x0b\x08" + b"\xff" * 9 + b"\x01",
)  # fmt: skip
_CONTENTS: Final = (0, 1, 3, 4, 5, 8, 192, 4096)


@dataclass(frozen=True, slots=True)
class GrpcRequest:
    """A body for a method."""

    method: str
    body: bytes

    @property
    def path(self) -> str:
        """Where it is sent."""
        return _METHODS[self.method][0] + self.method


def corpus(toys: Path) -> list[GrpcRequest]:
    """Every request of the corpus.

    Args:
        toys: Base path of a model, for requests that load one: TOYS in the text.
    """
    return [_read(path, toys) for path in sorted(CORPUS.iterdir())]


def mutate(chance: random.Random, requests: list[GrpcRequest]) -> GrpcRequest:
    """A request from the corpus with a few changes, to its fields first, then to its bytes."""
    request = chance.choice(requests)
    body = request.body
    if chance.random() < 0.6:
        body = _change_fields(chance, request)
    if chance.random() < 0.6:
        content = bytearray(body)
        for _ in range(chance.choice((1, 1, 2, 4, 16))):
            _CHANGES[chance.randrange(len(_CHANGES))](chance, content, requests)
            del content[MAX_BYTES:]
        body = bytes(content)
    return GrpcRequest(request.method, body)


def send(channel: grpc.Channel, request: GrpcRequest, seconds: float = CALL_SECONDS) -> tuple[grpc.StatusCode, str]:
    """Code and message of the answer; DEADLINE_EXCEEDED where it hangs."""
    try:
        channel.unary_unary(request.path)(request.body, timeout=seconds)
    except grpc.RpcError as error:
        return error.code(), error.details()
    return grpc.StatusCode.OK, ""


def is_fault(request: GrpcRequest, code: grpc.StatusCode, message: str) -> bool:
    """Whether an answer says that the server, and not the request, is wrong.

    INTERNAL without a word is TensorFlow Serving's answer to bytes that are no message, and to nothing else.
    """
    if code is grpc.StatusCode.INTERNAL and not message:
        return is_decodable(request)
    return code not in CALLERS_FAULTS


def is_decodable(request: GrpcRequest) -> bool:
    """Whether the body is a message of its method; the bodies of methods that are left out are never looked at."""
    kind = _METHODS[request.method][1]
    try:
        if kind is not None:
            kind.FromString(request.body)
    except DecodeError:
        return False
    return True


def _read(path: Path, toys: Path) -> GrpcRequest:
    method = path.name.partition(".")[0]
    kind = _METHODS[method][1]
    if path.suffix == ".bin" or kind is None:
        return GrpcRequest(method, path.read_bytes())
    text = path.read_text(encoding="utf-8").replace("TOYS", str(toys))
    return GrpcRequest(method, text_format.Parse(text, kind()).SerializeToString())


def _change_fields(chance: random.Random, request: GrpcRequest) -> bytes:
    kind = _METHODS[request.method][1]
    if kind is None or not is_decodable(request):
        return request.body
    message = kind.FromString(request.body)
    if isinstance(message, pb.PredictRequest):
        for _ in range(chance.choice((1, 1, 2, 3))):
            _change_predict(chance, message)
    body = message.SerializeToString()
    # A field that comes twice is merged or the last one counts, as its kind asks for.
    return body + body * chance.choice((0, 0, 0, 1, 20))


def _change_predict(chance: random.Random, request: pb.PredictRequest) -> None:
    """One field of it gets another value, nearly always one that a tensor cannot have."""
    tensors = list(request.inputs.values())
    if not tensors:
        request.inputs[chance.choice(("x", "crop", "", "\0"))].dtype = _any_dtype(chance)
        return
    tensor = chance.choice(tensors)
    match chance.randrange(9):
        case 0:
            tensor.dtype = _any_dtype(chance)
        case 1 if tensor.tensor_shape.dim:
            chance.choice(tensor.tensor_shape.dim).size = chance.choice(_SIZES)
        case 2:
            for _ in range(chance.choice((1, 2, 63, 64, 255, 300))):
                tensor.tensor_shape.dim.add(size=chance.choice((0, 1, 1, 2, chance.choice(_SIZES))))
        case 3:
            tensor.tensor_content = chance.randbytes(chance.choice(_CONTENTS))
        case 4:
            tensor.ClearField(chance.choice(("tensor_shape", "float_val", "int_val", "string_val", "dtype")))
        case 5:
            tensor.float_val.extend([chance.uniform(-1e38, 1e38)] * chance.choice((1, 2, 5000)))
        case 6:
            tensor.string_val.append(chance.randbytes(chance.choice(_CONTENTS)))
        case 7:
            request.output_filter.extend(
                [chance.choice(("y", "", "sum", "y" * 5000, "\0"))] * chance.choice((1, 2, 500))
            )
        case _:
            request.model_spec.version.value = chance.choice(_SIZES)


def _any_dtype(chance: random.Random) -> pb.DataType:
    return pb.DataType.ValueType(chance.choice((*pb.DataType.values(), 24, 101, 121, 2**31 - 1)))


def _flip(chance: random.Random, content: bytearray, _requests: list[GrpcRequest]) -> None:
    if content:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def _insert(chance: random.Random, content: bytearray, _requests: list[GrpcRequest]) -> None:
    at = chance.randrange(len(content) + 1)
    content[at:at] = chance.choice(_PIECES)


def _cut(chance: random.Random, content: bytearray, _requests: list[GrpcRequest]) -> None:
    del content[chance.randrange(len(content) + 1) :]


def _delete(chance: random.Random, content: bytearray, _requests: list[GrpcRequest]) -> None:
    start = chance.randrange(len(content) + 1)
    del content[start : start + chance.randrange(1, 20)]


def _repeat(chance: random.Random, content: bytearray, _requests: list[GrpcRequest]) -> None:
    start = chance.randrange(len(content) + 1)
    content[start:start] = content[start : start + chance.randrange(1, 40)] * chance.choice((1, 2, 50))


def _splice(chance: random.Random, content: bytearray, requests: list[GrpcRequest]) -> None:
    other = chance.choice(requests).body
    content[chance.randrange(len(content) + 1) :] = other[chance.randrange(len(other) + 1) :]


_CHANGES = (_flip, _flip, _flip, _insert, _insert, _cut, _delete, _repeat, _splice)
