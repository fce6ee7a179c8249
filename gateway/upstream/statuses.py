"""The one table from gRPC's statuses to our names, and how the metrics call them."""

from __future__ import annotations

from typing import Final

import grpc

from gateway.errors import (
    ModelVersionMismatch,
    ModelVersionMissing,
    PredictorBusy,
    PredictorError,
    PredictorRejected,
    PredictorTimeout,
    PredictorUnavailable,
)
from serving.wire.errors import CallFailed
from serving.wire.overload import QUEUE_FULL

ERRORS: Final[dict[grpc.StatusCode, type[PredictorError]]] = {
    grpc.StatusCode.UNAVAILABLE: PredictorUnavailable,
    grpc.StatusCode.RESOURCE_EXHAUSTED: PredictorBusy,
    grpc.StatusCode.ABORTED: PredictorUnavailable,
    grpc.StatusCode.CANCELLED: PredictorUnavailable,  # by a server that is going away; we cancel nothing ourselves
    grpc.StatusCode.DEADLINE_EXCEEDED: PredictorTimeout,
    grpc.StatusCode.NOT_FOUND: ModelVersionMissing,
    # We built the request, so whatever else is wrong with it is our bug and never a caller's 4xx.
    grpc.StatusCode.INVALID_ARGUMENT: PredictorRejected,
    grpc.StatusCode.FAILED_PRECONDITION: PredictorRejected,
    grpc.StatusCode.OUT_OF_RANGE: PredictorRejected,
    grpc.StatusCode.UNIMPLEMENTED: PredictorRejected,
    grpc.StatusCode.ALREADY_EXISTS: PredictorRejected,
    grpc.StatusCode.PERMISSION_DENIED: PredictorRejected,
    grpc.StatusCode.UNAUTHENTICATED: PredictorRejected,
    grpc.StatusCode.INTERNAL: PredictorRejected,
    grpc.StatusCode.UNKNOWN: PredictorRejected,
    grpc.StatusCode.DATA_LOSS: PredictorRejected,
}

RESULTS: Final[dict[type[PredictorError], str]] = {
    PredictorUnavailable: "unavailable",
    PredictorBusy: "busy",
    PredictorTimeout: "deadline",
    ModelVersionMissing: "version_missing",
    ModelVersionMismatch: "invalid_answer",
    PredictorRejected: "rejected",
}
"""Names of `monitoring.metrics.MODEL_CALLS`."""


def error_of(failed: CallFailed) -> type[PredictorError]:
    """Our name for a failed call. A full batching queue comes as UNAVAILABLE, from a server that is there all the same."""
    if failed.code is grpc.StatusCode.UNAVAILABLE and failed.details.startswith(QUEUE_FULL):
        return PredictorBusy
    return ERRORS[failed.code]
