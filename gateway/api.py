"""The API that hospital systems call: `POST /v1/screenings` and `GET /v1/models`."""

from __future__ import annotations

import flask

from gateway.answer import model_json
from gateway.pin import PinReader
from gateway.screening import Screener


def create_api(screener: Screener, pins: PinReader) -> flask.Blueprint:
    """The routes under `/v1`."""
    blueprint = flask.Blueprint("api", __name__, url_prefix="/v1")

    @blueprint.post("/screenings")
    def screen() -> flask.Response:
        answer = screener.screen(flask.request, flask.g.request_id, flask.g.caller)
        return flask.jsonify(answer.as_json())

    @blueprint.get("/models")
    def models() -> flask.Response:
        model = pins.current()
        contract = model.contract
        return flask.jsonify(
            models=[
                {
                    **model_json(model),
                    "architecture": contract.architecture,
                    "training_data": contract.training_data,
                    "created": contract.created,
                    "preprocessing_version": contract.crop.preprocessing_version,
                }
            ]
        )

    return blueprint
