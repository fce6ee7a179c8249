"""Three questions, three answers: does the process run, can it answer something honest, can the model answer."""

from __future__ import annotations

import time
from collections.abc import Callable

import flask
from gevent.lock import BoundedSemaphore

from gateway.answer_json import model_json
from gateway.caller import PATIENT_TRAFFIC
from gateway.deadline import Deadline
from gateway.errors import ModelNotServable, PredictorError
from gateway.pin import PinnedModel, PinReader
from gateway.predictor import Predictor
from gateway.stop.pause_reader import PauseReader
from gateway.stop.sentinel import Sentinel

CHECK_SECONDS = 2.0
SHARED_SECONDS = 1.0
"""Whoever asks within this time of a check gets its result: probes need no key, and must not be a way to flood the model server."""


class SharedCheck:
    """Asks whether the model can answer: once for all who ask at the same time or shortly afterwards.

    Args:
        predictor: Asked.
        clock: Seconds, monotonic.
    """

    def __init__(self, predictor: Predictor, clock: Callable[[], float] = time.monotonic) -> None:
        self._predictor = predictor
        self._clock = clock
        self._one_at_a_time = BoundedSemaphore(1)
        self._model: PinnedModel | None = None
        self._error: PredictorError | None = None
        self._ended_seconds = 0.0

    def require_answering(self, model: PinnedModel) -> None:
        """Find out whether a version can be asked right now.

        Raises:
            PredictorError: it cannot.
        """
        with self._one_at_a_time:
            if self._model != model or self._clock() - self._ended_seconds >= SHARED_SECONDS:
                self._model, self._error = None, None
                try:
                    self._predictor.check(model, Deadline.after(CHECK_SECONDS))
                except PredictorError as error:
                    self._error = error
                self._model, self._ended_seconds = model, self._clock()
            if self._error is not None:
                raise self._error.with_traceback(None)


def create_health(pins: PinReader, predictor: Predictor, pauses: PauseReader, sentinel: Sentinel) -> flask.Blueprint:
    """The routes that probes call."""
    blueprint = flask.Blueprint("health", __name__)
    check = SharedCheck(predictor)

    @blueprint.get("/healthz")
    def process_runs() -> flask.Response:
        return flask.jsonify(status="alive")

    @blueprint.get("/readyz")
    def can_answer_something_honest() -> flask.Response:
        """Stays 200 when the model is away and while screening is paused.

        Otherwise every gateway would be taken out of service at once, and callers would get the ingress's bare error
        instead of a page and an API that say what is going on.
        """
        try:
            model = f"version {pins.current().version} pinned"
        except ModelNotServable as error:
            model = error.code
        pause = pauses.current()
        return flask.jsonify(status="ready", model=model, paused=pause.reason.value if pause else None)

    @blueprint.get("/readyz/model")
    def can_answer_with_the_pinned_version() -> flask.Response:
        pauses.require_running(PATIENT_TRAFFIC)
        model = pins.current()
        check.require_answering(model)
        return flask.jsonify(status="ready", model=model_json(model), sentinel=sentinel.report.as_json())

    return blueprint
