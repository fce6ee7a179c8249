"""`GET /v1/screenings/{id}`: an answer that was given before, where records are on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask

from gateway.errors import RecordsOff

if TYPE_CHECKING:  # imported only where records are on
    from gateway.records.assembly import Records


def create_records(records: Records | None) -> flask.Blueprint:
    """The route; it says so where records are off."""
    blueprint = flask.Blueprint("records", __name__, url_prefix="/v1")

    @blueprint.get("/screenings/<screening_id>")
    def read(screening_id: str) -> flask.Response:
        if records is None:
            raise RecordsOff
        from gateway.records.receipt_json import receipt_json  # noqa: PLC0415 - only where records are on

        records.reviews.require_view_given(screening_id, flask.g.caller)
        return flask.jsonify(receipt_json(records.reader.find(screening_id, flask.g.caller.name), flask.g.language))

    return blueprint
