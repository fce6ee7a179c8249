"""The one real `Predictor`: TensorFlow Serving's gRPC API, or anything that speaks it. Nothing else here knows gRPC."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import grpc
import numpy as np
from numpy.typing import NDArray

from gateway.deadline import Deadline
from gateway.errors import (
    ModelVersionMismatch,
    ModelVersionMissing,
    PredictorBusy,
    PredictorError,
    PredictorRejected,
    PredictorTimeout,
    PredictorUnavailable,
)
from gateway.greenlets import wait_for
from gateway.pin import PinnedModel
from gateway.predictor import Scores
from serving.wire.client import AVAILABLE, ModelServerClient, Prediction
from serving.wire.errors import AnswerMalformed, CallFailed

T = TypeVar("T")

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
"""The one table from gRPC to our names."""

RESULTS: Final[dict[type[PredictorError], str]] = {
    PredictorUnavailable: "unavailable",
    PredictorBusy: "busy",
    PredictorTimeout: "deadline",
    ModelVersionMissing: "version_missing",
    ModelVersionMismatch: "invalid_answer",
    PredictorRejected: "rejected",
}
"""How the metrics name them."""

RECONNECT_SECONDS: Final = 2.0
"""For a lost connection to come back before the second attempt: as long as the channel's longest reconnect back-off."""
CHECK_THREADS: Final = 2
GRACE_SECONDS: Final = 0.5
"""gRPC itself ends a call at its deadline; only a thread that is not even scheduled is given up after this."""


class ModelServerPredictor:
    """Asks the model server, one call per thread of its own: the greenlet of the request waits, the others go on.

    Args:
        client: Of the model server.
        max_calls: Calls at once; as many as photos are admitted, so that none waits for a thread.
        on_call: Told the result of every attempt, a name of `monitoring.metrics.MODEL_CALLS`.
    """

    def __init__(self, client: ModelServerClient, *, max_calls: int, on_call: Callable[[str], None]) -> None:
        self._client = client
        self._on_call = on_call
        self._threads = ThreadPoolExecutor(max_calls, thread_name_prefix="predict")
        # Probes have threads of their own: they must say how the model server is, not how long our queue is.
        self._check_threads = ThreadPoolExecutor(CHECK_THREADS, thread_name_prefix="check")

    def predict(self, crops: NDArray[np.uint8], model: PinnedModel, deadline: Deadline) -> Scores:
        """Scores of one photo by exactly the pinned version; see `Predictor.predict`."""
        return _run(self._threads, lambda: self._predict(crops, model, deadline), deadline)

    def check(self, model: PinnedModel, deadline: Deadline) -> None:
        """Whether the pinned version is available; see `Predictor.check`."""
        _run(self._check_threads, lambda: self._check(model, deadline), deadline)

    def close(self) -> None:
        """End the threads, after the calls they are in."""
        self._threads.shutdown()
        self._check_threads.shutdown()

    def _predict(self, crops: NDArray[np.uint8], model: PinnedModel, deadline: Deadline) -> Scores:
        try:
            return self._attempt(crops, model, deadline.remaining_seconds)
        except PredictorUnavailable as error:
            # Only where the call cannot have been taken on: any other retry would add to what made it fail.
            if not isinstance(error.__cause__, CallFailed) or error.__cause__.code is not grpc.StatusCode.UNAVAILABLE:
                raise
            if not self._client.wait_until_ready(min(RECONNECT_SECONDS, deadline.remaining_seconds)):
                raise
        # From here on the server is there: whatever takes too long now is slow, not unavailable.
        return self._attempt(crops, model, deadline.remaining_seconds, wait_for_ready=True)

    def _attempt(
        self, crops: NDArray[np.uint8], model: PinnedModel, seconds: float, *, wait_for_ready: bool = False
    ) -> Scores:
        contract = model.contract
        try:
            prediction = self._client.predict(
                model.name,
                model.version,
                {contract.input_tensor: crops},
                seconds,
                signature=contract.signature,
                wait_for_ready=wait_for_ready,
            )
            if prediction.version != model.version:
                message = f"version {prediction.version} answered, version {model.version} was asked"
                raise ModelVersionMismatch(message)
            probabilities = _numbers(prediction, contract.probability_tensor, len(crops))
            scores = Scores(
                p_no_depression=probabilities[0],
                logit=_numbers(prediction, contract.logit_tensor, len(crops))[0],
                version=prediction.version,
                jittered_p=probabilities[1:],
            )
        except CallFailed as error:
            kind = ERRORS[error.code]
            self._on_call(RESULTS[kind])
            raise kind from error
        except AnswerMalformed as error:
            self._on_call("invalid_answer")
            raise PredictorRejected from error
        except ModelVersionMismatch:
            self._on_call("invalid_answer")
            raise
        self._on_call("ok")
        return scores

    def _check(self, model: PinnedModel, deadline: Deadline) -> None:
        try:
            versions = self._client.model_status(model.name, model.version, deadline.remaining_seconds)
        except CallFailed as error:
            raise ERRORS[error.code] from error
        except AnswerMalformed as error:
            raise PredictorRejected from error
        if not any(status.version == model.version and status.state == AVAILABLE for status in versions):
            raise ModelVersionMissing


def _numbers(prediction: Prediction, name: str, count: int) -> tuple[float, ...]:
    """The numbers of an output, one per crop, widened to float64."""
    output = prediction.outputs.get(name)
    if output is None or output.size != count or output.dtype.kind != "f":
        message = f"the answer holds no {count} numbers called {name}"
        raise AnswerMalformed(message)
    return tuple(float(number) for number in output.reshape(-1))


def _run(threads: ThreadPoolExecutor, work: Callable[[], T], deadline: Deadline) -> T:
    future = threads.submit(work)
    try:
        return wait_for(future, deadline.remaining_seconds + GRACE_SECONDS)
    except TimeoutError as error:
        future.cancel()
        raise PredictorTimeout from error
