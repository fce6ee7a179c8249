"""The upload page: `GET /` shows it, `POST /` answers it, with or without JavaScript, from the same templates."""

from __future__ import annotations

from typing import Any

import flask

from gateway.answer import PPM_PER_PERCENT, Answer, whole_percent
from gateway.errors import ModelNotServable
from gateway.pin import PinnedModel, PinReader
from gateway.problems import Problem
from gateway.screening import Screener
from gateway.settings import MEBIBYTE
from gateway.texts import (
    BAND_MEANINGS,
    BAND_WORDS,
    DEMO_NOTICE,
    DEMO_PAGE_NOTICE,
    EVIDENCE_WORDS,
    KNOWS_NOTHING_NOTICE,
    PAGE,
    PAPER_WORDS,
    QUALITY_WORDS,
)
from serving.contract.errors import FaceError, PhotoError
from serving.contract.model import Evidence
from serving.contract.severity import PARTS_PER_MILLION, Band

SCALE_GAP_PERCENT = 0.4
MARKER_MARGIN_PERCENT = 1.5


class Page:
    """Renders the page.

    Args:
        pins: For the version that the page describes.
        max_photo_bytes: That the page states and its script checks.
    """

    def __init__(self, pins: PinReader, *, max_photo_bytes: int) -> None:
        self._pins = pins
        self._max_photo_bytes = max_photo_bytes

    def render(self, *, answer: Answer | None = None, problem: Problem | None = None, heading: str = "") -> str:
        """The page as HTML: empty, with an answer, or with a problem told politely."""
        model, unavailable = None, None
        try:
            model = _model_view(self._pins.current())
        except ModelNotServable as error:
            unavailable = {"detail": str(error), "advice": error.advice}
        return flask.render_template(
            "page.html",
            text=PAGE,
            model=model,
            unavailable=unavailable,
            answer=_answer_view(answer) if answer else None,
            problem=_problem_view(problem, heading) if problem else None,
            max_photo_bytes=self._max_photo_bytes,
            megabytes=self._max_photo_bytes // MEBIBYTE,
        )

    def render_problem(self, problem: Problem, error: Exception) -> str:
        """The page with a problem: a photo that gets no score reads differently from a fault of ours."""
        if isinstance(error, PhotoError):
            return self.render(problem=problem, heading=PAGE["refusal" if isinstance(error, FaceError) else "unusable"])
        return self.render(problem=problem, heading=PAGE["fault"])


def create_page(page: Page, screener: Screener) -> flask.Blueprint:
    """The routes of the page."""
    blueprint = flask.Blueprint("page", __name__)

    @blueprint.get("/")
    def show() -> str:
        return page.render()

    @blueprint.post("/")
    def answer() -> str:
        return page.render(answer=screener.screen(flask.request, flask.g.request_id, flask.g.caller))

    return blueprint


def _model_view(model: PinnedModel) -> dict[str, Any]:
    contract = model.contract
    demo = [DEMO_PAGE_NOTICE] if contract.evidence is Evidence.DEMO else []
    return {
        "line": PAGE["model_line"].format(name=model.name, version=model.version),
        "evidence": EVIDENCE_WORDS[contract.evidence],
        "warnings": [*demo, *_ignorance(model)],
        "limits": contract.limits,
        "holdout": _holdout_view(model),
    }


def _answer_view(answer: Answer) -> dict[str, Any]:
    contract = answer.model.contract
    demo = [DEMO_NOTICE] if contract.evidence is Evidence.DEMO else []
    percent = whole_percent(answer.severity_ppm, answer.model.policy.thresholds)
    return {
        "id": answer.id,
        "warnings": [*demo, *_ignorance(answer.model)],
        "band": answer.band.value,
        "band_words": BAND_WORDS[answer.band],
        "paper_name": PAPER_WORDS[answer.band],
        "band_meaning": BAND_MEANINGS[answer.band],
        "percent": percent,
        "scale": _scale_view(answer, percent),
        "model": answer.model,
        "evidence": EVIDENCE_WORDS[contract.evidence],
        "limits": contract.limits,
        "holdout": _holdout_view(answer.model),
        "p_no_depression": f"{answer.scores.p_no_depression:.6f}",
        "quality": [(QUALITY_WORDS[name], f"{value:.3g}") for name, value in answer.prepared.quality.as_dict().items()],
        "timings": [(name, f"{1000 * seconds:.1f}") for name, seconds in answer.timings_seconds.items()],
        "policy_number": answer.model.policy.number,
        "policy_digest": answer.model.policy.digest,
        "preprocessing": contract.crop.preprocessing_version,
    }


def _scale_view(answer: Answer, percent: int) -> dict[str, Any]:
    """The bar with its three bands and the marker, in percent of its width."""
    thresholds = answer.model.policy.thresholds
    ends = [ppm / PPM_PER_PERCENT for ppm in (0, thresholds.none_max_ppm, thresholds.mild_max_ppm, PARTS_PER_MILLION)]
    names = ((Band.NONE, "low"), (Band.MILD, "middle"), (Band.HIGH, "high"))
    segments = [
        {
            "name": name,
            "words": PAGE[name],
            "chosen": band is answer.band,
            "left": f"{left + SCALE_GAP_PERCENT / 2:.2f}",
            "width": f"{right - left - SCALE_GAP_PERCENT:.2f}",
            "middle": f"{(left + right) / 2:.2f}",
        }
        for (band, name), left, right in zip(names, ends, ends[1:], strict=False)
    ]
    marker = answer.severity_ppm / PPM_PER_PERCENT
    return {
        "segments": segments,
        "marker": f"{min(max(marker, MARKER_MARGIN_PERCENT), 100 - MARKER_MARGIN_PERCENT):.2f}",
        "label": PAGE["scale"].format(percent=percent, low=f"{ends[1]:g}", middle=f"{ends[2]:g}"),
    }


def _problem_view(problem: Problem, heading: str) -> dict[str, Any]:
    return {
        "heading": heading,
        "detail": problem.detail,
        "advice": problem.advice,
        "code": problem.code,
        "request_id": problem.request_id,
    }


def _holdout_view(model: PinnedModel) -> dict[str, str]:
    """Figures by name; counts as whole numbers, shares with three digits."""
    return {
        name.replace("_", " "): f"{figure:,.0f}" if figure > 1 and figure.is_integer() else f"{figure:.3f}"
        for name, figure in model.contract.holdout.items()
    }


def _ignorance(model: PinnedModel) -> list[str]:
    return [KNOWS_NOTHING_NOTICE] if model.contract.knows_nothing else []
