"""Pictures of a run: the confusion matrix and the training curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from training.pictures import new_figure, save_figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def draw_confusion(evaluation: Mapping[str, Any], path: Path, title: str) -> None:
    """Write the confusion matrix at p = 0.5 as a PNG: counts, and shares of each true label."""
    counts = evaluation["confusion"]
    matrix = np.array([[counts["tn"], counts["fp"]], [counts["fn"], counts["tp"]]])
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    figure = new_figure(5.2, 4.6)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    for (row, column), count in np.ndenumerate(matrix):
        colour = "white" if shares[row, column] > 0.5 else "black"
        text = f"{count}\n{shares[row, column]:.0%}"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=13)
    names = ["not depressed", "depressed"]
    axes.set_xticks([0, 1], names)
    axes.set_yticks([0, 1], names, rotation=90, va="center")
    axes.set_xlabel("called")
    axes.set_ylabel("label")
    low, high = evaluation["intervals_95"]["accuracy"]
    axes.set_title(
        f"{title}\naccuracy {evaluation['accuracy']:.3f} (95 % {low:.3f} to {high:.3f}), AUROC {evaluation['auroc']:.3f}\n"
        f"{evaluation['photos']} photos of {evaluation['subjects']} subjects",
        fontsize=10,
    )
    save_figure(figure, path)


def draw_curves(history: Mapping[str, Sequence[float]], path: Path, title: str) -> None:
    """Write loss and accuracy over the epochs, training (augmented) and validation, as a PNG."""
    figure = new_figure(8.4, 3.4)
    for place, name in enumerate(("loss", "accuracy"), start=1):
        axes = figure.add_subplot(1, 2, place)
        epochs = np.arange(1, len(history[name]) + 1)
        axes.plot(epochs, history[name], marker=".", label="training (augmented)")
        axes.plot(epochs, history[f"val_{name}"], marker=".", label="validation")
        axes.set_xlabel("epoch")
        axes.set_ylabel(name)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.suptitle(title, fontsize=10)
    save_figure(figure, path)
