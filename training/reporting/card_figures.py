"""The parts of a model card that state figures: Markdown lines, from the same JSON as the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from training.reporting.wording import (
    figure,
    flatten,
    interval,
    number,
    percent,
    signed,
    stated,
    unnamed,
    verdict,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAIN_RATES: Final = ("accuracy", "precision", "recall", "specificity", "f1", "auroc")
_REPORT_HINT: Final = "`python -m training report --run RUN --probes` measures it."
_EVALUATE_HINT: Final = "`python -m training evaluate --run RUN` measures it."


def _apart(evaluation: Mapping[str, Any]) -> str:
    """What is known of the subjects of the test split."""
    if evaluation.get("subjects_known", True):
        return "none of them in training or validation"
    return "where a subject is one picture, because whose the photos are is not known: a person can also be in training"


def describe_measured(evaluation: Mapping[str, Any]) -> list[str]:
    """What the held-out test split showed: figures, bands, prevalences, calibration, abstention, subgroups."""
    lines = [
        "## Measured on its held-out test split",
        "",
        (
            f"{evaluation['photos']} photos of {evaluation['subjects']} subjects, {_apart(evaluation)}; "
            f"{percent(evaluation['depressed_share'], 1)} depressed. Positive: {evaluation['positive']}. "
            f"Intervals: {evaluation['interval_method']}."
        ),
        "",
        *_table(
            ("figure", "value", "95 % interval"),
            [
                (words(name), number(evaluation[name]), interval(evaluation["intervals_95"][name]))
                for name in MAIN_RATES
            ],
        ),
        f"Always answering the more frequent label: accuracy {number(evaluation['baseline_accuracy'])}.",
    ]
    if evaluation["bayes_accuracy"] is not None:
        lines.append(
            f"Best possible accuracy on these drawn photos (Bayes): {number(evaluation['bayes_accuracy'])}; "
            f"share of that skill reached: {percent(evaluation['share_of_bayes'], 1)}."
        )
    bands = ", ".join(
        f"{band} {count}" + (f" ({percent(evaluation['depressed_by_band'][band])} depressed)" if count else "")
        for band, count in evaluation["bands"].items()
    )
    lines += [
        (
            f"Bands: {bands}. Band flips when the crop is mirrored: {evaluation['band_flips_mirrored']}; largest difference in "
            f"probability: {evaluation['largest_p_difference_mirrored']:.2g}."
        ),
        "",
        *_describe_prevalences(evaluation.get("prevalence_table")),
        *_describe_calibration(evaluation.get("calibration")),
        *_describe_abstention(evaluation.get("abstention")),
        *_describe_subgroups(evaluation.get("subgroups")),
    ]
    return lines


def describe_bars(bars: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """What was measured beside what a release is asked for."""
    heading = ["## Bars of a release", ""]
    if bars is None:
        return [*heading, f"Not measured: bars. {_EVALUATE_HINT}", ""]
    rows = [(row["name"], row["bar"], stated(row["value"]), verdict(row["met"])) for row in bars]
    return [*heading, *_table(("bar", "asked for", "measured", "met"), rows)]


def describe_baselines(baselines: Mapping[str, Any] | None) -> list[str]:
    """Each simple baseline and whether the model beats it."""
    heading = ["## Simple baselines", ""]
    if baselines is None:
        return [*heading, f"Not measured: baselines. {_REPORT_HINT}", ""]
    rows = [
        (
            row["name"],
            figure(row["accuracy"]) if "accuracy" in row else "-",
            signed(row["accuracy_gain"]) if "accuracy_gain" in row else "-",
            row["verdict"],
        )
        for row in baselines["baselines"].values()
    ]
    return [*heading, *_table(("baseline", "its accuracy", "the model's gain, paired", "verdict"), rows)]


def describe_probes(probes: Mapping[str, Any] | None, *, whole_photos: bool = False) -> list[str]:
    """What else could explain the answers."""
    heading = ["## Probes", ""]
    if probes is None:
        return [*heading, f"Not measured: probes. {_REPORT_HINT}", ""]
    background, averaged = probes["background"], probes["mirror_averaged"]
    passes = {True: "the data set FAILS", False: "the data set passes", None: "undefined"}[background["data_set_fails"]]
    if whole_photos:
        passes = "not judged: whole photos, whose faces the oval of an aligned crop need not cover"
    worst = min(
        (
            (row["accuracy"]["value"], f"{name}, {corruption['unit']} {row['amount']:g}")
            for name, corruption in probes["corruptions"].items()
            for row in corruption["severities"]
        ),
    )
    return [
        *heading,
        (
            f"* Mirrored crops: {probes['mirrored']['band_flips']} of {probes['tested_on']['photos']} change their band, "
            f"{probes['mirrored']['flips_over_two_bands']} over two."
        ),
        (
            f"* Asymmetry removed: accuracy {figure(averaged['accuracy'])}; as they are minus "
            f"averaged, paired: {signed(averaged['accuracy_plain_minus_averaged'])}."
        ),
        (
            f"* Background only: AUROC of the model {figure(background['model']['auroc'])}, of a learner made for it "
            f"{figure(background['learner']['auroc'])}; {passes} (limit {background['auroc_max']})."
        ),
        f"* Light only: AUROC {figure(probes['light']['auroc'])}.",
        (
            "* Leakage, had the split been by photo: accuracy higher by "
            f"{signed(probes['leakage']['nearest_neighbour']['accuracy_gap'])} (most similar photo)."
        ),
        f"* Worst of the corruptions: accuracy {number(worst[0])} ({worst[1]}); clean {number(probes['plain']['accuracy']['value'])}.",
        "",
    ]


def describe_recipe(training: Mapping[str, Any]) -> list[str]:
    """Recipe, versions and speed, one line each."""
    return [*(f"* {name}: {value}" for name, value in flatten(training).items()), ""]


def _describe_prevalences(table: Sequence[Mapping[str, Any]] | None) -> list[str]:
    heading = ["### At other prevalences", ""]
    if table is None:
        return [*heading, f"Not measured: PPV and NPV. {_EVALUATE_HINT}", ""]
    rows = [(percent(row["prevalence"]), figure(row["ppv"]), figure(row["npv"])) for row in table]
    return [*heading, *_table(("of those screened, depressed", "PPV", "NPV"), rows)]


def _describe_calibration(found: Mapping[str, Any] | None) -> list[str]:
    heading = ["### Calibration", ""]
    if found is None:
        return [*heading, f"Not measured: calibration. {_EVALUATE_HINT}", ""]
    return [
        *heading,
        (
            f"Brier {figure(found['brier'])}, ECE {figure(found['ece'])} ({number(found['ece_of_a_calibrated_model']['mean'])} "
            f"for a perfectly calibrated model with so many photos), slope {figure(found['slope'], 2)}, intercept "
            f"{figure(found['intercept'], 2)}."
        ),
        "",
    ]


def _describe_abstention(found: Mapping[str, Any] | None) -> list[str]:
    heading = ["### Abstention", ""]
    if found is None:
        return [
            *heading,
            "No rule of abstention was chosen: every photo that passes the quality checks gets a band.",
            "",
        ]
    return [
        *heading,
        (
            f"{found['rule'].capitalize()}. Bands given to {figure(found['coverage'])} of the photos; error among them "
            f"{figure(found['error_kept'])}, among the others {figure(found['error_abstained'])}. Share of mild: "
            f"{figure(found['mild_share_before'])} before, {figure(found['mild_share_after'])} after."
        ),
        "",
    ]


def _describe_subgroups(found: Mapping[str, Any] | None) -> list[str]:
    heading = ["### Subgroups", ""]
    if found is None:
        return [*heading, f"Not measured: subgroups. {_EVALUATE_HINT}", ""]
    if not found["columns"]:
        return [*heading, "The manifest names no groups: whether the model treats people alike was not measured.", ""]
    rows = [
        (
            words(column),
            row["group"],
            str(row["photos"]),
            *(figure(row["figures"][name]) for name in ("accuracy", "sensitivity", "specificity")),
        )
        for column, section in found["columns"].items()
        for row in section["groups"]
        if row.get("figures")
    ]
    smaller = [
        f"* {words(column)}: {unnamed(section)}; nothing was measured of them."
        for column, section in found["columns"].items()
        if unnamed(section)
    ]
    table = _table(("column", "group", "photos", "accuracy", "sensitivity", "specificity"), rows) if rows else []
    return [*heading, *table, *smaller, *([""] if smaller else [])]


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table and the empty line after it; a bar in a group's name cannot break it."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [
        f"| {' | '.join(names)} |",
        "| --- " * len(names) + "|",
        *(f"| {' | '.join(row)} |" for row in cells),
        "",
    ]
