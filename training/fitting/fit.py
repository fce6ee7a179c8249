"""Train one network by a recipe: crops in, `model.keras`, history and figures of the run out."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np

from training.architectures import build
from training.fitting.callbacks import CosineSchedule, HistoryFile, Progress, TimeBudget
from training.fitting.fused_norm import FusedBatchNormalization
from training.fitting.pipeline import evaluation_batches, training_batches
from training.fitting.recipe import class_weights
from training.polarity import targets_from_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.fitting.recipe import Recipe
    from training.runs import Run


@dataclass(frozen=True, slots=True)
class Fitted:
    """The finished model, with the weights of the lowest validation loss, and how the training went."""

    model: keras.Model
    history: dict[str, list[float]]
    seconds: float
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
    quiet: bool = False,
) -> Fitted:
    """Train, keep the weights of the lowest validation loss, and save `model.keras`.

    Args:
        recipe: What to do. The same recipe, data and machine give the same weights.
        store: Crops of both splits.
        training: Photos to learn from; augmented.
        validation: Photos that decide when to stop; never augmented.
        run: Where the files go.
        quiet: Print nothing.

    Raises:
        FitFailed: the loss is not finite.
    """
    run.best.unlink(missing_ok=True)  # those of an earlier training here would be taken for this one's
    keras.utils.set_random_seed(recipe.seed)
    plain = build(recipe.architecture, store.crop_size)
    model = build(recipe.architecture, store.crop_size, FusedBatchNormalization)
    model.set_weights(plain.get_weights())
    model.compile(keras.optimizers.Adam(recipe.learning_rate), loss="binary_crossentropy", metrics=["accuracy"])
    weights = class_weights(targets_from_labels([photo.label for photo in training]).tolist())
    progress = Progress(len(training), recipe.batch_size, recipe.epochs, quiet=quiet)
    budget = TimeBudget(recipe.minutes if recipe.minutes is not None else np.inf)
    started = time.monotonic()
    history = model.fit(
        training_batches(store, training, recipe.augmentation, batch_size=recipe.batch_size, seed=recipe.seed),
        validation_data=evaluation_batches(store, validation, batch_size=recipe.batch_size),
        epochs=recipe.epochs,
        class_weight=weights,
        shuffle=False,  # the pipeline shuffles, from the seed
        verbose=0,
        callbacks=[progress, budget, *_rules(recipe, run, budget, len(training)), HistoryFile(run.history)],
    ).history
    # Not left to EarlyStopping: it keeps nothing before its first epoch, ignores small gains, and a run that its time
    # budget cuts would end with the weights of an unfinished epoch.
    if run.best.exists():
        model.load_weights(run.best)
    plain.set_weights(model.get_weights())
    plain.save(run.model)
    return Fitted(
        model=plain,
        history={name: [float(value) for value in values] for name, values in history.items()},
        seconds=time.monotonic() - started,
        photos_per_second=progress.photos_per_second,
        budget_used_up=budget.used_up,
        weights=weights,
    )


def _rules(recipe: Recipe, run: Run, budget: TimeBudget, photos: int) -> list[keras.callbacks.Callback]:
    """A checkpoint, when to stop, and how the learning rate falls."""
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
        batches = recipe.epochs * math.ceil(photos / recipe.batch_size)
        rules.append(CosineSchedule(recipe.learning_rate, batches, budget))
    else:
        rules.append(
            keras.callbacks.ReduceLROnPlateau(
                monitor="val_loss",
                patience=recipe.plateau_patience_epochs,
                factor=recipe.plateau_factor,
                min_lr=recipe.learning_rate_floor,
            )
        )
    return rules
