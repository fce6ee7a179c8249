"""The one real `Predictor`: TensorFlow Serving's gRPC API, or anything that speaks it."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from gateway.deadline import Deadline
from gateway.errors import PredictorTimeout
from gateway.greenlets import wait_for
from gateway.pin import PinnedModel
from gateway.predictor import Explanation, Scores
from gateway.upstream.calls import ModelCalls
from gateway.upstream.circuit import Circuit

T = TypeVar("T")

CHECK_THREADS: Final = 2
GRACE_SECONDS: Final = 0.5
"""gRPC itself ends a call at its deadline; only a thread that is not even scheduled is given up after this."""


class ModelServerPredictor:
    """Asks the model server, one call per thread of its own: the greenlet of the request waits, the others go on.

    Args:
        calls: To the model server.
        circuit: Refuses calls while the model server is away.
        max_calls: Calls at once; as many as photos are admitted, so that none waits for a thread.
    """

    def __init__(self, calls: ModelCalls, circuit: Circuit, *, max_calls: int) -> None:
        self._calls = calls
        self._circuit = circuit
        self._calls_in_flight = 0
        self._threads = ThreadPoolExecutor(max_calls, thread_name_prefix="predict")
        # Probes have threads of their own: they must say how the model server is, not how long our queue is.
        self._check_threads = ThreadPoolExecutor(CHECK_THREADS, thread_name_prefix="check")

    @property
    def is_busy(self) -> bool:
        """Whether a call for a caller is under way."""
        return self._calls_in_flight > 0

    def require_reachable(self) -> None:
        """Refuse at once while the model server is known to be away; see `Predictor.require_reachable`."""
        self._circuit.require_passable()

    def predict(self, crops: NDArray[np.uint8], model: PinnedModel, deadline: Deadline) -> Scores:
        """Scores of one photo by exactly the pinned version; see `Predictor.predict`."""
        return self._call(lambda: self._calls.predict(crops, model, deadline), deadline)

    def explain(self, crop: NDArray[np.uint8], model: PinnedModel, deadline: Deadline) -> Explanation:
        """Where the photo pushed the severity; see `Predictor.explain`."""
        return self._call(lambda: self._calls.explain(crop, model, deadline), deadline)

    def check(self, model: PinnedModel, deadline: Deadline) -> None:
        """Whether the pinned version is available; see `Predictor.check`. Asks whatever the circuit thinks."""
        _run(self._check_threads, lambda: self._calls.check(model, deadline), deadline)

    def close(self) -> None:
        """End the threads, after the calls they are in."""
        self._threads.shutdown()
        self._check_threads.shutdown()

    def _call(self, work: Callable[[], T], deadline: Deadline) -> T:
        with self._circuit.call(deadline.remaining_seconds):
            self._calls_in_flight += 1
            try:
                return _run(self._threads, work, deadline)
            finally:
                self._calls_in_flight -= 1


def _run(threads: ThreadPoolExecutor, work: Callable[[], T], deadline: Deadline) -> T:
    # The thread sees what the greenlet does of the request's context: the trace that the call belongs to.
    future = threads.submit(contextvars.copy_context().run, work)
    try:
        return wait_for(future, deadline.remaining_seconds + GRACE_SECONDS)
    except TimeoutError as error:
        future.cancel()
        raise PredictorTimeout from error
