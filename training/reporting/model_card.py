"""`model_card.md`: what a version is, was measured to do, and must not be used for; every figure from the run itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from serving.contract.model import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from serving.contract.model import ModelContract
    from training.export.golden_crops import Golden
    from training.export.golden_photos import GoldenPhotos

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


def limits_of(evidence: Evidence, *, knows_nothing: bool) -> tuple[str, ...]:
    """The sentences that go into the contract and the card."""
    return (*EVIDENCE_LIMITS[evidence], *((KNOWS_NOTHING,) if knows_nothing else ()), *COMMON_LIMITS)


def write_card(
    contract: ModelContract,
    evaluation: Mapping[str, Any],
    training: Mapping[str, Any],
    golden: Golden,
    photos: GoldenPhotos,
) -> str:
    """The card, as Markdown.

    Args:
        contract: Of the version.
        evaluation: `training.evaluation.evaluate.measure`.
        training: Recipe and figures of the run, by name; shown as they are.
        golden: The golden crops.
        photos: The golden photos.
    """
    lines = [f"# {contract.model_name} version {contract.version}", "", f"Evidence: **{contract.evidence}**.", ""]
    lines += [f"* {limit}" for limit in contract.limits]
    lines += [
        "",
        "## What it is",
        "",
        (
            f"Architecture `{contract.architecture}`, from `{contract.crop.kind}` crops of {contract.crop.size}x"
            f"{contract.crop.size} pixels (`{contract.crop.preprocessing_version}`). Trained on: {contract.training_data} "
            f"TensorFlow {contract.tensorflow_version}, Keras {contract.keras_version}, {contract.created}."
        ),
        "",
        (
            "The output `p_no_depression` is the probability of NOT being depressed; it is not calibrated "
            f"(method: {contract.calibration.method})."
        ),
        "",
        "## Measured on its held-out test split",
        "",
        (
            f"{evaluation['photos']} photos of {evaluation['subjects']} subjects, none of them in training or validation; "
            f"{evaluation['depressed_share']:.1%} depressed. Positive: {evaluation['positive']}. "
            f"Intervals: {evaluation['interval_method']}."
        ),
        "",
        "| figure | value | 95 % interval |",
        "| --- | --- | --- |",
        *(_row(name, evaluation) for name in ("accuracy", "precision", "recall", "specificity", "f1", "auroc")),
        "",
        f"Always answering the more frequent label: accuracy {evaluation['baseline_accuracy']:.3f}.",
    ]
    if evaluation["bayes_accuracy"] is not None:
        lines.append(
            f"Best possible accuracy on these drawn photos (Bayes): {evaluation['bayes_accuracy']:.3f}; "
            f"share of that skill reached: {evaluation['share_of_bayes']:.1%}."
        )
    bands = ", ".join(
        f"{band} {count} ({_percent(evaluation['depressed_by_band'][band])} depressed)"
        for band, count in evaluation["bands"].items()
    )
    lines += [
        (
            f"Bands: {bands}. Band flips when the crop is mirrored: {evaluation['band_flips_mirrored']}; largest difference in "
            f"probability: {evaluation['largest_p_difference_mirrored']:.2g}."
        ),
        "",
        "## Training",
        "",
        *(f"* {name}: {value}" for name, value in training.items()),
        "",
        "## Witnesses inside this directory",
        "",
        f"`golden.npz`: {len(golden.crops)} crops of drawn faces, {golden.origins.count('blended')} of them blended of two; "
        + ", ".join(f"{count} within 0.05 of p = {edge}" for edge, count in golden.near_counts.items())
        + ".",
        (
            f"`golden_photos/`: {len(photos.scored)} drawn photos with their answers, {len(photos.refused)} that must be "
            f"refused. Bands that no drawn photo reached: {', '.join(photos.bands_missing) or 'none missing'}."
        ),
        "",
    ]
    return "\n".join(lines)


def _row(name: str, evaluation: Mapping[str, Any]) -> str:
    low, high = evaluation["intervals_95"][name]
    return f"| {name} | {_number(evaluation[name])} | {_number(low)} to {_number(high)} |"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"
