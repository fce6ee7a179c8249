"""The rules of a training as Keras callbacks: which weights are kept, when it stops, and how the learning rate moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from training.fitting.schedules import CosineSchedule, WarmUp

if TYPE_CHECKING:
    from training.fitting.callbacks import TimeBudget
    from training.fitting.recipe import Recipe
    from training.runs import Run


def rules_of(recipe: Recipe, run: Run, budget: TimeBudget, per_epoch: int) -> list[keras.callbacks.Callback]:
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
