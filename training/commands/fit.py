"""`python -m training fit`: crops, split, training, evaluation and pictures, into one run directory.

A command that was killed goes on where it was when it is given again; one that had finished trains nothing again.

It trains on what is there, without an option (`training.fitting.devices`): one device, all GPUs of this machine, or several
machines. For these the same command is started on each, with the variable TF_CONFIG (`SEVERAL_MACHINES`, the help's last
lines). Only the first of them writes the run directory.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from training.calibration.calibrate import calibrate
from training.commands.evaluate import evaluate_run
from training.commands.forbidding import check_forbidding
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
from training.commands.start_model import describe_start
from training.data.dataset import DataOptions, are_subjects_known
from training.errors import DataError, RunInvalid
from training.fitting.devices import is_chief
from training.fitting.fit import fit, forget_checkpoint
from training.fitting.networks import save_model
from training.fitting.take_over import take_over
from training.polarity import DEPRESSED
from training.reporting.figures import draw_curves
from training.runs import Run, write_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.data.split import SplitName
    from training.elsewhere.fitted import FittedElsewhere
    from training.fitting.fit import Fitted
    from training.fitting.recipe import Recipe


SEVERAL_MACHINES = (
    "Several GPUs of this machine are used together without being asked. Several machines: make the crops once "
    "(`python -m training crops`) where each can read them, then start this same command on each with TF_CONFIG set to "
    '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}, '
    "index 0 on host1, 1 on host2; the first writes RUN. On machines with several GPUs, start one worker for each GPU, with "
    "CUDA_VISIBLE_DEVICES. A batch is divided between them, so the recipe stays the same. After a loss of one, start all again."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = SEVERAL_MACHINES
    add_data_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="run directory, made if missing")
    parser.add_argument(
        "--despite-inspection",
        metavar="WHY",
        help="train although something forbids it (a column that tells the labels apart, a picture with both labels); kept "
        "in run.json",
    )
    add_recipe_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train; the run directory then holds everything that `export` needs."""
    return run_safely(lambda: _fit(arguments))


def _fit(arguments: argparse.Namespace) -> None:
    recipe = read_recipe(arguments)
    with nullcontext(arguments.out) if is_chief() else tempfile.TemporaryDirectory(prefix="symmetra-worker-") as folder:
        run = Run(Path(folder))
        run.folder.mkdir(parents=True, exist_ok=True)
        options = data_options(arguments)
        photos, store = prepare_crops(arguments.data, arguments.crops, arguments.processes, options)
        despite = check_forbidding(photos, store, arguments.despite_inspection)
        split = draw_or_load_split(photos, store, run.split, recipe.seed)
        parts = divide_photos(photos, store, split)
        data = describe_data(arguments.data, arguments.crops, options, store, parts)
        notes = {
            "subjects_known": are_subjects_known(arguments.data, options),
            **describe_start(recipe, split, arguments.data),
            **despite,
        }
        train(recipe, store, parts, run, data, notes=notes)
        if is_chief():
            evaluate_run(run, store, parts["test"], arguments.data, parts["validation"])


def describe_data(
    data_dir: Path,
    crops: Path | None,
    options: DataOptions,
    store: CropStore,
    parts: dict[SplitName, tuple[Photo, ...]],
) -> dict[str, Any]:
    """What `run.json` says of the data: `evaluate` and `export` find them by it."""
    return {
        "data": str(data_dir.resolve()),
        "crops": str(crops.resolve()) if crops else None,
        "data_options": options.as_dict(),
        "photos": {name: len(part) for name, part in parts.items()},
        "refused": store.refused,
    }


def train(
    recipe: Recipe,
    store: CropStore,
    parts: dict[SplitName, tuple[Photo, ...]],
    run: Run,
    data: dict[str, Any],
    *,
    notes: Mapping[str, Any],
    abstains: bool = True,
) -> None:
    """Fit one network, calibrate it on validation, write its curves and `run.json`; the run is then ready for `evaluate`.

    Where it was done before by the same recipe on the same photos, nothing is done again.

    Args:
        recipe: What to do.
        store: Crops of all splits.
        parts: The photos by split.
        run: Where the files go.
        data: What it is trained on (`describe_data`); a finished run must have the same.
        notes: Kept in `run.json` and not compared: "subjects_known", "start_model", "despite_inspection".
        abstains: Choose an abstention; without one `training policy` finds none to put into a policy.

    Raises:
        DataError: a split is empty.
        ExperimentInvalid: the recipe cannot be followed.
        FitFailed: the loss is not finite.
        CalibrationImpossible: the validation photos are of one label only.
        RunInvalid: the run directory holds another training.
    """
    for name, part in parts.items():
        if not part:
            message = f"no photo of the {name} split gave a crop; look at the refused photos above"
            raise DataError(message)
    if _is_finished(run, recipe, data):
        say(f"{run.folder}: trained before by the same recipe on the same photos, kept")
        return
    labels = [photo.label for photo in parts["train"]]
    say(f"training {recipe.architecture} on {len(labels)} photos, {labels.count(DEPRESSED)} of them depressed")
    crop = DataOptions.from_dict(data["data_options"]).crop
    fitted = take_over(recipe, store, parts["train"], parts["validation"], run, crop=crop)
    if fitted is not None and fitted.elsewhere is not None:
        say(f"taking over the weights that {fitted.elsewhere.backend} trained on {fitted.elsewhere.device}")
    if fitted is None:
        fitted = fit(recipe, store, parts["train"], parts["validation"], run, crop=crop)
    if fitted.budget_used_up:
        say(f"the {recipe.minutes:g} minutes are used up; the best weights so far are kept")
    draw_curves(fitted.history, run.curves, f"{recipe.architecture}: training")
    say("calibrating on the validation split")
    model, calibration = calibrate(
        fitted.model,
        store,
        parts["validation"],
        aligned=crop == "aligned",
        class_weights=fitted.weights,
        abstains=abstains,
    )
    save_model(model, run.model)
    write_json(run.calibration, calibration)
    run.write_description({**data, **notes, **_describe_training(recipe, fitted)})
    forget_checkpoint(run)  # last: until the description is there, a run that is killed goes on from it


def _is_finished(run: Run, recipe: Recipe, data: dict[str, Any]) -> bool:
    if not run.description.exists():
        return False
    description = run.read_description()
    wanted = {"recipe": recipe.as_dict(), **data}
    if all(description.get(name) == value for name, value in json.loads(json.dumps(wanted)).items()):
        return True
    message = (
        f"{run.folder} holds a finished training by another recipe or on other photos; train into a new --out folder"
    )
    raise RunInvalid(message)


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
        **({"trained_elsewhere": _describe_elsewhere(fitted.elsewhere)} if fitted.elsewhere is not None else {}),
    }


def _describe_elsewhere(elsewhere: FittedElsewhere) -> dict[str, str]:
    return {name: getattr(elsewhere, name) for name in ("backend", "device", "keras", "weights_sha256")}
