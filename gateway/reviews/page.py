"""The forms under an answer, and in place of one: plain HTML, which works without JavaScript. The answer that is judged stays in view."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import flask

from gateway.access.scopes import Scope
from gateway.errors import ParameterInvalid, ViewGivenAlready
from gateway.page import Page
from gateway.problems import kind_of
from gateway.records.answer_again import answer_again
from gateway.reviews.bodies import form_fields, receipt_of, require_records
from gateway.reviews.form_views import CHOICES
from gateway.reviews.forms import ReviewForms
from gateway.reviews.members import opinion_of

if TYPE_CHECKING:  # imported only where records are on
    from gateway.records.assembly import Records


def create_review_page(
    page: Page, forms: ReviewForms, records: Records | None, *, body_deadline_seconds: float
) -> flask.Blueprint:
    """The routes; they say so where records are off.

    Args:
        page: Shows the answer again.
        forms: Makes the form under it.
        records: Where both are kept; None where they are off.
        body_deadline_seconds: For receiving one form.
    """
    blueprint = flask.Blueprint("review_page", __name__)

    @blueprint.post("/review")
    def review() -> tuple[str, int]:
        kept = require_records(records)
        fields = form_fields(flask.request, within_seconds=body_deadline_seconds)
        flask.g.caller.require(Scope.READ_RECORDS)  # the answer is shown again
        opinion = CHOICES.get(fields.get("verdict", ""))
        try:
            if opinion is None:
                raise ParameterInvalid
            kept.reviews.give_review(receipt_of(fields), flask.g.caller, opinion)
        except ParameterInvalid as error:
            message = flask.g.language.page["review_choose"]
            return show_again(kept, fields, message=message), kind_of(type(error)).status
        return show_again(kept, fields), 200

    @blueprint.post("/commit")
    def commit() -> str:
        kept = require_records(records)
        fields = form_fields(flask.request, within_seconds=body_deadline_seconds)
        flask.g.caller.require(Scope.READ_RECORDS)
        view = opinion_of({"committed_band": fields.get("committed_band")})
        # Sent twice, or from an old page: the view that came first counts, and is shown with the answer.
        with contextlib.suppress(ViewGivenAlready):
            kept.reviews.give_review(receipt_of(fields), flask.g.caller, view)
        return show_again(kept, fields)

    def show_again(kept: Records, fields: Mapping[str, str], *, message: str | None = None) -> str:
        """The answer with its own crop, which came with the form, and under it the form with what is said now."""
        receipt_id, caller, language = receipt_of(fields), flask.g.caller, flask.g.language
        kept.reviews.require_view_given(receipt_id, caller)
        answer = answer_again(kept.reader.find(receipt_id, caller.name))
        review = forms.under(
            answer,
            language,
            caller,
            picture=forms.picture_of(answer.id, fields.get("crop", ""), fields.get("crop_seal", "")),
            review=kept.reviews.review_of(receipt_id, caller),
            message=message,
            map_gone=fields.get("explained") == "yes",
        )
        assert review is not None  # noqa: S101 - the route needs the scope
        return page.render(language, answer=answer, picture=review["picture"], review=review)

    return blueprint
