"""`python -m training evaluate`: measure a finished run on its held-out test split again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from training.commands.shared import divide_photos, load_split, prepare_crops, run_safely, say
from training.evaluation.answers import answer
from training.evaluation.evaluate import KNOWS_NOTHING_BELOW_AUROC, measure, read_bayes_accuracy
from training.reporting.figures import draw_confusion
from training.runs import Run, write_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.data.split import SplitName


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--run", type=Path, required=True, metavar="RUN", help="directory that `fit` wrote")


def run(arguments: argparse.Namespace) -> int:
    """Measure, write `evaluation.json` and `confusion.png`."""
    return run_safely(lambda: _evaluate(Run(arguments.run)))


def _evaluate(run: Run) -> None:
    store, parts, data_dir = open_data(run)
    evaluate_run(run, store, parts["test"], data_dir)


def open_data(run: Run) -> tuple[CropStore, dict[SplitName, tuple[Photo, ...]], Path]:
    """The crops and the stored split of a finished run, and its data folder.

    Raises:
        RunInvalid: `fit` has not finished here, or its data have changed.
    """
    description = run.read_description()
    data_dir = Path(description["data"])
    crops = Path(description["crops"]) if description["crops"] else None
    photos, store = prepare_crops(data_dir, crops, None)
    return store, divide_photos(photos, store, load_split(photos, store, run.split)), data_dir


def evaluate_run(run: Run, store: CropStore, test: Sequence[Photo], data_dir: Path) -> dict[str, Any]:
    """Measure `model.keras`, write the figures and the picture, and say them."""
    evaluation = measure(answer(keras.saving.load_model(run.model), store, test), read_bayes_accuracy(data_dir))
    write_json(run.evaluation, evaluation)
    architecture = run.read_description()["recipe"]["architecture"]
    draw_confusion(evaluation, run.confusion, f"{architecture}: held-out test split")
    say(describe_evaluation(evaluation))
    return evaluation


def describe_evaluation(evaluation: dict[str, Any]) -> str:
    """The main figures in three sentences."""
    low, high = evaluation["intervals_95"]["accuracy"]
    sentences = [
        (
            f"held out: {evaluation['photos']} photos of {evaluation['subjects']} subjects; accuracy "
            f"{evaluation['accuracy']:.3f} (95 % {low:.3f} to {high:.3f}), AUROC {evaluation['auroc']:.3f}"
        )
    ]
    if evaluation["share_of_bayes"] is not None:
        sentences.append(
            f"share of the skill that the best possible reader has: {evaluation['share_of_bayes']:.0%} "
            f"(Bayes accuracy {evaluation['bayes_accuracy']:.3f})"
        )
    sentences.append(f"bands that change when the crop is mirrored: {evaluation['band_flips_mirrored']}")
    if evaluation["knows_nothing"]:
        sentences.append(
            f"AUROC is under {KNOWS_NOTHING_BELOW_AUROC:g}: this model knows nothing, and its version says so"
        )
    return "\n".join(sentences)
