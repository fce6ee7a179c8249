"""`python -m training reproduce`: the paper's protocol from the first drawn face to one table, on synthetic faces.

Everything is resumable: photos, crops, every epoch, every finished run. Further seeds are added to what is there.
"""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.commands.evaluate import evaluate_run, load_run_model
from training.commands.fit import describe_data, train
from training.commands.options import whole_number
from training.commands.shared import divide_photos, draw_or_load_split, prepare_crops, run_safely, say
from training.data.dataset import DataOptions
from training.data.protocol_split import (
    PAPER_PHOTOS,
    PAPER_TEST_DEPRESSED,
    PAPER_TEST_NOT_DEPRESSED,
    draw_protocol_split,
)
from training.evaluation.across_seeds import pool_accuracy, pool_difference
from training.evaluation.answers import Answers, answer
from training.evaluation.evaluate import read_bayes_accuracy
from training.fitting.experiment import load_experiment
from training.fitting.recipe import SCHEDULES
from training.flops import count_flops
from training.polarity import DEPRESSED
from training.reporting.reproduction import REPRODUCTION_SCHEMA, SYNTHETIC, draw_reproduction, write_table
from training.runs import Run, write_json, write_text
from training.synthetic.corpus import CorpusPlan, write_corpus

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.fitting.recipe import Precision, Schedule

NAME = "reproduction"
ARCHITECTURES = ("paper", "twin")
EVALUATION_NAMES = (
    "photos",
    "accuracy",
    "precision",
    "recall",
    "specificity",
    "f1",
    "auroc",
    "ece",
    "brier",
    "share_of_bayes",
    "band_flips_mirrored",
    "largest_p_difference_mirrored",
)
ANSWERS_NAME = "test_answers.npz"
SEED_FOLDER = "seed-"
PRECISIONS: dict[str, Precision] = {"paper": "bfloat16", "twin": "float32"}
"""Of layers while training, where nothing else is said: the faster one on a CPU with bfloat16 (two cores, photos per second:
paper 108 in float32 and 195 in bfloat16, twin 313 and fewer)."""
PHOTOS_PER_SUBJECT = 2
DRAWING_SEED = 1


@dataclass(frozen=True, slots=True)
class Protocol:
    """The paper's numbers (section II, `seed` items 5, 13 and H); smaller ones are for tests."""

    photos: int = PAPER_PHOTOS
    test_not_depressed: int = PAPER_TEST_NOT_DEPRESSED
    test_depressed: int = PAPER_TEST_DEPRESSED
    epochs: int = 20
    schedule: Schedule | None = None
    """Of the learning rate; None for each network's own (`training/experiments`)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="faces, runs and results go here")
    parser.add_argument("--faces", type=Path, metavar="DIR", help="where the faces are drawn (default: OUT/faces)")
    parser.add_argument(
        "--photos",
        type=whole_number,
        default=Protocol().photos,
        help=f"to draw (the paper's: {Protocol().photos:,}); the test split stays the paper's in size",
    )
    parser.add_argument("--seeds", type=whole_number, nargs="+", default=[1], help="each its own split and start")
    parser.add_argument("--epochs", type=whole_number, default=Protocol().epochs, help="at most (the paper's: 20)")
    parser.add_argument(
        "--schedule", choices=SCHEDULES, help="of the learning rate (default: each network's own experiment's)"
    )
    parser.add_argument(
        "--arch", nargs="+", choices=ARCHITECTURES, default=list(ARCHITECTURES), help="train these now (default: both)"
    )
    parser.add_argument(
        "--float32", action="store_true", help="train the paper's network in float32 too, not in bfloat16"
    )
    parser.add_argument(
        "--without-abstention",
        action="store_true",
        help="measure the bands alone: asking about jittered copies is most of the time of an evaluation",
    )


def run(arguments: argparse.Namespace) -> int:
    """Do what is not done yet, then write JSON, table and picture."""
    return run_safely(lambda: _reproduce(arguments))


def _reproduce(arguments: argparse.Namespace) -> None:
    protocol = Protocol(photos=arguments.photos, epochs=arguments.epochs, schedule=arguments.schedule)
    reproduce(
        arguments.out,
        arguments.seeds,
        protocol,
        faces=arguments.faces,
        float32=arguments.float32,
        train_now=arguments.arch,
        abstains=not arguments.without_abstention,
    )


def reproduce(
    out: Path,
    seeds: Sequence[int],
    protocol: Protocol,
    *,
    faces: Path | None = None,
    float32: bool = False,
    train_now: Sequence[str] = ARCHITECTURES,
    abstains: bool = True,
) -> dict[str, Any]:
    """Draw, train, evaluate, compare; returns the content of `reproduction.json`.

    Args:
        out: Everything goes here, and what is there already is kept.
        seeds: To train now; finished runs of other seeds found in `out` count too.
        protocol: How many photos and epochs.
        faces: Where the faces are, or are to be drawn; None for `out/faces`.
        float32: No mixed precision.
        train_now: Networks to train; finished runs of the others count too.
        abstains: Choose and measure an abstention too.
    """
    faces = faces or out / "faces"
    write_corpus(faces, CorpusPlan(protocol.photos, PHOTOS_PER_SUBJECT, DRAWING_SEED))
    photos, store = prepare_crops(faces, None, None)
    draw = partial(
        draw_protocol_split,
        test_not_depressed=protocol.test_not_depressed,
        test_depressed=protocol.test_depressed,
    )
    answers: dict[int, dict[str, Answers]] = {}
    figures: dict[int, dict[str, dict[str, Any]]] = {}
    content: dict[str, Any] = {}
    for seed in sorted({*seeds, *_finished_seeds(out)}):
        folder = out / f"{SEED_FOLDER}{seed}"
        folder.mkdir(parents=True, exist_ok=True)
        split = draw_or_load_split(photos, store, folder / "split.json", seed, draw)
        parts = divide_photos(photos, store, split)
        for name in ARCHITECTURES:
            run = Run(folder / name)
            if (seed not in seeds or name not in train_now) and not run.evaluation.exists():
                continue
            run.folder.mkdir(exist_ok=True)
            split.save(run.split)
            precision: Precision = "float32" if float32 else PRECISIONS[name]
            recipe = replace(load_experiment(name), epochs=protocol.epochs, seed=seed, precision=precision)
            if protocol.schedule is not None:
                recipe = replace(recipe, schedule=protocol.schedule)
            say(f"seed {seed}, {name}:")
            data = describe_data(faces, None, DataOptions(), store, parts)
            train(recipe, store, parts, run, data, notes={"subjects_known": True}, abstains=abstains)
            if not run.evaluation.exists():
                evaluate_run(run, store, parts["test"], faces, parts["validation"])
            answers.setdefault(seed, {})[name] = _answers(run, store, parts["test"])
            figures.setdefault(seed, {})[name] = _figures(run)
            content = _describe(protocol, photos, read_bayes_accuracy(faces), figures, answers)
            _write(out, content)  # after every run, so that an interrupted campaign has shown something
    say((out / f"{NAME}.md").read_text(encoding="utf-8"))
    return content


def _finished_seeds(out: Path) -> list[int]:
    names = (
        path.parent.parent.name.removeprefix(SEED_FOLDER) for path in out.glob(f"{SEED_FOLDER}*/*/evaluation.json")
    )
    return [int(name) for name in names if name.isdecimal()]  # a person may keep a copy there, such as "seed-1-old"


def _answers(run: Run, store: CropStore, test: Sequence[Photo]) -> Answers:
    """The finished model's answers on its test split; kept, because asking takes a while."""
    path = run.folder / ANSWERS_NAME
    if not path.exists():
        found = answer(load_run_model(run), store, test)
        with path.with_name(f"tmp-{ANSWERS_NAME}").open("wb") as file:
            np.savez(file, p=found.p, p_mirrored=found.p_mirrored)
        path.with_name(f"tmp-{ANSWERS_NAME}").replace(path)
    with np.load(path) as kept:
        return Answers(
            depressed=np.array([photo.label == DEPRESSED for photo in test]),
            subjects=tuple(photo.subject_id for photo in test),
            p=kept["p"],
            p_mirrored=kept["p_mirrored"],
        )


def _figures(run: Run) -> dict[str, Any]:
    """What the table says of one run."""
    evaluation, description = run.read_evaluation(), run.read_description()
    model = load_run_model(run)
    with run.history.open(encoding="utf-8") as file:
        epochs = list(csv.DictReader(file))
    return {
        **{name: evaluation[name] for name in EVALUATION_NAMES},
        "accuracy_95": evaluation["intervals_95"]["accuracy"],
        **evaluation["confusion"],
        "band_flips_over_two": evaluation["mirrored"]["flips_over_two_bands"],
        "parameters": model.count_params(),
        "mflops": count_flops(model) / 1e6,
        "epochs_run": description["epochs_run"],
        "training_minutes": description["training_seconds"] / 60.0,
        "photos_per_second": description["photos_per_second"],
        "precision_of_layers": description["recipe"]["precision"],
        "schedule": description["recipe"]["schedule"],
        "trained_on": _trained_on(description),
        "history": {name: [float(row[name]) for row in epochs] for name in ("accuracy", "val_accuracy")},
    }


def _trained_on(description: dict[str, Any]) -> str:
    elsewhere = description.get("trained_elsewhere")
    return f"{elsewhere['device']}, {elsewhere['backend']}" if elsewhere else "this machine, tensorflow"


def _describe(
    protocol: Protocol,
    photos: Sequence[Photo],
    bayes_accuracy: float | None,
    figures: dict[int, dict[str, dict[str, Any]]],
    answers: dict[int, dict[str, Answers]],
) -> dict[str, Any]:
    assert bayes_accuracy is not None, "the faces were drawn by this command"  # noqa: S101 - for the type checker
    by_name = {
        name: {seed: found[name] for seed, found in answers.items() if name in found}
        for name in ARCHITECTURES
        if any(name in found for found in answers.values())
    }
    one, other = reversed(ARCHITECTURES)
    both = set(by_name.get(one, {})) & set(by_name.get(other, {}))
    return {
        "schema": REPRODUCTION_SCHEMA,
        "note": SYNTHETIC,
        "data": {
            **asdict(protocol),
            "subjects": len({photo.subject_id for photo in photos}),
            "photos_per_subject": PHOTOS_PER_SUBJECT,
            "bayes_accuracy": bayes_accuracy,
        },
        "seeds": {str(seed): found for seed, found in sorted(figures.items())},
        "pooled": {
            name: {"seeds": sorted(runs), **pool_accuracy([runs[seed] for seed in sorted(runs)], bayes_accuracy)}
            for name, runs in by_name.items()
        },
        "paired": {f"{one} - {other}": pool_difference(by_name[one], by_name[other])} if both else {},
    }


def _write(out: Path, content: dict[str, Any]) -> None:
    write_json(out / f"{NAME}.json", content)
    write_text(out / f"{NAME}.md", write_table(content))
    draw_reproduction(content, out / f"{NAME}.png")
