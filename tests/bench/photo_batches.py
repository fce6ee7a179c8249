"""The candidate of `upstream_shapes`: one Predict carries the photos that wait together. Not part of the gateway.

Greedy, without a timer: when a slot frees, it takes what is queued, up to so many rows. Each photo keeps its own deadline; a call
that fails is asked again photo by photo, so that one bad row costs no other its answer.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from gateway.deadline import Deadline
from gateway.errors import PredictorError, PredictorTimeout
from gateway.greenlets import wait_for
from gateway.pin import PinnedModel
from gateway.predictor import Scores
from gateway.upstream.calls import ModelCalls


@dataclass(slots=True)
class Waiting:
    """One photo that waits."""

    crops: NDArray[np.uint8]
    deadline: Deadline
    scores: Future[Scores] = field(default_factory=Future)


class BatchingPredictor:
    """`predict` of a `gateway.predictor.Predictor`.

    Args:
        calls: To the model server.
        slots: Calls at once.
        max_rows: Of one call.
    """

    def __init__(self, calls: ModelCalls, slots: int, max_rows: int) -> None:
        self._calls = calls
        self._max_rows = max_rows
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="predict")
        self._queue: deque[Waiting] = deque()
        self._lock = Lock()
        self._free_slots = slots
        self.calls = 0
        self.rows = 0

    def predict(self, crops: NDArray[np.uint8], model: PinnedModel, deadline: Deadline) -> Scores:
        waiting = Waiting(crops, deadline)
        with self._lock:
            self._queue.append(waiting)
            starts = self._free_slots > 0
            if starts:
                self._free_slots -= 1
        if starts:
            self._threads.submit(self._work, model)
        try:
            return wait_for(waiting.scores, deadline.remaining_seconds)
        except TimeoutError as error:
            raise PredictorTimeout from error

    def close(self) -> None:
        self._threads.shutdown()

    def _work(self, model: PinnedModel) -> None:
        while together := self._take():
            self._ask(together, model)

    def _take(self) -> list[Waiting]:
        """What waits, oldest first, without what nobody waits for any more; the slot is free where there is nothing."""
        together: list[Waiting] = []
        rows = 0
        with self._lock:
            while self._queue and rows + len(self._queue[0].crops) <= self._max_rows:
                waiting = self._queue.popleft()
                if not waiting.deadline.has_passed:
                    together.append(waiting)
                    rows += len(waiting.crops)
            if not together:
                self._free_slots += 1
        return together

    def _ask(self, together: list[Waiting], model: PinnedModel) -> None:
        crops = together[0].crops if len(together) == 1 else np.concatenate([each.crops for each in together])
        deadline = min((each.deadline for each in together), key=lambda each: each.at_seconds)
        self.calls += 1
        self.rows += len(crops)
        try:
            scores = self._calls.predict(crops, model, deadline)
        except PredictorError as error:
            if len(together) == 1:
                together[0].scores.set_exception(error)
                return
            for each in together:
                self._ask([each], model)
            return
        probabilities = (scores.p_no_depression, *scores.jittered_p)
        start = 0
        for each in together:
            own = probabilities[start : start + len(each.crops)]
            start += len(each.crops)
            each.scores.set_result(Scores(own[0], 0.0, scores.version, own[1:]))
