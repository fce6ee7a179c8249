"""The API that hospital systems call: `POST /v1/screenings` and `GET /v1/models`."""

from __future__ import annotations

from typing import Final

import flask

from gateway.answer_json import answer_json, model_details_json
from gateway.pin import PinReader
from gateway.screening import Screener
from gateway.stop.pause_reader import PauseReader

REPLAYED_HEADER: Final = "Idempotency-Replayed"
"""On the answer to a repeated request."""


def create_api(screener: Screener, pins: PinReader, pauses: PauseReader) -> flask.Blueprint:
    """The routes under `/v1`."""
    blueprint = flask.Blueprint("api", __name__, url_prefix="/v1")

    @blueprint.post("/screenings")
    def screen() -> flask.Response:
        answer = screener.screen(flask.request, flask.g.answer_id, flask.g.caller)
        response = flask.jsonify(answer_json(answer, flask.g.language))
        if answer.id != flask.g.answer_id:
            response.headers[REPLAYED_HEADER] = "true"
        return response

    @blueprint.get("/models")
    def models() -> flask.Response:
        pause = pauses.current()
        described = [model_details_json(pins.current(), flask.g.language)]
        return flask.jsonify(models=described, paused=pause.as_json() if pause else None)

    return blueprint
