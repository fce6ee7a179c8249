"""`python -m training compare`: several architectures on the same split of the same data, one seed: a first look.

Finished runs are kept, so an interrupted comparison goes on where it stopped.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.architectures import ARCHITECTURES
from training.commands.evaluate import evaluate_run, load_run_model
from training.commands.fit import describe_data, train
from training.commands.options import whole_number
from training.commands.recipe_options import usual_recipe
from training.commands.shared import (
    add_data_arguments,
    data_options,
    divide_photos,
    draw_or_load_split,
    prepare_crops,
    run_safely,
    say,
)
from training.data.dataset import are_subjects_known
from training.errors import DataError
from training.evaluation.answers import answer
from training.evaluation.comparison import ROWS, compare, draw_comparison, write_table
from training.evaluation.evaluate import read_bayes_accuracy
from training.fitting.recipe import Recipe
from training.flops import count_flops
from training.runs import Run, write_json, write_text

if TYPE_CHECKING:
    import argparse

    from training.evaluation.answers import Answers

NAME = "comparison"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_data_arguments(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="one run directory per architecture goes here"
    )
    parser.add_argument("--arch", nargs="+", choices=sorted(ARCHITECTURES), default=sorted(ARCHITECTURES))
    parser.add_argument(
        "--epochs", type=whole_number, default=Recipe().epochs, help=f"of each (default {Recipe().epochs})"
    )
    parser.add_argument(
        "--seed", type=int, default=Recipe().seed, help=f"of split and training (default {Recipe().seed})"
    )


def run(arguments: argparse.Namespace) -> int:
    """Train what is not trained yet, then write JSON, table and picture."""
    return run_safely(lambda: _compare(arguments))


def _compare(arguments: argparse.Namespace) -> None:
    photos, store = prepare_crops(arguments.data, arguments.crops, arguments.processes, data_options(arguments))
    arguments.out.mkdir(parents=True, exist_ok=True)
    split = draw_or_load_split(photos, store, arguments.out / "split.json", arguments.seed)
    parts = divide_photos(photos, store, split)
    data = describe_data(arguments.data, arguments.crops, data_options(arguments), store, parts)
    notes = {"subjects_known": are_subjects_known(arguments.data, data_options(arguments))}
    bayes_accuracy = read_bayes_accuracy(arguments.data)
    if bayes_accuracy is None:
        message = "compare needs drawn faces (python -m training synthesize): it states accuracy as a share of Bayes"
        raise DataError(message)
    results: dict[str, dict[str, Any]] = {}
    answers: dict[str, Answers] = {}
    for name in arguments.arch:
        recipe = dataclasses.replace(usual_recipe(name), epochs=arguments.epochs, seed=arguments.seed)
        run = Run(arguments.out / name)
        run.folder.mkdir(exist_ok=True)
        split.save(run.split)
        train(recipe, store, parts, run, data, notes=notes)
        evaluation = evaluate_run(run, store, parts["test"], arguments.data, parts["validation"])
        model = load_run_model(run)
        answers[name] = answer(model, store, parts["test"])
        found = {
            **evaluation,
            **run.read_description(),
            "accuracy_95": evaluation["intervals_95"]["accuracy"],
            "parameters": model.count_params(),
            "mflops": count_flops(model) / 1e6,
        }
        results[name] = {row: found[row] for row in ROWS}
    counts = {f"{name}_photos": len(part) for name, part in parts.items()}
    subjects = len({photo.subject_id for photo in parts["test"]})
    counts |= {"test_subjects": subjects, "seed": arguments.seed, "epochs": arguments.epochs}
    comparison = compare(results, answers, {**counts, "bayes_accuracy": round(bayes_accuracy, 4)})
    write_json(arguments.out / f"{NAME}.json", comparison)
    write_text(arguments.out / f"{NAME}.md", write_table(comparison))
    draw_comparison(comparison, arguments.out / f"{NAME}.png")
    say(write_table(comparison))
