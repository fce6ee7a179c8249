"""What to train, from an experiment and from options that say something else; without TensorFlow."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from training.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE
from training.commands.options import positive_number, whole_number
from training.errors import ExperimentInvalid
from training.fitting.experiment import experiment_names, load_experiment
from training.fitting.recipe import PRECISIONS, SCHEDULES, Recipe

if TYPE_CHECKING:
    import argparse

OVERRIDES = (
    "architecture",
    "epochs",
    "minutes",
    "batch_size",
    "learning_rate",
    "schedule",
    "precision",
    "initial_model",
    "seed",
)
"""Fields of `Recipe` that have an option of their own."""


def add_recipe_arguments(parser: argparse.ArgumentParser) -> None:
    """`--config`, and an option for each field that may be said beside it."""
    parser.add_argument(
        "--config",
        metavar="NAME|FILE",
        help=f"experiment: {', '.join(experiment_names())}, or a .toml file of yours (default {DEFAULT_ARCHITECTURE})",
    )
    overrides = parser.add_argument_group("instead of what the experiment says")
    overrides.add_argument(
        "--arch", dest="architecture", choices=sorted(ARCHITECTURES), help="network; without --config its experiment"
    )
    overrides.add_argument("--epochs", type=whole_number, help="at most")
    overrides.add_argument(
        "--minutes",
        type=positive_number,
        metavar="M",
        help="stop training cleanly after this long, keeping the best weights",
    )
    overrides.add_argument("--batch-size", type=whole_number)
    overrides.add_argument("--learning-rate", type=positive_number, help="of Adam")
    overrides.add_argument("--schedule", choices=SCHEDULES, help="of the learning rate")
    overrides.add_argument("--precision", choices=PRECISIONS, help="of layers while training")
    overrides.add_argument(
        "--start-from",
        dest="initial_model",
        metavar="VERSION|RUN|FILE",
        help="start from the weights of a model version's directory, a run, or a .keras file (transfer learning)",
    )
    overrides.add_argument("--seed", type=int, help="of split and training")


def read_recipe(arguments: argparse.Namespace) -> Recipe:
    """The experiment, with what the command line says instead.

    Raises:
        ExperimentInvalid: no such experiment, or a mistake in it; no model to start from.
    """
    if arguments.config is not None:
        recipe = load_experiment(arguments.config)
    else:
        recipe = usual_recipe(arguments.architecture or DEFAULT_ARCHITECTURE)
    said = {name: getattr(arguments, name) for name in OVERRIDES if getattr(arguments, name) is not None}
    if "initial_model" in said:
        said["initial_model"] = str(find_keras_file(Path(said["initial_model"])))
    return dataclasses.replace(recipe, **said)


def usual_recipe(architecture: str) -> Recipe:
    """The experiment of the network's name; the default rules where a registered network has no file of its own."""
    return load_experiment(architecture) if architecture in experiment_names() else Recipe(architecture=architecture)


def find_keras_file(path: Path) -> Path:
    """The `.keras` file of a model version's directory, of a run, or the file itself; absolute.

    Raises:
        ExperimentInvalid: there is none.
    """
    for candidate in (path, path / "assets.extra" / "model.keras", path / "model.keras"):
        if candidate.is_file():
            return candidate.resolve()
    message = f"--start-from {path}: there is no model.keras; give a model version's directory, a run, or a .keras file"
    raise ExperimentInvalid(message)
