"""Train one network by a recipe: crops in, `model.keras`, history and figures of the run out; resumable after a kill."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from training.architectures import build
from training.errors import ExperimentInvalid, WorkersFailed
from training.fitting.callbacks import FiniteLoss, HistoryFile, Progress, TimeBudget
from training.fitting.checkpoint import Checkpoint, digest_photos, read_checkpoint
from training.fitting.devices import find_devices
from training.fitting.fused_norm import FusedBatchNormalization
from training.fitting.pipeline import batches_per_epoch, evaluation_batches, training_batches
from training.fitting.recipe import class_weights
from training.fitting.schedules import CosineSchedule, WarmUp
from training.fitting.together import ChiefDecides, PooledFigures, share_state
from training.fitting.workers import make_optimizer, naming_lost_workers
from training.polarity import targets_from_labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training.data.dataset import CropKind
    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.fitting.checkpoint import Saved
    from training.fitting.devices import Devices
    from training.fitting.recipe import Precision, Recipe
    from training.fitting.workers import Workers
    from training.runs import Run


GPU_LOOK_BATCHES = 32
"""How often the loss is looked at where looking makes the GPU wait for the CPU (on CPUs alone: after every batch)."""
UNREADABLE = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error)
"""What Keras raises for a `.keras` file that is missing, cut off, or holds something else."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The finished model, with the weights of the lowest validation loss, and how the training went."""

    model: keras.Model
    history: dict[str, list[float]]
    seconds: float
    """Of training and validation, over all processes that worked on it."""
    photos_per_second: float
    budget_used_up: bool
    weights: dict[int, float]
    """Class weights by target: 0 depressed, 1 not depressed."""


def fit(
    recipe: Recipe,
    store: CropStore,
    training: Sequence[Photo],
    validation: Sequence[Photo],
    run: Run,
    *,
    crop: CropKind = "aligned",
    quiet: bool = False,
) -> Fitted:
    """Train, keep the weights of the lowest validation loss, and save `model.keras`.

    Where an earlier process was killed in the middle of the same training, it goes on after the last whole epoch.

    Runs on what is there (`training.fitting.devices`). Of several workers all return the same model, and only the chief
    writes into `run`.

    Args:
        recipe: What to do. The same recipe, data and machine give the same weights, bit for bit, on a CPU.
        store: Crops of both splits.
        training: Photos to learn from; augmented.
        validation: Photos that decide when to stop; never augmented.
        run: Where the files go.
        crop: What the crops show; a checkpoint of others is not gone on from.
        quiet: Print nothing.

    Raises:
        FitFailed: the loss is not finite.
        ExperimentInvalid: the model to start from does not fit the architecture, or a frozen layer does not exist.
        RunInvalid: `run` holds the unfinished training of something else.
        WorkersFailed: another worker does not come, or is gone.
    """
    devices = find_devices()
    identity = _identify(recipe, store, training, validation, crop)
    saved = read_checkpoint(run.checkpoint, identity) if devices.chief else None
    if saved is None and devices.chief:
        run.best.unlink(missing_ok=True)  # those of an earlier training here would be taken for this one's
    keras.utils.set_random_seed(recipe.seed)
    if not tf.config.list_physical_devices("GPU"):
        # Some GPU kernels have no deterministic form and would refuse to run.
        tf.config.experimental.enable_op_determinism()
    plain = build_plain(recipe, store.crop_size)
    with devices.scope():
        model = build_for_training(recipe, plain, devices.workers)
    weights = class_weights(targets_from_labels([photo.label for photo in training]).tolist())
    history = HistoryFile(run.history if devices.chief else None)
    progress = Progress(len(training), recipe.batch_size, recipe.epochs, quiet=quiet or not devices.chief)
    per_epoch = batches_per_epoch(len(training), recipe.batch_size)
    finite = FiniteLoss(per_epoch, GPU_LOOK_BATCHES if tf.config.list_physical_devices("GPU") else 1)
    budget = TimeBudget(recipe.minutes if recipe.minutes is not None else np.inf)
    first = _first_epoch(recipe, identity, saved, devices)
    if first == recipe.epochs:
        if saved is not None:
            history.epochs, budget.seconds_before = saved.memory["HistoryFile"]["epochs"], saved.seconds
            progress.photos_seen = saved.memory["Progress"]["photos_seen"]
            progress.training_seconds = saved.memory["Progress"]["training_seconds"]
    else:
        started = time.monotonic()
        part = validation if devices.workers is None else devices.shares[0].part(validation)
        callbacks = [finite, progress, budget, history]
        if devices.chief:
            watchers = [finite, progress, budget, *_rules(recipe, run, budget, per_epoch), history]
            callbacks = [*watchers, Checkpoint(run.checkpoint, identity, watchers, budget, saved)]
        if devices.workers is not None:
            callbacks = [PooledFigures(devices.workers, len(part)), *callbacks, ChiefDecides(devices.workers)]
        with naming_lost_workers():
            model.fit(
                devices.distribute(
                    training_batches(
                        store,
                        training,
                        recipe.augmentation,
                        batch_size=recipe.batch_size,
                        seed=recipe.seed,
                        epochs=range(first, recipe.epochs),
                        shares=devices.shares,
                        class_weights=weights,
                    )
                ),
                validation_data=devices.distribute(
                    evaluation_batches(
                        store,
                        part,
                        batch_size=recipe.batch_size,
                        shares=() if devices.workers is not None else devices.shares,
                    )
                ),
                initial_epoch=first,
                epochs=recipe.epochs,
                steps_per_epoch=per_epoch,
                class_weight=None if devices.shares else weights,  # in the batches, where they are shared
                shuffle=False,  # the pipeline shuffles, from the seed
                verbose=0,
                callbacks=callbacks,
            )
        budget.seconds_before += time.monotonic() - started
    # Not left to EarlyStopping: it keeps nothing before its first epoch, ignores small gains, and a run that its time
    # budget cuts would end with the weights of an unfinished epoch.
    if devices.chief and run.best.exists():
        model.load_weights(run.best)
    if devices.workers is not None:
        share_state(devices.workers, model.variables)
    plain.set_weights(model.get_weights())
    if devices.chief:
        save_model(plain, run.model)
    return Fitted(
        model=plain,
        history=history.columns,
        seconds=budget.seconds_before,
        photos_per_second=progress.photos_per_second,
        budget_used_up=budget.used_up,
        weights=weights,
    )


def _identify(
    recipe: Recipe, store: CropStore, training: Sequence[Photo], validation: Sequence[Photo], crop: CropKind
) -> dict[str, Any]:
    """What a checkpoint is of. The last two only where they are not the usual ones: checkpoints of before lack them."""
    identity = {
        "recipe": recipe.as_dict(),
        "training": digest_photos(training),
        "validation": digest_photos(validation),
        "crop_size": store.crop_size,
    }
    if crop != "aligned":
        identity["crop"] = crop
    if recipe.initial_model is not None:
        identity["initial_model_sha256"] = digest_model(recipe.initial_model)
    return identity


def digest_model(path: str | Path) -> str:
    """SHA-256 of a model to start from.

    Raises:
        ExperimentInvalid: it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        message = f"the model to start from, {path}, cannot be read: {error.strerror}"
        raise ExperimentInvalid(message) from error


def _first_epoch(recipe: Recipe, identity: dict[str, Any], saved: Saved | None, devices: Devices) -> int:
    """Where to go on, as the chief's checkpoint says; the number of epochs where nothing is left to do.

    Raises:
        WorkersFailed: the chief trains something else than this worker.
    """
    first = 0
    if saved is not None:
        first = recipe.epochs if saved.finished else min(saved.epochs_done, recipe.epochs)
    if devices.workers is None:
        return first
    mine = float(int(hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12], 16))
    chiefs_first, chiefs = devices.workers.tell(np.array([float(first), mine]))
    if chiefs != mine:
        message = (
            "the first worker trains by another recipe or on other photos; start all with the same command and data"
        )
        raise WorkersFailed(message)
    return int(chiefs_first)


def save_model(model: keras.Model, path: Path) -> None:
    """Write a `.keras` file, replacing an older one in one step."""
    temporary = path.with_name(f"tmp-{path.name}")
    model.save(temporary)
    temporary.replace(path)


def forget_checkpoint(run: Run) -> None:
    """When a run is complete there is nothing left to resume."""
    shutil.rmtree(run.checkpoint, ignore_errors=True)


def build_plain(recipe: Recipe, size: int) -> keras.Model:
    """The network that is saved: plain Keras layers in float32, with the weights that training starts from.

    Raises:
        ExperimentInvalid: the model to start from cannot be read, or has other weights.
    """
    model = build(recipe.architecture, size)
    if recipe.initial_model is None:
        return model
    try:
        start = keras.saving.load_model(recipe.initial_model, compile=False).get_weights()
    except UNREADABLE as error:
        message = f"the model to start from, {recipe.initial_model}, cannot be read: {error}"
        raise ExperimentInvalid(message) from error
    if [value.shape for value in start] != [value.shape for value in model.get_weights()]:
        message = (
            f"{recipe.initial_model} is no {recipe.architecture} network for crops of {size} pixels: other weights"
        )
        raise ExperimentInvalid(message)
    model.set_weights(start)
    return model


def build_for_training(recipe: Recipe, plain: keras.Model, workers: Workers | None = None) -> keras.Model:
    """The same network with faster layers, in the recipe's precision, compiled, with the weights of `plain`.

    Raises:
        ExperimentInvalid: a frozen layer does not exist.
    """
    with _precision(recipe.precision):
        model = build(recipe.architecture, plain.inputs[0].shape[1], FusedBatchNormalization)
        model.set_weights(plain.get_weights())
        for name in recipe.frozen_layers:
            try:
                model.get_layer(name).trainable = False
            except ValueError as error:
                known = ", ".join(layer.name for layer in model.layers)
                message = f"frozen_layers names {name!r}, which {recipe.architecture} does not have; it has {known}"
                raise ExperimentInvalid(message) from error
        optimizer = make_optimizer(recipe.learning_rate, workers, scale_loss=recipe.precision == "float16")
        model.compile(optimizer, loss="binary_crossentropy", metrics=["accuracy"])
        model.optimizer.build(model.trainable_variables)  # before a checkpoint or the best weights are read into it
    return model


@contextmanager
def _precision(precision: Precision) -> Iterator[None]:
    """Keras' dtype policy while layers are made; it is global, and the models made afterwards must not inherit it."""
    before: Any = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32" if precision == "float32" else f"mixed_{precision}")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _rules(recipe: Recipe, run: Run, budget: TimeBudget, per_epoch: int) -> list[keras.callbacks.Callback]:
    """A checkpoint of the best weights, when to stop, and how the learning rate moves."""
    rules = [
        keras.callbacks.ModelCheckpoint(str(run.best), monitor="val_loss", save_best_only=True, save_weights_only=True),
        keras.callbacks.EarlyStopping(
            monitor="val_loss",
            patience=recipe.stop_patience_epochs,
            min_delta=recipe.stop_min_delta,
            start_from_epoch=recipe.stop_start_epoch,
        ),
    ]
    if recipe.schedule == "cosine":
        return [*rules, CosineSchedule(recipe.learning_rate, recipe.epochs, per_epoch, budget)]
    plateau = keras.callbacks.ReduceLROnPlateau(
        monitor="val_loss",
        patience=recipe.plateau_patience_epochs,
        factor=recipe.plateau_factor,
        min_lr=recipe.learning_rate_floor,
    )
    return [*rules, WarmUp(recipe.learning_rate, recipe.warm_up_epochs * per_epoch, per_epoch), plateau]
