"""A second version that sees what the pinned one sees, and whose answers nobody gets: only how far it differs is counted.

It never slows a caller. A crop is handed over after its answer is made, into a bounded queue that drops when it is full; one
thread asks about one crop at a time, without a second attempt, and only while no call for a caller is under way.

Who is mirrored is decided by `mirror`'s caller: an assignment that sticks to a subject belongs there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Full, Queue
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from gateway.deadline import Deadline
from gateway.errors import GatewayError
from gateway.logs import log_event
from gateway.pin import PinnedModel
from gateway.predictor import Scores
from monitoring.metrics import Metrics
from serving.contract.errors import ModelAnswerInvalid
from serving.contract.model import ModelContract
from serving.contract.severity import band_of, severity_ppm
from serving.repository import ModelRepository, RepositoryError

MAX_WAITING: Final = 32
"""Crops that wait: 49 KB each."""
DEADLINE_SECONDS: Final = 5.0
QUIET_WAIT_SECONDS: Final = 1.0
"""For a moment without a caller's call; a crop for which none comes is dropped."""
POLL_SECONDS: Final = 0.005
CONTRACT_RETRY_SECONDS: Final = 10.0
"""Between two looks for a contract that was not there."""


class Asker(Protocol):
    """What a shadow needs of `gateway.upstream.calls.ModelCalls`."""

    def predict(self, crops: NDArray[np.uint8], model: PinnedModel, deadline: Deadline) -> Scores:
        """Scores, or a `PredictorError`."""
        ...


@dataclass(frozen=True, slots=True)
class Mirrored:
    """One crop that a caller was answered for."""

    crop: NDArray[np.uint8]
    scores: Scores
    model: PinnedModel
    traffic: str


class ShadowContract:
    """The shadow version's contract, read from its files once they are there: a version never changes.

    Args:
        repository: Where its files are.
        version: Its number.
        clock: Seconds, monotonic.
    """

    def __init__(self, repository: ModelRepository, version: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._repository = repository
        self._version = version
        self._clock = clock
        self._contract: ModelContract | None = None
        self._looked_seconds: float | None = None

    def current(self) -> ModelContract | None:
        """The contract; None while it cannot be read."""
        now = self._clock()
        is_due = self._looked_seconds is None or now - self._looked_seconds >= CONTRACT_RETRY_SECONDS
        if self._contract is None and is_due:
            self._look(is_first=self._looked_seconds is None)
            self._looked_seconds = now
        return self._contract

    def _look(self, *, is_first: bool) -> None:
        try:
            self._contract = self._repository.contract(self._version)
        except (RepositoryError, OSError) as error:
            if is_first:
                log_event("no contract of the shadow version", {"model_version": self._version}, error=error)


class Shadow:
    """Mirrors crops to one version.

    Args:
        version: Its number.
        contract: Reads its contract.
        calls: To the model server, without a second attempt.
        is_busy: Whether a call for a caller is under way.
        metrics: Told how far it differs, and what it did not see.
    """

    def __init__(
        self,
        version: int,
        contract: ShadowContract,
        calls: Asker,
        is_busy: Callable[[], bool],
        metrics: Metrics,
        *,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._version = version
        self._contract = contract
        self._calls = calls
        self._is_busy = is_busy
        self._metrics = metrics
        self._waiting: Queue[Mirrored | None] = Queue(max_waiting)
        self._thread = threading.Thread(target=self._work, name="shadow", daemon=True)
        self._thread.start()

    def mirror(self, crop: NDArray[np.uint8], scores: Scores, model: PinnedModel, traffic: str) -> None:
        """Hand a crop over, with what its caller was told. Takes microseconds, never waits and never fails.

        Args:
            crop: uint8 RGB, shape (size, size, 3).
            scores: Of the pinned version, checked to be a probability.
            model: The pinned version and the policy.
            traffic: Class of the caller.
        """
        if self._version == model.version:
            return  # it has been promoted meanwhile: there is nothing to compare
        try:
            self._waiting.put_nowait(Mirrored(crop, scores, model, traffic))
        except Full:
            self._metrics.count_shadow_miss("dropped")

    def close(self) -> None:
        """End the thread, after the crops that wait."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (mirrored := self._waiting.get()) is not None:
            missed = self._try_to_compare(mirrored)
            if missed is not None:
                self._metrics.count_shadow_miss(missed)
            self._waiting.task_done()

    def _try_to_compare(self, mirrored: Mirrored) -> str | None:
        """As `_compare`, and never fails: one crop must not end the thread that all the others need."""
        try:
            return self._compare(mirrored)
        except GatewayError:
            return "failed"
        except Exception as error:  # noqa: BLE001 - see above
            log_event("shadow failed", {"model_version": self._version}, level=logging.ERROR, error=error)
            return "failed"

    def _compare(self, mirrored: Mirrored) -> str | None:
        """Ask, and count the difference; or say why not, in a word of `monitoring.metrics.SHADOW_MISSES`."""
        contract = self._contract.current()
        if contract is None:
            return "contract_unknown"
        pinned = mirrored.model
        if contract.crop != pinned.contract.crop:
            return "crop_differs"  # another preparation of photos: its answer to this crop would mean nothing
        if not self._is_quiet_soon():
            return "dropped"
        shadow = PinnedModel(pinned.name, self._version, digest="", contract=contract, policy=pinned.policy)
        scores = self._calls.predict(mirrored.crop[np.newaxis], shadow, Deadline.after(DEADLINE_SECONDS))
        try:
            severity = severity_ppm(scores.p_no_depression)
        except ModelAnswerInvalid:
            return "invalid_answer"  # NaN and the like: never a band
        thresholds = pinned.policy.thresholds
        band = band_of(severity_ppm(mirrored.scores.p_no_depression), thresholds)
        self._metrics.count_shadow_answer(
            agrees=band_of(severity, thresholds) is band,
            band=band.value,
            difference=abs(scores.p_no_depression - mirrored.scores.p_no_depression),
            traffic=mirrored.traffic,
        )
        return None

    def _is_quiet_soon(self) -> bool:
        deadline = Deadline.after(QUIET_WAIT_SECONDS)
        while self._is_busy():
            if deadline.has_passed:
                return False
            time.sleep(POLL_SECONDS)
        return True
