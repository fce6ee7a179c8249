"""Two or more architectures on the same subject-disjoint split: one JSON, one table, one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from training.evaluation.rates import paired_difference
from training.pictures import new_figure, save_figure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from training.evaluation.answers import Answers

COMPARISON_SCHEMA = "symmetra.comparison/1"
ROWS = {
    "parameters": "{:,}",
    "mflops": "{:.1f}",
    "accuracy": "{:.3f}",
    "accuracy_95": "{0[0]:.3f} to {0[1]:.3f}",
    "share_of_bayes": "{:.1%}",
    "auroc": "{:.3f}",
    "precision": "{:.3f}",
    "recall": "{:.3f}",
    "specificity": "{:.3f}",
    "band_flips_mirrored": "{}",
    "largest_p_difference_mirrored": "{:.2g}",
    "epochs_run": "{}",
    "training_seconds": "{:.0f}",
    "photos_per_second": "{:.0f}",
}
"""Row of the table -> how its value is written."""


def compare(
    results: Mapping[str, Mapping[str, Any]], answers: Mapping[str, Answers], data: Mapping[str, Any]
) -> dict[str, Any]:
    """The comparison as JSON.

    Args:
        results: By architecture, the values of `ROWS`.
        answers: By architecture, on the same photos in the same order.
        data: What the split is, for the reader.
    """
    names = list(results)
    differences = {}
    for position, name in enumerate(names):
        for other in names[position + 1 :]:
            one, two = answers[other], answers[name]
            found = paired_difference(one.subjects, one.depressed, one.p, two.p).figure()
            differences[f"{other} - {name}"] = {
                "accuracy_difference": found["value"],
                "interval_95": found["interval_95"],
            }
    return {"schema": COMPARISON_SCHEMA, "data": dict(data), "architectures": dict(results), "paired": differences}


def write_table(comparison: Mapping[str, Any]) -> str:
    """The comparison as Markdown."""
    data, results = comparison["data"], comparison["architectures"]
    lines = [
        "# Architectures on the same subject-disjoint split of drawn faces",
        "",
        (
            "Drawn faces only, one seed, one split: a first look. It says nothing about people, and not which architecture is "
            "the better one in general."
        ),
        "",
        *(f"* {name.replace('_', ' ')}: {value}" for name, value in data.items()),
        "",
        "| | " + " | ".join(results) + " |",
        "| --- |" + " --- |" * len(results),
        *(
            f"| {row.replace('_', ' ')} | "
            + " | ".join(_write(form, result[row]) for result in results.values())
            + " |"
            for row, form in ROWS.items()
        ),
        "",
        *(
            f"Accuracy, {pair}: {found['accuracy_difference']:+.3f} (paired 95 % interval {found['interval_95'][0]:+.3f} to "
            f"{found['interval_95'][1]:+.3f}, subjects resampled)."
            for pair, found in comparison["paired"].items()
        ),
        "",
    ]
    return "\n".join(lines)


def draw_comparison(comparison: Mapping[str, Any], path: Path) -> None:
    """Accuracy with its interval against the best possible reader, and operations per crop, as a PNG."""
    results, data = comparison["architectures"], comparison["data"]
    figure = new_figure(8.4, 3.6)
    places = np.arange(len(results))
    accuracy = np.array([result["accuracy"] for result in results.values()])
    intervals = np.array([result["accuracy_95"] for result in results.values()]).T
    left, right = figure.subplots(1, 2)
    left.errorbar(places, accuracy, yerr=np.abs(intervals - accuracy), fmt="o", capsize=6)
    left.axhline(data["bayes_accuracy"], linestyle="--", color="tab:green", label="best possible reader (Bayes)")
    left.axhline(0.5, linestyle=":", color="grey", label="a coin")
    left.set_ylabel("held-out accuracy (95 %)")
    left.set_ylim(0.45, 1.0)
    left.legend(fontsize=8)
    right.bar(places, [result["mflops"] for result in results.values()], width=0.5)
    right.set_ylabel("MFLOPs per crop")
    for axes in (left, right):
        axes.set_xticks(places, list(results))
        axes.set_xlim(-0.6, len(results) - 0.4)
    figure.suptitle(f"Drawn faces, {data['test_photos']} test photos of {data['test_subjects']} subjects", fontsize=10)
    save_figure(figure, path)


def _write(form: str, value: object) -> str:
    return "-" if value is None else form.format(value)
