"""Three questions, three answers: does the process run, can it answer something honest, can the model answer."""

from __future__ import annotations

import flask

from gateway.answer_json import model_json
from gateway.caller import PATIENT_TRAFFIC
from gateway.deadline import Deadline
from gateway.errors import ModelNotServable
from gateway.pin import PinReader
from gateway.predictor import Predictor
from gateway.stop.pause_reader import PauseReader
from gateway.stop.sentinel import Sentinel

CHECK_SECONDS = 2.0


def create_health(pins: PinReader, predictor: Predictor, pauses: PauseReader, sentinel: Sentinel) -> flask.Blueprint:
    """The routes that probes call."""
    blueprint = flask.Blueprint("health", __name__)

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
        predictor.check(model, Deadline.after(CHECK_SECONDS))
        return flask.jsonify(status="ready", model=model_json(model), sentinel=sentinel.report.as_json())

    return blueprint
