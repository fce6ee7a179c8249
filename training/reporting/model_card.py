"""`model_card.md`: what a version is, was measured to do, and must not be used for; every figure from the run itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from serving.contract.model import Evidence
from training.reporting.card_figures import (
    describe_bars,
    describe_baselines,
    describe_measured,
    describe_probes,
    describe_recipe,
)
from training.reporting.wording import crop_words, number, reads_whole_photos

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from serving.contract.model import ModelContract

COMMON_LIMITS = (
    "Decision support for research and for triage that a clinician owns; never a diagnosis.",
    (
        "Severity is 1 - p_no_depression of a binary model: not a PHQ-9 score, not a confidence; the bands mild and high were "
        "never validated against severity labels."
    ),
    "One still photo; nothing was measured about change over time, treatment, or other cameras and populations.",
)
EVIDENCE_LIMITS = {
    Evidence.DEMO: (
        "Demonstration model, trained on drawn faces: a result says nothing about any person.",
        "The link from severity to a drooping or uneven face is an assumption of this project, drawn into its data.",
    ),
    Evidence.RESEARCH: ("Research only: not validated for any clinical use.",),
    Evidence.SITE_VALIDATED: ("Validated by the site for its own population and cameras only.",),
}
KNOWS_NOTHING = "The model knows nothing: its held-out AUROC is under 0.80."

SUBJECTS_UNKNOWN = (
    "Whose the photos are is not known: near-duplicates were kept together, one person can stand in several splits, and "
    "a subject means one picture here, also in the intervals."
)


def limits_of(evidence: Evidence, *, knows_nothing: bool, subjects_known: bool = True) -> tuple[str, ...]:
    """The sentences that go into the contract and the card."""
    return (
        *EVIDENCE_LIMITS[evidence],
        *((KNOWS_NOTHING,) if knows_nothing else ()),
        *(() if subjects_known else (SUBJECTS_UNKNOWN,)),
        *COMMON_LIMITS,
    )


def write_card(
    contract: ModelContract,
    evaluation: Mapping[str, Any],
    training: Mapping[str, Any],
    witnesses: Sequence[str],
    *,
    probes: Mapping[str, Any] | None = None,
    baselines: Mapping[str, Any] | None = None,
) -> str:
    """The card of a version, as Markdown.

    Args:
        contract: Of the version.
        evaluation: `training.evaluation.evaluate.measure`.
        training: Recipe and figures of the run, by name.
        witnesses: Sentences on the golden crops and photos.
        probes: What `training report` measured on this model; None where it has not run before the export.
        baselines: Likewise.
    """
    calibration = contract.calibration
    calibrated = (
        "not calibrated"
        if calibration.method == "none"
        else f"calibrated by a temperature of {number(calibration.temperature)}, chosen on validation"
    )
    lines = [
        f"# {contract.model_name} version {contract.version}",
        "",
        f"Evidence: **{contract.evidence}**.",
        "",
        *(f"* {limit}" for limit in contract.limits),
        "",
        "## What it is",
        "",
        (
            f"Architecture `{contract.architecture}`, from `{contract.crop.kind}` crops of {contract.crop.size}x"
            f"{contract.crop.size} pixels (`{contract.crop.preprocessing_version}`). Trained on: {contract.training_data} "
            f"TensorFlow {contract.tensorflow_version}, Keras {contract.keras_version}, {contract.created}."
        ),
        "",
        f"The output `p_no_depression` is the probability of NOT being depressed; it is {calibrated}.",
        "",
        *describe_measured(evaluation),
        *describe_bars(evaluation.get("bars")),
        *describe_baselines(baselines),
        *describe_probes(probes, whole_photos=contract.crop.kind == "whole"),
        "## Training",
        "",
        *describe_recipe(training),
        "## Witnesses inside this directory",
        "",
        *witnesses,
        "",
    ]
    return "\n".join(lines)


def write_run_card(report: Mapping[str, Any]) -> str:
    """The card of a run that is not exported yet, as Markdown, from `report.json`."""
    run = report["run"]
    source = "drawn faces; no photo of any person" if report["drawn"] else "photos of people"
    lines = [
        f"# Model card: {run['recipe']['architecture']}, a run that is not exported",
        "",
        f"Written {report['written']} from report.json.",
        "",
        "## Limits: what it must not be used for",
        "",
        *(f"* {limit}" for limit in report["limits"]),
        "",
        "## Intended use",
        "",
        (
            f"Reads {crop_words(run)} and answers `p_no_depression`, the probability of NOT being depressed; severity is 1 "
            "minus it, in three bands. For research, and for people who decide; not for decisions without them."
        ),
        "",
        "## Source of data",
        "",
        f"Learned from {source}. The datasheet (datasheet.md) says more.",
        "",
        *([SUBJECTS_UNKNOWN, ""] if not run.get("subjects_known", True) else []),
        *describe_measured(report["evaluation"]),
        *describe_bars(report["evaluation"].get("bars")),
        *describe_baselines(report["baselines"]),
        *describe_probes(report["probes"], whole_photos=reads_whole_photos(run)),
        "## Training",
        "",
        *describe_recipe(run),
    ]
    return "\n".join(lines)
