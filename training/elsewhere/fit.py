"""Train one network by a recipe on the backend that Keras runs on, with all crops in memory."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import keras
import numpy as np

from training.elsewhere.batches import EvaluationBatches, TrainingBatches
from training.elsewhere.fitted import FittedElsewhere, digest_weights, write_fitted
from training.elsewhere.warp import Warp
from training.errors import ExperimentInvalid
from training.fitting.callbacks import FiniteLoss, HistoryFile, Progress, TimeBudget
from training.fitting.identity import identify
from training.fitting.networks import build_plain, precision_of
from training.fitting.recipe import batches_per_epoch, class_weights
from training.fitting.rules import rules_of
from training.polarity import targets_from_labels
from training.runs import Run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from training.data.dataset import CropKind
    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.fitting.recipe import Recipe

LOOK_BATCHES = 32
"""How often the loss is looked at; each look makes the device wait (`training.fitting.fit`)."""


def fit_elsewhere(
    recipe: Recipe,
    store: CropStore,
    training: Sequence[Photo],
    validation: Sequence[Photo],
    run: Run,
    *,
    crop: CropKind = "aligned",
    quiet: bool = False,
) -> FittedElsewhere:
    """Train, and leave the weights of the lowest validation loss in `run`; a training that is cut off leaves no `fitted.json`.

    Args:
        recipe: What to do.
        store: Crops of both splits, which are read into memory (49 kB each).
        training: Photos to learn from.
        validation: Photos that decide when to stop.
        run: Where the files go.
        crop: What the crops show.
        quiet: Print nothing.

    Raises:
        FitFailed: the loss is not finite.
        ExperimentInvalid: the recipe asks for what only `fit` can do.
    """
    if recipe.frozen_layers:
        message = "layers are frozen by `fit` alone; train without frozen_layers elsewhere"
        raise ExperimentInvalid(message)
    identity = identify(recipe, store, training, validation, crop)
    work = Run(run.elsewhere / "work")
    shutil.rmtree(work.folder, ignore_errors=True)
    work.folder.mkdir(parents=True)
    run.elsewhere_description.unlink(missing_ok=True)
    keras.utils.set_random_seed(recipe.seed)
    targets = targets_from_labels([photo.label for photo in training])
    weights = class_weights(targets.tolist())
    network, model = _build(recipe, store.crop_size)
    per_epoch = batches_per_epoch(len(training), recipe.batch_size)
    history = HistoryFile(work.history)
    progress = Progress(len(training), recipe.batch_size, recipe.epochs, quiet=quiet)
    budget = TimeBudget(recipe.minutes if recipe.minutes is not None else np.inf)
    started = time.monotonic()
    model.fit(
        TrainingBatches(
            _read(store, training),
            targets,
            weights,
            recipe.augmentation,
            batch_size=recipe.batch_size,
            seed=recipe.seed,
        ),
        validation_data=EvaluationBatches(
            _read(store, validation),
            targets_from_labels([photo.label for photo in validation]),
            batch_size=recipe.batch_size,
        ),
        epochs=recipe.epochs,
        shuffle=False,  # the batches are shuffled, from the seed
        verbose=0,
        callbacks=[
            FiniteLoss(per_epoch, LOOK_BATCHES),
            progress,
            budget,
            *rules_of(recipe, work, budget, per_epoch),
            history,
        ],
    )
    seconds = time.monotonic() - started
    if work.best.exists():
        model.load_weights(work.best)
    _save_weights(network, run.elsewhere_weights)
    fitted = FittedElsewhere(
        backend=keras.backend.backend(),
        device=device_name(),
        keras=keras.__version__,
        seconds=round(seconds, 1),
        photos_per_second=round(progress.photos_per_second, 1),
        history=history.columns,
        weights_sha256=digest_weights(run),
        budget_used_up=budget.used_up,
    )
    write_fitted(run, identity, fitted)
    shutil.rmtree(work.folder)
    return fitted


def _build(recipe: Recipe, size: int) -> tuple[keras.Model, keras.Model]:
    """The network, and the model that is trained: the augmentation before it, compiled."""
    with precision_of("float32"):
        plain = build_plain(recipe, size)
        warp = Warp(name="warp")
    with precision_of(recipe.precision):
        network = build_plain(recipe, size)
    network.set_weights(plain.get_weights())
    crop = keras.Input((size, size, 3), dtype="uint8", name="crop")
    transform = keras.Input((8,), name="transform")
    brightness = keras.Input((), name="brightness")
    model = keras.Model([crop, transform, brightness], network(warp(crop, transform, brightness)))
    optimizer = keras.optimizers.Adam(recipe.learning_rate)
    if recipe.precision == "float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model.compile(optimizer, loss="binary_crossentropy", metrics=["accuracy"])
    return network, model


def _read(store: CropStore, photos: Sequence[Photo]) -> np.ndarray:
    return store.read([photo.path for photo in photos])


def _save_weights(network: keras.Model, path: Path) -> None:
    temporary = path.with_name(f"tmp-{path.name}")
    network.save_weights(temporary)
    temporary.replace(path)


def device_name() -> str:
    """What the backend computes on, as it names it."""
    if keras.backend.backend() == "jax":
        import jax  # noqa: PLC0415 - of whoever trains with it

        return str(jax.devices()[0].device_kind)
    if keras.backend.backend() == "torch":
        import torch  # noqa: PLC0415 - the same

        return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else "cpu"
    return "cpu"
