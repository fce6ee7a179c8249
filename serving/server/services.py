"""The methods that this server answers, as functions from message to message; gRPC and REST stand on them.

tensorflow_serving/servables/tensorflow/{predict_impl,get_model_metadata_impl}.cc, model_servers/get_model_status_impl.cc.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from serving.server.errors import InvalidArgument, StatusError
from serving.server.metrics import StrangeNames
from serving.server.predict import run_predict
from serving.wire import predict_pb2 as pb
from serving.wire.client import SIGNATURE_DEF_FIELD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serving.server.metrics import ServerMetrics
    from serving.server.registry import ModelRegistry
    from serving.server.servable import Servable

SIGNATURE_MAP_TYPE = "type.googleapis.com/tensorflow.serving.SignatureDefMap"


class Services:
    """Predict, GetModelStatus and GetModelMetadata.

    Args:
        registry: Where versions are found.
        metrics: Where requests are counted.
        as_content: Whether Predict answers with `tensor_content` instead of the typed fields.
    """

    def __init__(self, registry: ModelRegistry, metrics: ServerMetrics, *, as_content: bool) -> None:
        self._registry = registry
        self._metrics = metrics
        self._as_content = as_content
        self._strange_names = StrangeNames()

    def predict(self, request: pb.PredictRequest, deadline: float | None) -> pb.PredictResponse:
        """Run a signature of a version; counted in request_count and, where it succeeds, in request_latency.

        Raises:
            StatusError: With the code and message of TensorFlow Serving.
        """
        started = time.monotonic()
        name = self.counted_name(request.model_spec)
        try:
            _check_presence(request)
            _check_name(request)
            with self._registry.use(request.model_spec.name, *_choice(request.model_spec)) as servable:
                response = run_predict(servable, request, deadline=deadline, as_content=self._as_content)
        except StatusError as error:
            self._metrics.request_count.increment(name, error.code.name)
            raise
        self._metrics.request_count.increment(name, "OK")
        self._metrics.request_latency.observe((time.monotonic() - started) * 1e6, name, "Predict", "GRPC")
        return response

    @contextmanager
    def use(self, spec: pb.ModelSpec) -> Iterator[Servable]:
        """The version that a named model's spec leads to, for callers that count by themselves.

        Raises:
            InvalidArgument: The model has no such label.
            NotFound: No such model, or no such version that is available.
        """
        with self._registry.use(spec.name, *_choice(spec)) as servable:
            yield servable

    def counted_name(self, spec: pb.ModelSpec) -> str:
        """The name under which a request is counted: its own, unless callers made up too many."""
        return spec.name if self._registry.knows(spec.name) else self._strange_names.label(spec.name)

    def model_status(self, request: pb.GetModelStatusRequest) -> pb.GetModelStatusResponse:
        """State of the versions of a model; a label in the request is ignored, as theirs ignores it.

        Raises:
            InvalidArgument: No model_spec.
            NotFound: A model or version that this process never saw.
        """
        _check_presence(request)
        version, _ = _choice(request.model_spec)
        response = pb.GetModelStatusResponse()
        for status in self._registry.statuses(request.model_spec.name, version):
            entry = response.model_version_status.add(version=status.version, state=status.state)
            entry.status.SetInParent()
            if status.error is not None:
                entry.status.error_code = status.error.code
                entry.status.error_message = status.error.message
        return response

    def model_metadata(self, request: pb.GetModelMetadataRequest) -> pb.GetModelMetadataResponse:
        """The signatures of a version.

        Raises:
            InvalidArgument: No model_spec, no metadata_field, or one other than `signature_def`.
            NotFound: No such version that is available.
        """
        _check_presence(request)
        if not request.metadata_field:
            message = "GetModelMetadataRequest must specify at least one metadata_field"
            raise InvalidArgument(message)
        for field in request.metadata_field:
            if field != SIGNATURE_DEF_FIELD:
                message = f"Metadata field {field} is not supported"
                raise InvalidArgument(message)
        _check_name(request)
        with self._registry.use(request.model_spec.name, *_choice(request.model_spec)) as servable:
            response = pb.GetModelMetadataResponse()
            response.model_spec.name = servable.name
            response.model_spec.version.value = servable.version
            signatures = pb.SignatureDefMap(signature_def=servable.signature_definitions)
        for signature in signatures.signature_def.values():
            # Values for inputs that a request leaves out are the server's own business since 2.19.
            signature.ClearField("defaults")
        entry = response.metadata[SIGNATURE_DEF_FIELD]
        entry.type_url = SIGNATURE_MAP_TYPE
        entry.value = signatures.SerializeToString()
        return response


def _check_presence(request: pb.PredictRequest | pb.GetModelStatusRequest | pb.GetModelMetadataRequest) -> None:
    if not request.HasField("model_spec"):
        message = "Missing ModelSpec"
        raise InvalidArgument(message)


def _check_name(request: pb.PredictRequest | pb.GetModelMetadataRequest) -> None:
    if not request.model_spec.name:
        message = "ModelSpec has no name specified."
        raise InvalidArgument(message)


def _choice(spec: pb.ModelSpec) -> tuple[int | None, str | None]:
    """Version and label of a request; at most one is set."""
    match spec.WhichOneof("version_choice"):
        case "version":
            return spec.version.value, None
        case "version_label":
            return None, spec.version_label
        case _:
            return None, None
