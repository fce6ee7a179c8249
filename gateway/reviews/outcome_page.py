"""The page for the score of a questionnaire: a clinician comes back weeks later, with the number of the receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import flask

from gateway.errors import GatewayError, OutcomeUnknown, ParameterInvalid, ScreeningUnknown
from gateway.problems import Problem, kind_of
from gateway.reviews.bodies import form_fields, receipt_of, require_records
from gateway.reviews.form_views import outcome_view
from gateway.reviews.members import finding_of_form

if TYPE_CHECKING:  # imported only where records are on
    from gateway.records.assembly import Records

TYPED: Final = ("receipt", "instrument", "score", "assessed_on")
"""Fields that are shown again beside what was wrong with them."""
LABELS: Final = {"instrument": "outcome_instrument", "score": "outcome_score", "assessed_on": "outcome_day"}
"""Words on the page for the names of members, in what is said of a mistake."""


def create_outcome_page(records: Records | None, *, body_deadline_seconds: float) -> flask.Blueprint:
    """The routes; they say so where records are off.

    Args:
        records: Where outcomes are kept; None where they are off.
        body_deadline_seconds: For receiving one form.
    """
    blueprint = flask.Blueprint("outcome_page", __name__)

    @blueprint.get("/outcome")
    def show() -> str:
        require_records(records)
        return _render(outcome_view(flask.g.language, {}))

    @blueprint.post("/outcome")
    def report() -> tuple[str, int]:
        kept, language = require_records(records), flask.g.language
        fields = form_fields(flask.request, within_seconds=body_deadline_seconds)
        try:
            reported = kept.reviews.report_outcome(receipt_of(fields), flask.g.caller, finding_of_form(fields))
        except (ParameterInvalid, ScreeningUnknown, OutcomeUnknown) as error:
            typed = {name: fields[name] for name in TYPED if name in fields}
            return _render(outcome_view(language, typed, message=_told(error))), kind_of(type(error)).status
        outcome = reported.outcome
        return _render(outcome_view(language, {"receipt": outcome.receipt_id}, outcome=outcome)), 200

    return blueprint


def _render(form: dict[str, Any]) -> str:
    language = flask.g.language
    return flask.render_template("outcome_form.html", language=language, text=language.page, form=form)


def _told(error: GatewayError) -> str:
    """What was wrong, with the words that the page has for what it names."""
    language = flask.g.language
    name = str(error.figures.get("name", ""))
    if name in LABELS:
        error = type(error)(error.template, figures={**error.figures, "name": language.page[LABELS[name]]})
    return Problem.of(error, "", language).detail
