"""Predict: a request message to a version, and its outputs to a response message."""

from __future__ import annotations

import time
from typing import Final

from serving.server.errors import DeadlineExceeded, Internal, OutputNotCarried
from serving.server.servable import Servable
from serving.wire import predict_pb2 as pb
from serving.wire.client import DEFAULT_SIGNATURE
from serving.wire.errors import TensorUnsupported
from serving.wire.tensors import fill_tensor_proto

_METHOD_NAMES: Final = (
    "tensorflow/serving/predict",
    "tensorflow/serving/classify",
    "tensorflow/serving/regress",
)


def run_predict(
    servable: Servable,
    request: pb.PredictRequest,
    *,
    deadline: float | None,
    as_content: bool,
) -> pb.PredictResponse:
    """Run one request on one version.

    The order of the checks is TensorFlow Serving's, so that a request with several faults gets the same answer.

    Args:
        servable: The version that the request's model_spec leads to.
        request: Signature, inputs and outputs wanted.
        deadline: On `time.monotonic`, after which nobody waits.
        as_content: Answer with `tensor_content` instead of the typed fields.

    Raises:
        StatusError: What the request, batching or the model failed with.
    """
    signature_name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    signature = servable.signature(signature_name)
    if servable.checks_method_names:
        _check_method_name(servable.signature_definitions[signature_name].method_name)
    arrays = signature.read_inputs(request.inputs)
    aliases = signature.choose_outputs(request.output_filter)
    signature.check(arrays)
    if deadline is not None and deadline <= time.monotonic():
        message = "The deadline passed before the request was run."
        raise DeadlineExceeded(message)
    outputs = servable.run(signature_name, arrays, aliases, deadline)
    response = pb.PredictResponse()
    response.model_spec.name = servable.name
    response.model_spec.signature_name = signature_name
    response.model_spec.version.value = servable.version
    for alias, array in zip(aliases, outputs, strict=True):
        try:
            fill_tensor_proto(response.outputs[alias], array, as_content=as_content)
        except TensorUnsupported as error:
            message = f"Output {alias} of the signature: {error}."
            raise OutputNotCarried(message) from error
    return response


def _check_method_name(name: str) -> None:
    if name not in _METHOD_NAMES:
        message = f"Expected prediction signature method_name to be one of {{{', '.join(_METHOD_NAMES)}}}. Was: {name}"
        raise Internal(message)
