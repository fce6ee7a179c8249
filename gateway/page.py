"""The upload page: `GET /` shows it, `POST /` answers it, with or without JavaScript, from the same templates."""

from __future__ import annotations

from typing import Any

import flask
import numpy as np
from numpy.typing import NDArray

from gateway.access.scopes import Scope
from gateway.answer import Answer
from gateway.caller import PATIENT_TRAFFIC
from gateway.crop_picture import crop_picture
from gateway.errors import (
    AccessError,
    ModelNotServable,
    PredictorUnavailable,
    ScreeningPaused,
    SessionExpired,
    SignInNeeded,
)
from gateway.languages import Catalogue
from gateway.page_views import answer_view, model_view, problem_view
from gateway.pin import PinReader
from gateway.predictor import Predictor
from gateway.problems import Problem
from gateway.reviews.forms import ReviewForms
from gateway.screening import Screener
from gateway.settings import MEBIBYTE
from gateway.stop.pause_reader import PauseReader
from serving.contract.errors import FaceError, PhotoError


class Page:
    """Renders the page.

    Args:
        pins: For the version that the page describes.
        pauses: For the reason why no photo is taken.
        predictor: For whether the model is known to be away.
        max_photo_bytes: That the page states and its script checks.
        site_prevalence_percent: Of the people photographed here who are depressed, where the site says it.
        forms: For whether a view comes before the score.
    """

    def __init__(
        self,
        pins: PinReader,
        pauses: PauseReader,
        predictor: Predictor,
        *,
        max_photo_bytes: int,
        site_prevalence_percent: float | None,
        forms: ReviewForms,
    ) -> None:
        self._forms = forms
        self._pins = pins
        self._pauses = pauses
        self._predictor = predictor
        self._max_photo_bytes = max_photo_bytes
        self._site_prevalence_percent = site_prevalence_percent

    def render(
        self,
        language: Catalogue,
        *,
        answer: Answer | None = None,
        picture: str | None = None,
        review: dict[str, Any] | None = None,
        commit: dict[str, Any] | None = None,
        problem: Problem | None = None,
        heading: str = "",
    ) -> str:
        """The page as HTML: empty, with an answer, or with a problem told politely.

        Args:
            language: To say it in.
            answer: To show.
            picture: Of the crop that the answer rests on, as a `data:` address; None where it is not at hand, because it is kept
                nowhere.
            review: The form under the answer, of `gateway.reviews.forms`.
            commit: The form in place of an answer that waits for a view, likewise.
            problem: To tell.
            heading: Above the problem.
        """
        model, unavailable = None, None
        try:
            self._pauses.require_running(PATIENT_TRAFFIC)
            # Whoever may not read of the model is shown neither it nor a form that would be refused.
            if Scope.READ_MODELS in flask.g.caller.scopes:
                model = model_view(self._pins.current(), language)
                # What comes before the score is no explanation of it, and afterwards none is kept.
                model["explains"] = model["explains"] and not self._forms.ask_view_first(flask.g.caller)
                # The form stays: the model may be back before a photo is chosen.
                self._predictor.require_reachable()
        except (ModelNotServable, PredictorUnavailable, ScreeningPaused) as error:
            unavailable = Problem.of(error, "", language)
        return flask.render_template(
            "page.html",
            language=language,
            text=language.page,
            model=model,
            unavailable=unavailable,
            answer=answer_view(answer, language, self._site_prevalence_percent) if answer else None,
            crop=picture,
            review=review,
            commit=commit,
            problem=problem_view(problem, heading) if problem else None,
            max_photo_bytes=self._max_photo_bytes,
            megabytes=self._max_photo_bytes // MEBIBYTE,
        )

    def render_problem(self, problem: Problem, error: Exception, language: Catalogue) -> str:
        """The page with a problem: a photo that gets no score reads differently from a fault of ours."""
        heading = "fault"
        if isinstance(error, PhotoError):
            heading = "refusal" if isinstance(error, FaceError) else "unusable"
        elif isinstance(error, (SignInNeeded, SessionExpired)):
            heading = "sign_in_first"
        elif isinstance(error, AccessError):
            heading = "not_allowed"
        return self.render(language, problem=problem, heading=language.page[heading])


def create_page(page: Page, screener: Screener, forms: ReviewForms) -> flask.Blueprint:
    """The routes of the page."""
    blueprint = flask.Blueprint("page", __name__)

    @blueprint.get("/")
    def show() -> str:
        return page.render(flask.g.language)

    @blueprint.post("/")
    def answer() -> str:
        crops: list[NDArray[np.uint8]] = []
        language, caller = flask.g.language, flask.g.caller
        answer = screener.screen(
            flask.request,
            flask.g.answer_id,
            caller,
            see_crop=crops.append,
            after_view=forms.ask_view_first(caller),
        )
        picture = crop_picture(crops[0]) if crops else None
        if answer.after_view:
            return page.render(language, commit=forms.before(answer, language, picture=picture))
        review = forms.under(answer, language, caller, picture=picture)
        return page.render(language, answer=answer, picture=picture, review=review)

    return blueprint
