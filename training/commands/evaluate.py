"""`python -m training evaluate`: measure a finished run on its held-out test split again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from training.calibration.calibrate import read_abstention
from training.commands.shared import divide_photos, load_split, prepare_crops, run_safely, say
from training.data.dataset import DataOptions
from training.errors import RunInvalid
from training.evaluation.answers import answer
from training.evaluation.evaluate import KNOWS_NOTHING_BELOW_AUROC, measure, read_bayes_accuracy
from training.fitting.networks import UNREADABLE
from training.reporting.figures import draw_confusion
from training.runs import Run, read_json, write_json

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
    evaluate_run(run, store, parts["test"], data_dir, parts["validation"])


def open_data(run: Run) -> tuple[CropStore, dict[SplitName, tuple[Photo, ...]], Path]:
    """The crops and the stored split of a finished run, and its data folder.

    Raises:
        RunInvalid: `fit` has not finished here, or its data have changed.
    """
    description = run.read_description()
    data_dir = Path(description["data"])
    crops = Path(description["crops"]) if description["crops"] else None
    options = DataOptions.from_dict(description.get("data_options", {}))
    photos, store = prepare_crops(data_dir, crops, None, options)
    return store, divide_photos(photos, store, load_split(photos, store, run.split)), data_dir


def load_run_model(run: Run) -> keras.Model:
    """`model.keras` of a finished run.

    Raises:
        RunInvalid: missing, cut off, or no model.
    """
    try:
        return keras.saving.load_model(run.model)
    except UNREADABLE as error:
        message = (
            f"{run.model} cannot be read as a model: it is missing, cut off or of another kind. Restore it, or train again "
            "into a new folder with `python -m training fit`"
        )
        raise RunInvalid(message) from error


def evaluate_run(
    run: Run, store: CropStore, test: Sequence[Photo], data_dir: Path, validation: Sequence[Photo] = ()
) -> dict[str, Any]:
    """Measure `model.keras` with the abstention of `calibration.json`, write figures and picture, and say them.

    Args:
        run: Trained, and calibrated where it is to abstain.
        store: Crops of the photos.
        test: The held-out photos.
        data_dir: Where a drawn data set says how well the best possible reader does.
        validation: Photos of the validation split, to tell whether the two accuracies are further apart than chance.
    """
    description = run.read_description()
    model = load_run_model(run)
    calibration = read_json(run.calibration, "python -m training fit") if run.calibration.exists() else {}
    abstains = calibration.get("abstention") is not None
    abstention = read_abstention(calibration) if abstains else None
    aligned = description.get("data_options", {}).get("crop", "aligned") == "aligned"
    evaluation = measure(
        answer(model, store, test, jittered=abstention is not None, aligned=aligned),
        read_bayes_accuracy(data_dir),
        abstention=abstention,
        validation=answer(model, store, validation) if validation else None,
    )
    # Old runs do not say; their data had a manifest, so their subjects were known.
    evaluation["subjects_known"] = bool(description.get("subjects_known", True))
    write_json(run.evaluation, evaluation)
    architecture = description["recipe"]["architecture"]
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
    if evaluation["abstention"] is not None:
        kept = evaluation["abstention"]
        sentences.append(
            f"photos that keep their band under the chosen abstention: {kept['coverage']['value']:.1%}; share of mild "
            f"{_percent(kept['mild_share_before'])} before, {_percent(kept['mild_share_after'])} after"
        )
    if evaluation["exchangeable_splits"] is not None and not evaluation["exchangeable_splits"]["exchangeable"]:
        compared = evaluation["exchangeable_splits"]
        sentences.append(
            f"SUSPICIOUS: test accuracy {compared['accuracy_test']['value']:.3f} and validation accuracy "
            f"{compared['accuracy_validation']['value']:.3f} differ by more than {compared['allowed_standard_errors']:g} "
            "standard errors; splits drawn alike would not, so look for a leak"
        )
    if evaluation["knows_nothing"]:
        sentences.append(
            f"AUROC is under {KNOWS_NOTHING_BELOW_AUROC:g}: this model knows nothing, and its version says so"
        )
    return "\n".join(sentences)


def _percent(figure: dict[str, Any]) -> str:
    return "undefined" if figure["value"] is None else f"{figure['value']:.1%}"
