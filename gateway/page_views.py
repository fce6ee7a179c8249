"""What the page's templates show: answers, versions and problems as words and ready-made numbers."""

from __future__ import annotations

from typing import Any, Final

from gateway.answer import Answer
from gateway.languages import Catalogue
from gateway.meaning_view import meaning_of
from gateway.notes import notes_text
from gateway.pin import PinnedModel
from gateway.predictor import Explanation
from gateway.problems import Problem
from serving.contract.model import Evidence
from serving.contract.severity import PARTS_PER_MILLION, PPM_PER_PERCENT, Band

SCALE_GAP_PERCENT: Final = 0.4
MARKER_MARGIN_PERCENT: Final = 1.5
FAINTEST: Final = 0.06
"""Cells of the map that are fainter than this share of the strongest one are left out."""
COUNTS: Final = {"photos", "subjects"}
"""Figures of a hold-out that are numbers of something, also where they are 1."""


def model_view(model: PinnedModel, language: Catalogue) -> dict[str, Any]:
    """The version in service, before there is an answer."""
    contract = model.contract
    demo = [language.demo_page_notice] if contract.evidence is Evidence.DEMO else []
    return {
        "line": language.page["model_line"].format(name=model.name, version=model.version),
        "evidence": language.evidence_words[contract.evidence],
        "explains": bool(contract.asymmetry_regions),
        "warnings": [*demo, *_ignorance(model, language)],
        "limits": language.limits_of(contract),
        "holdout": _holdout_view(model, language),
    }


def answer_view(answer: Answer, language: Catalogue, site_prevalence_percent: float | None = None) -> dict[str, Any]:
    """One answer; the parts `score` and `meaning` are None where no band is given, and no severity is shown then.

    Args:
        answer: To show.
        language: To say it in.
        site_prevalence_percent: Of the people photographed at the site who are depressed; None where it does not say.
    """
    meaning = meaning_of(answer, language, site_prevalence_percent)
    contract, policy = answer.model.contract, answer.model.policy
    demo = [language.demo_notice] if contract.evidence is Evidence.DEMO else []
    return {
        "id": answer.id,
        "time": language.page["utc"].format(time=f"{answer.answered_at:%Y-%m-%d %H:%M:%S}"),
        "notes": notes_text(answer, language, meaning),
        "meaning": meaning,
        "warnings": [*demo, *_ignorance(answer.model, language)],
        "score": _score_view(answer, language),
        "doubts": [{"code": doubt.value, **language.doubts[doubt]._asdict()} for doubt in answer.doubts],
        "model": answer.model,
        "model_line": language.page["model_line"].format(name=answer.model.name, version=answer.model.version),
        "evidence": language.evidence_words[contract.evidence],
        "limits": language.limits_of(contract),
        "holdout": _holdout_view(answer.model, language),
        "p_no_depression": None if answer.band is None else f"{answer.p_no_depression:.6f}",
        "quality": [(language.quality_words[name], f"{value:.3g}") for name, value in answer.quality.as_dict().items()],
        "timings": [
            (language.stage_words[stage], f"{1000 * seconds:.1f}") for stage, seconds in answer.timings_seconds.items()
        ],
        "policy_number": policy.number,
        "policy_digest": policy.digest,
        "preprocessing": contract.crop.preprocessing_version,
        "explanation": None if answer.explanation is None else _explanation_view(answer.explanation, language),
    }


def problem_view(problem: Problem, heading: str) -> dict[str, Any]:
    """A problem under a heading that says whose it is."""
    return {
        "heading": heading,
        "detail": problem.detail,
        "advice": problem.advice,
        "code": problem.code,
        "request_id": problem.request_id,
    }


def _score_view(answer: Answer, language: Catalogue) -> dict[str, Any] | None:
    band, percent = answer.band, answer.percent
    if band is None or percent is None:
        return None
    return {
        "band": band.value,
        "words": language.band_words[band],
        "paper_name": language.page["paper_name"].format(name=band.value),
        "meaning": language.band_meanings[band],
        "severity": language.page["severity"].format(percent=percent),
        "scale": _scale_view(answer, percent, language),
    }


def _scale_view(answer: Answer, percent: int, language: Catalogue) -> dict[str, Any]:
    """The bar with its three bands and the marker, in percent of its width."""
    thresholds = answer.model.policy.thresholds
    ends = [ppm / PPM_PER_PERCENT for ppm in (0, thresholds.none_max_ppm, thresholds.mild_max_ppm, PARTS_PER_MILLION)]
    names = ((Band.NONE, "low"), (Band.MILD, "middle"), (Band.HIGH, "high"))
    segments = [
        {
            "name": name,
            "words": language.page[name],
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
        "label": language.page["scale"].format(percent=percent, low=f"{ends[1]:g}", middle=f"{ends[2]:g}"),
    }


def _explanation_view(explanation: Explanation, language: Catalogue) -> dict[str, Any]:
    """The map as squares of an SVG, the strongest one opaque; the measures with their regions' names."""
    rows = explanation.attribution.tolist()
    strongest = max((abs(cell) for row in rows for cell in row), default=0.0) or 1.0
    cells = [
        {"x": x, "y": y, "direction": "up" if cell > 0 else "down", "opacity": f"{abs(cell) / strongest:.2f}"}
        for y, row in enumerate(rows)
        for x, cell in enumerate(row)
        if abs(cell) / strongest >= FAINTEST
    ]
    return {
        "size": len(rows),
        "cells": cells,
        "asymmetry": [
            (language.region_words.get(name, name), f"{value:.2f}") for name, value in explanation.asymmetry.items()
        ],
        "caption": language.explanation_caption,
    }


def _holdout_view(model: PinnedModel, language: Catalogue) -> dict[str, str]:
    """Figures by their words, those without words last; the two ends of a known figure's interval stand beside it, so that neither is read alone."""
    figures = model.contract.holdout
    ends = {name: (f"{name}_low", f"{name}_high") for name in language.figure_words}
    whole = {name: (low, high) for name, (low, high) in ends.items() if {name, low, high} <= figures.keys()}
    within = {end for pair in whole.values() for end in pair}
    shown = {}
    known = [name for name in language.figure_words if name in figures]
    for name in dict.fromkeys((*known, *figures)):
        if name in whole:
            figure, low, high = (f"{figures[each]:.2f}" for each in (name, *whole[name]))
            text = language.page["interval"].format(figure=figure, low=low, high=high)
        else:
            text = _figure_text(name, figures[name], language)
        if name not in within:
            shown[language.figure_words.get(name, name)] = text
    return shown


def _figure_text(name: str, figure: float, language: Catalogue) -> str:
    """Counts as whole numbers, shares with three digits."""
    if name in COUNTS or (figure > 1 and figure.is_integer()):
        return f"{figure:,.0f}".replace(",", language.thousands)
    return f"{figure:.3f}"


def _ignorance(model: PinnedModel, language: Catalogue) -> list[str]:
    return [language.knows_nothing_notice] if model.contract.knows_nothing else []
