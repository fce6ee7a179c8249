"""`PUT` and `GET` of `/v1/screenings/{id}/review` and `/outcome`: for programs of hospitals, such as an electronic record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask

from gateway.api import REPLAYED_HEADER
from gateway.errors import RecordsOff
from gateway.options import idempotency_key_of
from gateway.reviews.bodies import json_members
from gateway.reviews.members import FINDING_MEMBERS, OPINION_MEMBERS, finding_of, opinion_of
from gateway.reviews.review_json import outcome_json, review_json

if TYPE_CHECKING:  # imported only where records are on
    from gateway.reviews.desk import ReviewDesk


def create_reviews(desk: ReviewDesk | None, *, body_deadline_seconds: float) -> flask.Blueprint:
    """The routes; they say so where records are off.

    Args:
        desk: Takes what is sent; None where records are off.
        body_deadline_seconds: For receiving one body.
    """
    blueprint = flask.Blueprint("reviews", __name__, url_prefix="/v1/screenings/<screening_id>")

    @blueprint.put("/review")
    def give_review(screening_id: str) -> flask.Response:
        at = _require(desk)
        key = idempotency_key_of(flask.request)
        members = json_members(flask.request, OPINION_MEMBERS, within_seconds=body_deadline_seconds)
        given = at.give_review(screening_id, flask.g.caller, opinion_of(members), key)
        return _answer(review_json(given.review), is_new=given.is_new, key=key)

    @blueprint.put("/outcome")
    def report_outcome(screening_id: str) -> flask.Response:
        at = _require(desk)
        key = idempotency_key_of(flask.request)
        members = json_members(flask.request, FINDING_MEMBERS, within_seconds=body_deadline_seconds)
        reported = at.report_outcome(screening_id, flask.g.caller, finding_of(members), key)
        return _answer(outcome_json(reported.outcome), is_new=reported.is_new, key=key)

    @blueprint.get("/review")
    def read_reviews(screening_id: str) -> flask.Response:
        at = _require(desk)
        return flask.jsonify(reviews=[review_json(each) for each in at.reviews_of(screening_id, flask.g.caller)])

    @blueprint.get("/outcome")
    def read_outcomes(screening_id: str) -> flask.Response:
        at = _require(desk)
        return flask.jsonify(outcomes=[outcome_json(each) for each in at.outcomes_of(screening_id, flask.g.caller)])

    return blueprint


def _require(desk: ReviewDesk | None) -> ReviewDesk:
    if desk is None:
        raise RecordsOff
    return desk


def _answer(body: dict[str, object], *, is_new: bool, key: str | None) -> flask.Response:
    response = flask.jsonify(body)
    if key is not None and not is_new:
        response.headers[REPLAYED_HEADER] = "true"
    return response
