"""One question to the model server: at most two attempts, the second at another replica, all within the deadline.

Blocking and safe in any thread; who must not block uses `model_server`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from gateway.deadline import Deadline
from gateway.errors import (
    ExplanationMissing,
    ModelVersionMismatch,
    ModelVersionMissing,
    PredictorRejected,
    PredictorUnavailable,
)
from gateway.pin import PinnedModel
from gateway.predictor import Explanation, Scores
from gateway.tracing import outgoing_metadata
from gateway.upstream.connections import Connections
from gateway.upstream.statuses import RESULTS, error_of
from serving.contract.model import (
    ASYMMETRY_TENSOR,
    ATTRIBUTION_CELLS,
    ATTRIBUTION_TENSOR,
    EXPLAIN_SIGNATURE,
    ModelContract,
)
from serving.wire.client import AVAILABLE, ModelServerClient, Prediction
from serving.wire.errors import AnswerMalformed, CallFailed

T = TypeVar("T")

RECONNECT_SECONDS: Final = 2.0
"""For a lost connection to come back before the second attempt: as long as the channel's longest reconnect back-off."""


class ModelCalls:
    """Asks a version, and checks that it was this version that answered, in the shape that was asked for.

    Args:
        connections: To the model server.
        on_call: Told the result of every attempt, a name of `monitoring.metrics.MODEL_CALLS`, and which version was asked.
        retries: Whether there is a second attempt.
    """

    def __init__(self, connections: Connections, on_call: Callable[[str, int], None], *, retries: bool = True) -> None:
        self._connections = connections
        self._on_call = on_call
        self._retries = retries

    def predict(self, crops: NDArray[np.uint8], model: PinnedModel, deadline: Deadline) -> Scores:
        """See `gateway.predictor.Predictor.predict`."""
        return self._ask(
            crops, model, model.contract.signature, lambda answer: _scores(answer, model, len(crops)), deadline
        )

    def explain(self, crop: NDArray[np.uint8], model: PinnedModel, deadline: Deadline) -> Explanation:
        """See `gateway.predictor.Predictor.explain`."""
        regions = model.contract.asymmetry_regions
        if not regions:
            raise ExplanationMissing
        return self._ask(
            crop[np.newaxis], model, EXPLAIN_SIGNATURE, lambda answer: _explanation(answer, regions), deadline
        )

    def check(self, model: PinnedModel, deadline: Deadline) -> None:
        """See `gateway.predictor.Predictor.check`."""
        try:
            with self._connections.lease() as connection:
                versions = connection.client.model_status(model.name, model.version, deadline.remaining_seconds)
        except CallFailed as error:
            raise error_of(error) from error
        except AnswerMalformed as error:
            raise PredictorRejected from error
        if not any(status.version == model.version and status.state == AVAILABLE for status in versions):
            raise ModelVersionMissing

    def _ask(
        self,
        crops: NDArray[np.uint8],
        model: PinnedModel,
        signature: str,
        read: Callable[[Prediction], T],
        deadline: Deadline,
    ) -> T:
        def attempt(client: ModelServerClient, *, wait_for_ready: bool = False) -> T:
            inputs = {model.contract.input_tensor: crops}
            return self._attempt(
                lambda: client.predict(
                    model.name,
                    model.version,
                    inputs,
                    deadline.remaining_seconds,
                    signature=signature,
                    wait_for_ready=wait_for_ready,
                    metadata=outgoing_metadata(),
                ),
                model.version,
                read,
            )

        with self._connections.lease() as connection:
            try:
                return attempt(connection.client)
            # Only what another replica may do better, and what cannot have been taken on: any other second attempt would
            # add to what made the first one fail.
            except ModelVersionMissing:
                if not self._retries or deadline.has_passed:
                    raise
            except PredictorUnavailable as error:
                if not self._retries or not _was_not_taken_on(error):
                    raise
                if not connection.client.wait_until_ready(min(RECONNECT_SECONDS, deadline.remaining_seconds)):
                    raise
            # From here on a server is there: whatever takes too long now is slow, not unavailable.
            return attempt(connection.client, wait_for_ready=True)

    def _attempt(self, ask: Callable[[], Prediction], version: int, read: Callable[[Prediction], T]) -> T:
        try:
            prediction = ask()
            if prediction.version != version:
                message = "version {answered} answered, version {asked} was asked"
                figures = {"answered": str(prediction.version), "asked": str(version)}
                raise ModelVersionMismatch(message, figures=figures)
            answer = read(prediction)
        except CallFailed as error:
            kind = error_of(error)
            self._on_call(RESULTS[kind], version)
            raise kind from error
        except AnswerMalformed as error:
            self._on_call("invalid_answer", version)
            raise PredictorRejected from error
        except ModelVersionMismatch:
            self._on_call("invalid_answer", version)
            raise
        self._on_call("ok", version)
        return answer


def _was_not_taken_on(error: PredictorUnavailable) -> bool:
    """Whether the status was UNAVAILABLE itself, and not another one that we call by the same name."""
    cause = error.__cause__
    return isinstance(cause, CallFailed) and cause.code.name == "UNAVAILABLE"


def _scores(prediction: Prediction, model: PinnedModel, count: int) -> Scores:
    contract: ModelContract = model.contract
    probabilities = _numbers(prediction, contract.probability_tensor, count)
    return Scores(
        p_no_depression=probabilities[0],
        version=prediction.version,
        jittered_p=probabilities[1:],
    )


def _explanation(prediction: Prediction, regions: tuple[str, ...]) -> Explanation:
    shape = (1, ATTRIBUTION_CELLS, ATTRIBUTION_CELLS)
    attribution = prediction.outputs.get(ATTRIBUTION_TENSOR)
    if attribution is None or attribution.shape != shape or attribution.dtype.kind != "f":
        message = f"the answer holds no map of {shape} called {ATTRIBUTION_TENSOR}"
        raise AnswerMalformed(message)
    asymmetry = _numbers(prediction, ASYMMETRY_TENSOR, len(regions))
    if not (np.isfinite(attribution).all() and np.isfinite(asymmetry).all()):
        message = "the explanation holds something that is no finite number"
        raise AnswerMalformed(message)
    return Explanation(np.array(attribution[0], np.float32), dict(zip(regions, asymmetry, strict=True)))


def _numbers(prediction: Prediction, name: str, count: int) -> tuple[float, ...]:
    """The numbers of an output, widened to float64."""
    output = prediction.outputs.get(name)
    if output is None or output.size != count or output.dtype.kind != "f":
        message = f"the answer holds no {count} numbers called {name}"
        raise AnswerMalformed(message)
    return tuple(float(number) for number in output.reshape(-1))
