"""The gRPC side: method paths to services, statuses to gRPC's, and a bound on calls at the same time.

Requests arrive and answers leave as bytes: our own messages are decoded by the handlers, so that an undecodable request
is answered as TensorFlow Serving answers it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent import futures
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from serving.server.call_gate import CallGate
from serving.server.errors import Internal, InvalidArgument, StatusError, Unimplemented
from serving.server.logs import log
from serving.wire import predict_pb2 as pb
from serving.wire.client import METADATA_PATH, MODEL_SERVICE, PREDICT_PATH, PREDICTION_SERVICE, STATUS_PATH
from serving.wire.server_config_pb2 import ReloadConfigRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serving.server.health import HealthService
    from serving.server.reload_call import ReloadCall
    from serving.server.services import Services

Handler: TypeAlias = Callable[[bytes, grpc.ServicerContext], bytes]

NOT_IMPLEMENTED_PATHS: Final = (
    f"/{PREDICTION_SERVICE}/Classify",
    f"/{PREDICTION_SERVICE}/Regress",
    f"/{PREDICTION_SERVICE}/MultiInference",
)
RELOAD_PATH: Final = f"/{MODEL_SERVICE}/HandleReloadConfigRequest"
_MAX_MESSAGE_BYTES: Final = 2**31 - 1
_MAX_STATUS_BYTES: Final = 1024
_GRPC_CODE: Final = {code.value[0]: code for code in grpc.StatusCode}
# Threads that only say "no": without them a refused call would wait behind the calls that keep it from running.
_REFUSING_THREADS: Final = 4

_Request = TypeVar("_Request", bound=Message)


class GrpcApi(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in its stubs only
    """The methods of PredictionService and ModelService.

    Args:
        services: What answers.
        reload_call: What answers HandleReloadConfigRequest.
        health: The health service; None where it is not enabled, and then its methods are unknown.
        max_threads: TensorFlow Serving's --grpc_max_threads: one of them polls, each of the others runs one call, and a
            call that finds none is refused at once.
    """

    def __init__(
        self, services: Services, reload_call: ReloadCall, health: HealthService | None, max_threads: int
    ) -> None:
        self.max_calls = max(1, max_threads - 1)
        self.gate = CallGate(self.max_calls)
        # Not behind the gate: a server whose threads are all busy is healthy.
        self._handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            **(health.handlers if health else {}),
            PREDICT_PATH: self._guard(lambda body, context: _predict(services, body, context)),
            STATUS_PATH: self._guard(
                lambda body, _: services.model_status(_decode(body, pb.GetModelStatusRequest())).SerializeToString()
            ),
            METADATA_PATH: self._guard(
                lambda body, _: services.model_metadata(_decode(body, pb.GetModelMetadataRequest())).SerializeToString()
            ),
            RELOAD_PATH: self._guard(
                lambda body, context: reload_call.answer(
                    _decode(body, ReloadConfigRequest()), context.is_active
                ).SerializeToString()
            ),
            **{path: self._guard(_refuse(path)) for path in NOT_IMPLEMENTED_PATHS},
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        """The handler of a path; of one that nobody knows, what says so without words, as gRPC's C++ server does."""
        return self._handlers.get(handler_call_details.method, _UNKNOWN_METHOD)

    def _guard(self, handler: Handler) -> grpc.RpcMethodHandler[bytes, bytes]:
        def call(body: bytes, context: grpc.ServicerContext) -> bytes:
            try:
                self.gate.enter()
            except StatusError as error:
                _abort(context, error)
            if not context.add_callback(self.gate.answered):
                self.gate.answered()  # The caller is gone already; the handler finds out by itself.
            try:
                return handler(body, context)
            except StatusError as error:
                _abort(context, error)
            except Exception as error:  # noqa: BLE001 - gRPC would send the text of the exception to the caller
                log("call failed", error=type(error).__name__)
                _abort(context, Internal("The server failed on this request."))
            finally:
                self.gate.leave()

        return grpc.unary_unary_rpc_method_handler(call)


def start_grpc_server(
    api: GrpcApi,
    addresses: list[str],
    channel_arguments: list[tuple[str, int | str]],
    credentials: grpc.ServerCredentials | None = None,
) -> grpc.Server:
    """Listen on every address and start answering, with TLS where there are credentials.

    Raises:
        InvalidArgument: An address is taken or cannot be listened on.
    """
    options: list[tuple[str, int | str]] = [
        ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", -1),
        # Otherwise two servers share a port without a word, and each gets some of the calls.
        ("grpc.so_reuseport", 0),
        *channel_arguments,
    ]
    pool = futures.ThreadPoolExecutor(api.max_calls + _REFUSING_THREADS, thread_name_prefix="grpc")
    server = grpc.server(pool, handlers=[api], options=options)
    for address in addresses:
        try:
            if credentials is None:
                server.add_insecure_port(address)
            else:
                server.add_secure_port(address, credentials)
        except RuntimeError as error:
            tls = ", or its key and certificate do not fit" if credentials else ""
            message = f"Cannot listen on {address}: it is taken, or this machine does not have it{tls}."
            raise InvalidArgument(message) from error
    server.start()
    return server


def read_channel_arguments(text: str) -> list[tuple[str, int | str]]:
    """`--grpc_channel_arguments`: comma separated name=value pairs; values that look like integers are integers.

    Raises:
        InvalidArgument: A part without '='.
    """
    pairs: list[tuple[str, int | str]] = []
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals:
            message = f"--grpc_channel_arguments: {part!r} is not name=value"
            raise InvalidArgument(message)
        pairs.append((name, int(value) if value.removeprefix("-").isdecimal() else value))
    return pairs


def _predict(services: Services, body: bytes, context: grpc.ServicerContext) -> bytes:
    remaining_seconds = context.time_remaining()
    deadline = None if remaining_seconds is None else time.monotonic() + remaining_seconds
    return services.predict(_decode(body, pb.PredictRequest()), deadline).SerializeToString()


def _refuse(path: str) -> Handler:
    def refuse(_body: bytes, _context: grpc.ServicerContext) -> bytes:
        message = f"{path.rpartition('/')[2]} is not implemented by this server."
        raise Unimplemented(message)

    return refuse


def _refuse_unknown(_bodies: Iterator[bytes], context: grpc.ServicerContext) -> NoReturn:
    context.abort(grpc.StatusCode.UNIMPLEMENTED, "")


# For calls of every kind: it does not wait for a request that a stream may never bring.
_UNKNOWN_METHOD: Final = grpc.stream_stream_rpc_method_handler(_refuse_unknown)


def _decode(body: bytes, request: _Request) -> _Request:
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        message = ""
        raise Internal(message) from error
    return request


def _abort(context: grpc.ServicerContext, error: StatusError) -> NoReturn:
    message = error.message
    encoded = message.encode(errors="replace")
    if len(encoded) > _MAX_STATUS_BYTES:
        message = encoded[:_MAX_STATUS_BYTES].decode(errors="ignore") + "...TRUNCATED"
    context.abort(_GRPC_CODE[error.code], message)
