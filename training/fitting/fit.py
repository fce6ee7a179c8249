"""Train one network by a recipe: crops in, `model.keras`, history and figures of the run out; resumable after a kill."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from training.architectures import build
from training.errors import ExperimentInvalid, WorkersFailed
from training.fitting.callbacks import FiniteLoss, HistoryFile, Progress, TimeBudget
from training.fitting.checkpoint import Checkpoint, read_checkpoint
from training.fitting.devices import find_devices
from training.fitting.fused_norm import FusedBatchNormalization
from training.fitting.identity import identify
from training.fitting.networks import build_plain, precision_of, save_model
from training.fitting.pipeline import evaluation_batches, training_batches
from training.fitting.recipe import batches_per_epoch, class_weights
from training.fitting.rules import rules_of
from training.fitting.together import ChiefDecides, PooledFigures, share_state
from training.fitting.workers import make_optimizer, naming_lost_workers
from training.polarity import targets_from_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.data.dataset import CropKind
    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.elsewhere.fitted import FittedElsewhere
    from training.fitting.checkpoint import Saved
    from training.fitting.devices import Devices
    from training.fitting.recipe import Recipe
    from training.fitting.workers import Workers
    from training.runs import Run


GPU_LOOK_BATCHES = 32
"""How often the loss is looked at where looking makes the GPU wait for the CPU (on CPUs alone: after every batch)."""


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
    elsewhere: FittedElsewhere | None = None
    """Where another Keras backend trained it."""


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
    identity = identify(recipe, store, training, validation, crop)
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
            watchers = [finite, progress, budget, *rules_of(recipe, run, budget, per_epoch), history]
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


def forget_checkpoint(run: Run) -> None:
    """When a run is complete there is nothing left to resume."""
    shutil.rmtree(run.checkpoint, ignore_errors=True)


def build_for_training(recipe: Recipe, plain: keras.Model, workers: Workers | None = None) -> keras.Model:
    """The same network with faster layers, in the recipe's precision, compiled, with the weights of `plain`.

    Raises:
        ExperimentInvalid: a frozen layer does not exist.
    """
    with precision_of(recipe.precision):
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
