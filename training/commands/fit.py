"""`python -m training fit`: crops, split, training, evaluation and pictures, into one run directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from training.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE
from training.commands.evaluate import evaluate_run
from training.commands.options import positive_number, whole_number
from training.commands.shared import (
    add_data_arguments,
    divide_photos,
    draw_or_load_split,
    prepare_crops,
    run_safely,
    say,
)
from training.errors import DataError
from training.fitting.fit import fit
from training.fitting.recipe import SCHEDULES, Recipe
from training.polarity import DEPRESSED
from training.reporting.figures import draw_curves
from training.runs import Run

if TYPE_CHECKING:
    import argparse

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.data.split import SplitName
    from training.fitting.fit import Fitted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    defaults = Recipe()
    add_data_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="run directory, made if missing")
    parser.add_argument(
        "--arch",
        choices=sorted(ARCHITECTURES),
        default=DEFAULT_ARCHITECTURE,
        help=f"network (default {DEFAULT_ARCHITECTURE})",
    )
    parser.add_argument(
        "--epochs", type=whole_number, default=defaults.epochs, help=f"at most (default {defaults.epochs})"
    )
    parser.add_argument(
        "--minutes",
        type=positive_number,
        metavar="M",
        help="stop training cleanly after this long, keeping the best weights",
    )
    parser.add_argument(
        "--batch-size", type=whole_number, default=defaults.batch_size, help=f"(default {defaults.batch_size})"
    )
    parser.add_argument(
        "--learning-rate",
        type=positive_number,
        default=defaults.learning_rate,
        help=f"of Adam (default {defaults.learning_rate})",
    )
    parser.add_argument("--schedule", choices=SCHEDULES, default=defaults.schedule, help="of the learning rate")
    parser.add_argument(
        "--seed", type=int, default=defaults.seed, help=f"of split and training (default {defaults.seed})"
    )


def run(arguments: argparse.Namespace) -> int:
    """Train; the run directory then holds everything that `export` needs."""
    return run_safely(lambda: _fit(arguments))


def _fit(arguments: argparse.Namespace) -> None:
    recipe = Recipe(
        architecture=arguments.arch,
        epochs=arguments.epochs,
        minutes=arguments.minutes,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        schedule=arguments.schedule,
        seed=arguments.seed,
    )
    run = Run(arguments.out)
    run.folder.mkdir(parents=True, exist_ok=True)
    photos, store = prepare_crops(arguments.data, arguments.crops, arguments.processes)
    split = draw_or_load_split(photos, store, run.split, recipe.seed)
    parts = divide_photos(photos, store, split)
    train(recipe, store, parts, run, describe_data(arguments, store, parts))
    evaluate_run(run, store, parts["test"], arguments.data)


def describe_data(
    arguments: argparse.Namespace, store: CropStore, parts: dict[SplitName, tuple[Photo, ...]]
) -> dict[str, object]:
    """What `run.json` says of the data: `evaluate` and `export` find them by it."""
    return {
        "data": str(arguments.data.resolve()),
        "crops": str(arguments.crops.resolve()) if arguments.crops else None,
        "photos": {name: len(part) for name, part in parts.items()},
        "refused": store.refused,
    }


def train(
    recipe: Recipe,
    store: CropStore,
    parts: dict[SplitName, tuple[Photo, ...]],
    run: Run,
    data: dict[str, object],
) -> None:
    """Fit one network, write its curves and `run.json`; with `split.json`, the run is then ready for `evaluate`.

    Raises:
        DataError: a split is empty.
        FitFailed: the loss is not finite.
    """
    for name, part in parts.items():
        if not part:
            message = f"no photo of the {name} split gave a crop; look at the refused photos above"
            raise DataError(message)
    labels = [photo.label for photo in parts["train"]]
    say(f"training {recipe.architecture} on {len(labels)} photos, {labels.count(DEPRESSED)} of them depressed")
    fitted = fit(recipe, store, parts["train"], parts["validation"], run)
    if fitted.budget_used_up:
        say(f"the {recipe.minutes:g} minutes are used up; the best weights so far are kept")
    draw_curves(fitted.history, run.curves, f"{recipe.architecture}: training")
    run.write_description({**data, **_describe_training(recipe, fitted)})


def _describe_training(recipe: Recipe, fitted: Fitted) -> dict[str, object]:
    """What `run.json` and the model card say of a training."""
    return {
        "recipe": recipe.as_dict(),
        "class_weights_by_target": fitted.weights,
        "epochs_run": len(fitted.history["loss"]),
        "training_seconds": round(fitted.seconds, 1),
        "photos_per_second": round(fitted.photos_per_second, 1),
        "time_budget_used_up": fitted.budget_used_up,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
