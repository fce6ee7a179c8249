"""The paper's protocol on drawn faces, as one table beside the paper's numbers, and one picture."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from training.evaluation.published import (
    PAPER_CONFUSION,
    PAPER_EPOCHS,
    PAPER_TEST_PHOTOS,
    PAPER_TRAINING_ACCURACY,
    PAPER_VALIDATION_ACCURACY,
)
from training.evaluation.rates import rates
from training.pictures import new_figure, save_figure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REPRODUCTION_SCHEMA = "symmetra.reproduction/1"
SYNTHETIC = (
    "Drawn faces with an assumed link from severity to droop: a test of the method, not of people. The paper's column is of its "
    "own photos, which nobody else has; it is a landmark, not a comparison."
)
ROWS: dict[str, tuple[str, str]] = {
    "test photos": ("photos", "{:,}"),
    "called depressed, is (TP)": ("tp", "{}"),
    "called depressed, is not (FP)": ("fp", "{}"),
    "called not depressed, is (FN)": ("fn", "{}"),
    "called not depressed, is not (TN)": ("tn", "{}"),
    "accuracy": ("accuracy", "{:.4f}"),
    "precision": ("precision", "{:.4f}"),
    "recall": ("recall", "{:.4f}"),
    "specificity": ("specificity", "{:.4f}"),
    "F1": ("f1", "{:.4f}"),
    "AUROC": ("auroc", "{:.4f}"),
    "ECE (15 bins)": ("ece", "{:.4f}"),
    "share of the possible skill": ("share_of_bayes", "{:.1%}"),
    "band flips, mirrored crops": ("band_flips_mirrored", "{}"),
    "parameters": ("parameters", "{:,}"),
    "MFLOPs per crop": ("mflops", "{:.1f}"),
    "epochs run": ("epochs_run", "{}"),
    "training minutes": ("training_minutes", "{:.1f}"),
    "photos per second": ("photos_per_second", "{:.0f}"),
    "learning rate by": ("schedule", "{}"),
    "precision of layers while training": ("precision_of_layers", "{}"),
    "trained on": ("trained_on", "{}"),
}
"""Line of the table -> key of a run's figures, and how it is written."""


def paper_column() -> dict[str, Any]:
    """The paper's figures by the keys of `ROWS`; what it does not report is missing."""
    counts = dataclasses.asdict(PAPER_CONFUSION)
    found = {name: float(value) for name, value in rates(**counts).items()}
    named = {name: found[name] for name in ("accuracy", "precision", "recall", "specificity", "f1")}
    return {"photos": PAPER_TEST_PHOTOS, **counts, **named, "epochs_run": PAPER_EPOCHS}


def write_table(reproduction: Mapping[str, Any]) -> str:
    """The reproduction as Markdown."""
    first = min(reproduction["seeds"], key=int)
    runs = reproduction["seeds"][first]
    columns = {"paper (its own photos)": paper_column(), **{f"{name}, synthetic": run for name, run in runs.items()}}
    data = reproduction["data"]
    lines = [
        "# The paper's protocol on synthetic faces",
        "",
        SYNTHETIC,
        "",
        (
            f"{data['photos']:,} drawn photos of {data['subjects']:,} subjects; test split {data['test_not_depressed']:,} not "
            f"depressed and {data['test_depressed']:,} depressed, no subject in two splits; at most {data['epochs']} epochs. "
            f"Best possible accuracy from one photo's parameters (Bayes): {data['bayes_accuracy']:.4f}."
        ),
        "",
        f"## Seed {first} beside the paper",
        "",
        "| | " + " | ".join(columns) + " |",
        "| --- |" + " --- |" * len(columns),
        *(
            f"| {line} | " + " | ".join(_write(form, column.get(key)) for column in columns.values()) + " |"
            for line, (key, form) in ROWS.items()
        ),
        "",
        f"## Over {len(reproduction['seeds'])} seed(s)",
        "",
        "| seed | " + " | ".join(f"{name}: accuracy | ECE | flips" for name in reproduction["pooled"]) + " |",
        "| --- |" + " --- | --- | --- |" * len(reproduction["pooled"]),
        *(
            f"| {seed} | "
            + " | ".join(
                " | ".join(
                    (
                        _write("{:.4f}", found.get(name, {}).get("accuracy")),
                        _write("{:.4f}", found.get(name, {}).get("ece")),
                        _write("{}", found.get(name, {}).get("band_flips_mirrored")),
                    )
                )
                for name in reproduction["pooled"]
            )
            + " |"
            for seed, found in sorted(reproduction["seeds"].items(), key=lambda item: int(item[0]))
        ),
        "",
        "Intervals draw subjects; what another split or another start would change is seen in the differences between seeds.",
        "",
        *(_pooled_line(name, pooled) for name, pooled in reproduction["pooled"].items()),
        *(
            f"Accuracy, {pair}: {_signed(found['accuracy_difference'])}, over seeds {found['seeds']} "
            f"({found['photos']:,} answers about {found['subjects']:,} subjects).\n"
            for pair, found in reproduction["paired"].items()
        ),
    ]
    return "\n".join(lines)


def draw_reproduction(reproduction: Mapping[str, Any], path: Path) -> None:
    """Accuracy by seed against the best possible reader, and the first seed's validation curves beside the paper's."""
    figure = new_figure(10.0, 4.0)
    left, right = figure.subplots(1, 2)
    for place, (name, pooled) in enumerate(reproduction["pooled"].items()):
        seeds = np.array(pooled["seeds"])
        accuracies = np.array(pooled["accuracy_by_seed"])
        ends = np.array([reproduction["seeds"][str(seed)][name]["accuracy_95"] for seed in pooled["seeds"]]).T
        label = f"{name}: mean {accuracies.mean():.3f}"
        beside = seeds + 0.08 * (place - 0.5)  # so that the intervals of one seed do not cover each other
        left.errorbar(beside, accuracies, np.abs(ends - accuracies), fmt="o", capsize=4, label=label)
    left.axhline(
        reproduction["data"]["bayes_accuracy"], ls="--", color="tab:green", label="best possible reader (Bayes)"
    )
    left.set_xlabel("seed (its own split and start)")
    left.set_ylabel("test accuracy (95 %)")
    left.set_ylim(0.45, 1.0)
    left.axhline(0.5, ls=":", color="grey", label="a coin")
    numbers = sorted(int(seed) for seed in reproduction["seeds"])
    left.set_xticks(numbers)
    left.set_xlim(numbers[0] - 0.5, numbers[-1] + 0.5)
    left.grid(alpha=0.3)
    left.legend(fontsize=8)
    first = min(reproduction["seeds"], key=int)
    for place, (name, run) in enumerate(reproduction["seeds"][first].items()):
        colour = f"C{place}"
        epochs = np.arange(1, len(run["history"]["accuracy"]) + 1)
        right.plot(epochs, run["history"]["accuracy"], ":", color=colour, label=f"{name}: training (augmented)")
        right.plot(epochs, run["history"]["val_accuracy"], "-", color=colour, label=f"{name}: validation")
    right.plot([1, PAPER_EPOCHS], PAPER_TRAINING_ACCURACY, "x", color="black", label="paper: training, its own photos")
    right.axhspan(*PAPER_VALIDATION_ACCURACY, color="grey", alpha=0.3, label="paper: validation, its own photos")
    right.set_xlabel("epoch")
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.set_ylabel("accuracy")
    right.set_title(f"seed {first}", fontsize=9)
    right.grid(alpha=0.3)
    right.legend(fontsize=7)
    figure.suptitle("The paper's protocol on drawn faces (synthetic: nothing here is about people)", fontsize=10)
    save_figure(figure, path)


def _pooled_line(name: str, pooled: Mapping[str, Any]) -> str:
    accuracy, share = pooled["accuracy"], pooled["share_of_bayes"]
    low, high = accuracy["interval_95"]
    share_low, share_high = share["interval_95"]
    return (
        f"{name}: accuracy {accuracy['value']:.4f} (95 % {low:.4f} to {high:.4f}), {share['value']:.1%} of the possible skill "
        f"({share_low:.1%} to {share_high:.1%}).\n"
    )


def _signed(figure: Mapping[str, Any]) -> str:
    low, high = figure["interval_95"]
    return f"{figure['value']:+.4f} (paired 95 % {low:+.4f} to {high:+.4f})"


def _write(form: str, value: object) -> str:
    return "-" if value is None else form.format(value)
