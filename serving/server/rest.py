"""The REST side: status and metadata of models, and Prometheus' page (tensorflow_serving/model_servers/http_*.cc).

Predict over REST is not implemented and says so. Paths, codes and the layout of bodies are TensorFlow Serving's.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from google.protobuf.json_format import MessageToDict

from serving.server.errors import Code, InvalidArgument, StatusError, Unimplemented
from serving.server.metrics import CONTENT_TYPE, ServerMetrics
from serving.wire import predict_pb2 as pb
from serving.wire.client import SIGNATURE_DEF_FIELD

if TYPE_CHECKING:
    from serving.server.services import Services

_INFER_PATH: Final = re.compile(
    r"/v1/models/([^/:]+)(?:(?:/versions/(\d+))|(?:/labels/([^/:]+)))?:(classify|regress|predict)", re.IGNORECASE
)
_MODEL_PATH: Final = re.compile(
    r"/v1/models(?:/([^/:]+))?(?:(?:/versions/(\d+))|(?:/labels/([^/:]+)))?(?:/(metadata))?", re.IGNORECASE
)
_API_PREFIX: Final = re.compile(r"/v1/.*", re.IGNORECASE | re.DOTALL)
_INT64_MAX: Final = 2**63 - 1
_IDLE_SECONDS: Final = 60.0
_DISCARDED_BYTES: Final = 64 * 1024

HTTP_STATUS: Final = {
    Code.OK: 200,
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}


class RestApi:
    """What REST paths answer, without the sockets.

    Args:
        services: What answers.
        metrics: Where requests are counted, and what Prometheus scrapes.
        metrics_path: Where Prometheus scrapes; None where monitoring is off.
    """

    def __init__(self, services: Services, metrics: ServerMetrics, metrics_path: str | None) -> None:
        self._services = services
        self._metrics = metrics
        self._metrics_path = metrics_path

    def answer(self, method: str, target: str) -> tuple[int, str, str]:
        """Status code, content type and body for a request line."""
        path = urlsplit(target).path
        if path == self._metrics_path:
            return 200, CONTENT_TYPE, self._metrics.exposition()
        if not _API_PREFIX.fullmatch(path):
            return 404, "text/html", "<html><head><title>404 Not Found</title></head><body>Not Found</body></html>\n"
        counted_name = ""
        try:
            match = _INFER_PATH.fullmatch(path) if method == "POST" else None
            if match is None and method == "GET":
                match = _MODEL_PATH.fullmatch(path)
            if match is None:
                message = f"Malformed request: {method} {path}"
                raise InvalidArgument(message)
            model_name = unquote(match[1] or "")
            counted_name = model_name if self._services.knows(model_name) else ""
            spec = _read_spec(model_name, match[2], match[3])
            body = self._infer(path, match[4]) if method == "POST" else self._describe(spec, match[4])
        except StatusError as error:
            self._metrics.request_count.increment(counted_name, error.code.name)
            return HTTP_STATUS[error.code], "application/json", json.dumps({"error": error.message}, indent=4) + "\n"
        self._metrics.request_count.increment(counted_name, "OK")
        return 200, "application/json", body

    def _infer(self, path: str, method: str) -> str:
        # The path matches in any case, but the method's name counts as written.
        if method not in {"predict", "classify", "regress"}:
            message = f"Malformed request: POST {path}"
            raise InvalidArgument(message)
        message = f"{method} over REST is not implemented by this server; use gRPC."
        raise Unimplemented(message)

    def _describe(self, spec: pb.ModelSpec, metadata: str | None) -> str:
        if not spec.name:
            message = "Missing model name in request."
            raise InvalidArgument(message)
        if metadata is None:
            # A label is accepted and ignored, as theirs does.
            status_spec = pb.ModelSpec(name=spec.name)
            if spec.HasField("version"):
                status_spec.version.CopyFrom(spec.version)
            return _status_json(self._services.model_status(pb.GetModelStatusRequest(model_spec=status_spec)))
        request = pb.GetModelMetadataRequest(model_spec=spec, metadata_field=[SIGNATURE_DEF_FIELD])
        return _metadata_json(self._services.model_metadata(request))


class RestServer:
    """The API on a port, a thread per connection.

    Args:
        api: What answers.
        address: Where to listen.
        port: TCP port; 0 picks one.

    Raises:
        InvalidArgument: The port is taken, or this machine does not have the address.
    """

    def __init__(self, api: RestApi, address: str, port: int) -> None:
        class Server(ThreadingHTTPServer):
            daemon_threads = True
            address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - http.server's signature
                """A caller that hung up is no news, and the default prints a traceback."""

        class Handler(_Handler):
            rest_api = api

        try:
            self._server = Server((address, port), Handler)
        except OSError as error:
            message = f"Cannot listen on {address}:{port} for REST: {error.strerror}."
            raise InvalidArgument(message) from error
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="rest", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; answers on their way are not waited for."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "serving.server"
    sys_version = ""
    timeout = _IDLE_SECONDS
    rest_api: RestApi

    def do_any(self) -> None:
        self._discard_body()
        status, content_type, text = self.rest_api.answer(self.command, self.path)
        body = text.encode()
        self.send_response(status, _reason(status))
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_any  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
        """Requests are counted, not logged: a path may hold whatever a caller wrote."""

    def _discard_body(self) -> None:
        """Read past a body, or the next request on this connection would start inside it."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.close_connection = True
            return
        left = int(length)
        while left and (chunk := self.rfile.read(min(left, _DISCARDED_BYTES))):
            left -= len(chunk)


def _read_spec(name: str, version: str | None, label: str | None) -> pb.ModelSpec:
    spec = pb.ModelSpec(name=name)
    if version is not None:
        if int(version) > _INT64_MAX:
            message = f"Failed to convert version: {version} to numeric."
            raise InvalidArgument(message)
        spec.version.value = int(version)
    if label is not None:
        spec.version_label = unquote(label)
    return spec


def _status_json(response: pb.GetModelStatusResponse) -> str:
    entries = [
        {
            "version": str(entry.version),
            "state": pb.ModelVersionStatus.State.Name(entry.state),
            "status": {"error_code": Code(entry.status.error_code).name, "error_message": entry.status.error_message},
        }
        for entry in response.model_version_status
    ]
    return json.dumps({"model_version_status": entries}, indent=1) + "\n"


def _metadata_json(response: pb.GetModelMetadataResponse) -> str:
    signatures = MessageToDict(
        pb.SignatureDefMap.FromString(response.metadata[SIGNATURE_DEF_FIELD].value),
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )
    spec = response.model_spec
    body = {
        "model_spec": {"name": spec.name, "signature_name": "", "version": str(spec.version.value)},
        "metadata": {SIGNATURE_DEF_FIELD: signatures},
    }
    return json.dumps(body, indent=1) + "\n"


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Client Closed Request"
