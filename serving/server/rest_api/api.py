"""What REST requests are answered, without the sockets (tensorflow_serving/model_servers/http_rest_api_handler.cc).

Predict runs through the same function as over gRPC, batching included. Classify and Regress are left out by name.
"""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING, Final

from serving.server.errors import (
    Code,
    DeadlineExceeded,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    OutputNotCarried,
    StatusError,
    Unimplemented,
)
from serving.server.logs import log
from serving.server.metrics import CONTENT_TYPE, ServerMetrics
from serving.server.predict import run_predict
from serving.server.rest_api.descriptions import metadata_json, status_json
from serving.server.rest_api.memory_budget import MemoryBudget, TooLarge, parsed_bytes
from serving.server.rest_api.messages import HTML, JSON, Answer, Request, html_error
from serving.server.rest_api.paths import INFERENCES, METADATA, Route, is_api_path, path_of, read_route
from serving.server.rest_api.predict_answer import write_error, write_predictions
from serving.server.rest_api.predict_request import PredictBody
from serving.server.rest_api.tensor_reading import dtype_text
from serving.server.servable import Servable
from serving.wire import predict_pb2 as pb
from serving.wire.client import DEFAULT_SIGNATURE, SIGNATURE_DEF_FIELD
from serving.wire.errors import TensorUnsupported
from serving.wire.tensors import numpy_dtype

if TYPE_CHECKING:
    from collections.abc import Mapping

    from serving.server.rest_api.memory_budget import Reservation
    from serving.server.services import Services

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
TIMED_OUT: Final = "Timed out waiting for notification"
_TOO_LARGE: Final = 413
_CORS_HEADERS: Final = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "POST, GET"),
    ("Access-Control-Allow-Headers", "Content-Type"),
)
_GZIP: Final = 16 + zlib.MAX_WBITS
_UNZIPPED_STEP_BYTES: Final = 1024 * 1024


class RestApi:
    """From requests to answers.

    Args:
        services: What answers.
        metrics: Where requests are counted, and what Prometheus scrapes.
        metrics_path: Where Prometheus scrapes; None where monitoring is off.
        timeout_seconds: How long an inference may take, from the moment its request is complete; None for ever.
        allows_other_origins: Whether answers tell browsers that any site may ask (CORS).
        budget: Memory that requests share.
    """

    def __init__(
        self,
        services: Services,
        metrics: ServerMetrics,
        metrics_path: str | None,
        *,
        timeout_seconds: float | None = None,
        allows_other_origins: bool = False,
        budget: MemoryBudget | None = None,
    ) -> None:
        self._services = services
        self._metrics = metrics
        self._metrics_path = metrics_path
        self._timeout_seconds = timeout_seconds
        self._cors_headers = _CORS_HEADERS if allows_other_origins else ()
        self.budget = budget or MemoryBudget()

    def answer_at_once(self, request: Request) -> Answer | None:
        """The answer where no model is needed, so that a scrape never waits behind inferences; None otherwise."""
        path = path_of(request.target)
        if path is None:
            return html_error(400)
        if path == self._metrics_path:
            return Answer(200, CONTENT_TYPE, self._metrics.exposition().encode())
        if not is_api_path(path):
            return html_error(404)
        if request.method == "OPTIONS":
            return self._answer_options(request.headers)
        return None

    def deadline(self, request: Request) -> float | None:
        """When an inference must be answered, on `time.monotonic`; None where there is no limit."""
        if request.method != "POST" or self._timeout_seconds is None:
            return None
        return time.monotonic() + self._timeout_seconds

    def answer(self, request: Request, deadline: float | None) -> Answer:
        """Answer a request to the API, whatever it holds.

        Args:
            request: For which `answer_at_once` had no answer.
            deadline: As from `deadline`.
        """
        started = time.monotonic()
        path = path_of(request.target) or ""
        counted_name = ""
        try:
            route = read_route(request.method, path)
            counted_name = self._services.counted_name(route.spec)
            body = self._run(route, request, deadline)
            if deadline is not None and deadline <= time.monotonic():
                raise DeadlineExceeded(TIMED_OUT)
        except StatusError as error:
            return self.refuse(error, counted_name)
        except Exception as error:  # noqa: BLE001 - a fault of ours must be counted and answered too
            log("REST call failed", error=type(error).__name__)
            return self.refuse(Internal("The server failed on this request."), counted_name)
        self._count(counted_name, Code.OK)
        api = route.action if route.action in INFERENCES else ""
        self._metrics.request_latency.observe((time.monotonic() - started) * 1e6, counted_name, api, "REST")
        return Answer(200, JSON, body, self._cors_headers)

    def refuse(self, error: StatusError, counted_name: str = "") -> Answer:
        """The answer that an error is; counted."""
        self._count(counted_name, error.code)
        status = _TOO_LARGE if isinstance(error, TooLarge) else HTTP_STATUS[error.code]
        return Answer(status, JSON, write_error(error.message), self._cors_headers)

    def time_out(self) -> Answer:
        """The answer to an inference that still runs; it is counted when it ends."""
        return Answer(HTTP_STATUS[Code.DEADLINE_EXCEEDED], JSON, write_error(TIMED_OUT), self._cors_headers)

    def _count(self, model_name: str, code: Code) -> None:
        self._metrics.request_count.increment(model_name, code.name)

    def _answer_options(self, headers: Mapping[str, str]) -> Answer:
        origin = headers.get("origin", "")
        code = Code.OK if "http://" in origin or "https://" in origin else FailedPrecondition.code
        self._count("", code)
        return Answer(HTTP_STATUS[code], HTML, b"", self._cors_headers)

    def _run(self, route: Route, request: Request, deadline: float | None) -> bytes:
        if route.action == "predict":
            body = request.body
            if "gzip" in request.headers.get("content-encoding", ""):
                body = _unzip(body, request.reservation)
            request.reservation.add(parsed_bytes(body))
            return self._predict(route.spec, body, deadline)
        if route.action in INFERENCES:
            message = f"{route.action.capitalize()} is not implemented by this server."
            raise Unimplemented(message)
        if not route.spec.name:
            message = "Missing model name in request."
            raise InvalidArgument(message)
        if route.action == METADATA:
            metadata_request = pb.GetModelMetadataRequest(model_spec=route.spec, metadata_field=[SIGNATURE_DEF_FIELD])
            return metadata_json(self._services.model_metadata(metadata_request))
        # A label is accepted and ignored, as theirs is.
        return status_json(self._services.model_status(pb.GetModelStatusRequest(model_spec=route.spec)))

    def _predict(self, spec: pb.ModelSpec, body: bytes, deadline: float | None) -> bytes:
        parsed = PredictBody(body)
        request = pb.PredictRequest(model_spec=spec)
        with self._services.use(spec) as servable:
            chosen = parsed.fill(request, servable.signature_definitions)
            try:
                response = run_predict(servable, request, deadline=deadline, as_content=True)
            except OutputNotCarried as error:
                raise _unwritable(servable, request.model_spec.signature_name) from error
        return write_predictions(response.outputs, chosen)


def _unwritable(servable: Servable, signature_name: str) -> InvalidArgument:
    outputs = servable.signature_definitions[signature_name or DEFAULT_SIGNATURE].outputs
    dtype = next((info.dtype for _, info in sorted(outputs.items()) if not _is_carried(info.dtype)), pb.DT_INVALID)
    return InvalidArgument(f"Failed to write JSON value for tensor type: {dtype_text(dtype)}")


def _is_carried(dtype: int) -> bool:
    try:
        numpy_dtype(dtype)
    except TensorUnsupported:
        return False
    return True


def _unzip(body: bytes, reservation: Reservation) -> bytes:
    """A body without its compression; empty where it is damaged, as theirs, which is then refused as an empty document.

    Raises:
        ResourceExhausted: It grows beyond the memory for requests.
    """
    inflater = zlib.decompressobj(_GZIP)
    parts = []
    try:
        while body and not inflater.eof:
            part = inflater.decompress(body, _UNZIPPED_STEP_BYTES)
            reservation.add(len(part))
            parts.append(part)
            body = inflater.unconsumed_tail
    except zlib.error:
        return b""
    return b"".join(parts) if inflater.eof else b""
