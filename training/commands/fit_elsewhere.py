"""`python -m training fit-elsewhere`: train where TensorFlow has no GPU, on the Keras backend that KERAS_BACKEND names.

It needs Keras with JAX or PyTorch, and what makes crops; not TensorFlow. The run directory then goes to where TensorFlow is, and
`python -m training fit` with the same options takes the weights over, calibrates and evaluates.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from training.commands.recipe_options import add_recipe_arguments, read_recipe
from training.commands.shared import (
    add_data_arguments,
    data_options,
    divide_photos,
    draw_or_load_split,
    prepare_crops,
    run_safely,
    say,
)
from training.elsewhere.fit import device_name, fit_elsewhere
from training.runs import Run

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_data_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="run directory; its split is kept")
    add_recipe_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train; `fit` with the same options goes on from there."""
    return run_safely(lambda: _fit(arguments))


def _fit(arguments: argparse.Namespace) -> None:
    recipe = read_recipe(arguments)
    target = Run(arguments.out)
    target.folder.mkdir(parents=True, exist_ok=True)
    options = data_options(arguments)
    photos, store = prepare_crops(arguments.data, arguments.crops, arguments.processes, options)
    parts = divide_photos(photos, store, draw_or_load_split(photos, store, target.split, recipe.seed))
    fitted = fit_elsewhere(recipe, store, parts["train"], parts["validation"], target, crop=options.crop)
    say(
        f"{fitted.photos_per_second:.0f} photos/s on {fitted.backend}, {device_name()}; now: python -m training fit, same options"
    )
