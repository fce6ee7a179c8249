"""`GET /v1/screenings/{id}`: an answer that was given before, where records are on."""

from __future__ import annotations

import flask

from gateway.errors import RecordsOff
from gateway.records.reader import ReceiptReader
from gateway.records.receipt_json import receipt_json


def create_records(reader: ReceiptReader | None) -> flask.Blueprint:
    """The route; it says so where records are off."""
    blueprint = flask.Blueprint("records", __name__, url_prefix="/v1")

    @blueprint.get("/screenings/<screening_id>")
    def read(screening_id: str) -> flask.Response:
        if reader is None:
            raise RecordsOff
        return flask.jsonify(receipt_json(reader.find(screening_id), flask.g.language))

    return blueprint
