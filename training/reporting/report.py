"""`report.json`: every number that the page, the model card and the datasheet show, gathered from one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from training.reporting.paper import paper_as_dict

REPORT_SCHEMA: Final = "symmetra.report/1"
_PRIVATE: Final = ("data", "crops", "refused", "schema")
"""Entries of `run.json` that name folders or photos of this machine."""
_EVALUATE = "`python -m training evaluate --run RUN` measures it"
_REPORT = "`python -m training report --run RUN --probes` measures it"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: its template's name, its heading, what it needs of the report, and who provides that."""

    name: str
    title: str
    needs: tuple[tuple[str, ...], ...]
    provider: str = _EVALUATE


SECTIONS: Final = (
    Section("data", "Data and split", (("data",),)),
    Section("training", "Training", (("history",),), "`python -m training fit` writes history.csv"),
    Section("performance", "How often it is right", (("evaluation", "operating_points"),)),
    Section("paper", "Beside the paper", (("evaluation", "class_report"),)),
    Section("ranking", "How well it ranks", (("evaluation", "curves"),)),
    Section("bands", "Severity and the three bands", (("evaluation", "band_rule"), ("evaluation", "curves"))),
    Section("calibration", "Calibration", (("evaluation", "calibration"),)),
    Section("prevalence", "At other prevalences", (("evaluation", "prevalence_table"),)),
    Section("decision", "Is it of use? Decision curve", (("evaluation", "decision_curve"),)),
    Section(
        "abstention",
        "When it declines to answer",
        (("evaluation", "abstention"),),
        "`python -m training fit` chooses a rule of abstention, then `evaluate` measures it",
    ),
    Section("coverage", "Risk and coverage", (("evaluation", "risk_coverage"),)),
    Section("subgroups", "Subgroups", (("evaluation", "subgroups"),)),
    Section("bars", "Bars of a release", (("evaluation", "bars"),)),
    Section("baselines", "Simple baselines it must beat", (("baselines",),), _REPORT),
    Section("probes", "Probes: what else could explain the answers", (("probes",),), _REPORT),
    Section("corruptions", "Worse photos", (("probes", "corruptions"),), _REPORT),
    Section(
        "examples",
        "Examples",
        (("examples",),),
        "examples are shown of drawn faces only: photos of people never go into a report",
    ),
    Section("reproduction", "Reproduction", (("run",),)),
    Section("words", "Words", ()),
)


def assemble_report(
    description: Mapping[str, Any],
    *,
    written: str,
    data: Mapping[str, Any],
    synthesis: Mapping[str, Any] | None,
    limits: tuple[str, ...],
    history: Mapping[str, Any] | None,
    evaluation: Mapping[str, Any],
    calibration: Mapping[str, Any] | None,
    probes: Mapping[str, Any] | None,
    baselines: Mapping[str, Any] | None,
    examples: list[dict[str, Any]] | None,
) -> dict[str, Any]:
    """The report as JSON; a part that was not measured is null and listed under "missing".

    Args:
        description: `run.json`; folders and photos named there are left out.
        written: ISO date.
        data: `describe_parts`.
        synthesis: `synthesis.json` of a drawn data set.
        limits: Sentences on what the model must not be used for.
        history: Columns of `history.csv`.
        evaluation: `evaluation.json`.
        calibration: `calibration.json`.
        probes: `probes.json`.
        baselines: `compare_with_baselines`.
        examples: Answers on a few drawn faces, without the pictures; None where the data show people.
    """
    report: dict[str, Any] = {
        "schema": REPORT_SCHEMA,
        "written": written,
        "drawn": synthesis is not None,
        "limits": list(limits),
        "run": without_folders(description),
        "data": data,
        "synthesis": synthesis,
        "history": history,
        "evaluation": evaluation,
        "calibration": calibration,
        "probes": probes,
        "baselines": baselines,
        "examples": examples,
        "paper": paper_as_dict(),
    }
    report["missing"] = {section.name: section.provider for section in SECTIONS if is_missing(section, report)}
    return report


def without_folders(description: Mapping[str, Any]) -> dict[str, Any]:
    """`run.json`, or a part with its recipe, for what travels: the model it started from keeps its file name only."""
    run = {name: value for name, value in description.items() if name not in _PRIVATE}
    started_from = run["recipe"].get("initial_model")
    if started_from:
        run["recipe"] = {**run["recipe"], "initial_model": PurePath(started_from).name}
    return run


def is_missing(section: Section, report: Mapping[str, Any]) -> bool:
    """Whether something that the section needs was not measured."""
    return any(_find(report, path) is None for path in section.needs)


def _find(report: Mapping[str, Any], path: tuple[str, ...]) -> object | None:
    found: object = report
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found or None
