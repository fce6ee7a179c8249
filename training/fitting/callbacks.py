"""What watches a training run: time budget, history, progress, a loss that is not finite."""

from __future__ import annotations

import csv
import math
import sys
import time
from typing import TYPE_CHECKING, Never

import keras
from tqdm import tqdm

from training.errors import FitFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class TimeBudget(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Stops training, after a batch, when the time left is only enough for the validation that follows."""

    def __init__(self, minutes: float) -> None:
        super().__init__()
        self._budget_seconds = minutes * 60.0
        self.seconds_before = 0.0
        """Spent by earlier processes on the same training."""
        self._started = 0.0
        self._validation_started = 0.0
        self._validation_seconds = 0.0
        self.used_up = False

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Start the clock."""
        del logs
        self._started = time.monotonic()

    @property
    def share_used(self) -> float:
        """Of the budget, from 0; the validation to come counts as used."""
        return (self.seconds_spent + self._validation_seconds) / self._budget_seconds

    @property
    def seconds_spent(self) -> float:
        """On this training so far, by this process and those before it."""
        return self.seconds_before + time.monotonic() - self._started

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Look at the clock."""
        del batch, logs
        if self.share_used >= 1.0:
            self.used_up = True
            self.model.stop_training = True

    def on_test_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Start measuring the validation."""
        del logs
        self._validation_started = time.monotonic()

    def on_test_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Remember how long the validation took."""
        del logs
        self._validation_seconds = time.monotonic() - self._validation_started


class HistoryFile(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """The figures of each epoch, in memory and as `history.csv`, complete on the disk when the epoch ends.

    `keras.callbacks.CSVLogger` keeps the file open, leaves it so when training fails, and would write an epoch twice where a
    killed training goes on.

    Args:
        path: Of the file; None keeps the figures in memory only.
    """

    def __init__(self, path: Path | None) -> None:
        super().__init__()
        self._path = path
        self.epochs: list[dict[str, float]] = []
        """One entry per finished epoch; set before the training starts where earlier processes trained some."""

    @property
    def columns(self) -> dict[str, list[float]]:
        """The figures by name, over the epochs."""
        return {name: [figures[name] for figures in self.epochs] for name in (self.epochs[0] if self.epochs else ())}

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Add the epoch."""
        del epoch
        self.epochs.append({name: float(value) for name, value in (logs or {}).items()})
        if self._path is not None:
            write_history(self._path, self.epochs)


def write_history(path: Path, epochs: Sequence[Mapping[str, float]]) -> None:
    """Write `history.csv`, one line per epoch, replacing the file in one step."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["epoch", *epochs[0]])
        writer.writeheader()
        writer.writerows({"epoch": number, **figures} for number, figures in enumerate(epochs, start=1))
    temporary.replace(path)


class FiniteLoss(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Ends a training whose loss is NaN or infinite: weights that are NaN stay so, and the epoch would be lost anyway.

    Looks at the mean loss of the epoch so far, which stays NaN once a batch was. On a CPU after every batch, where it is
    known by then and costs nothing to read; on a GPU that would make the next batch wait for the answer.

    Args:
        per_epoch: Batches of an epoch.
        every_batches: How often to look.

    Raises:
        FitFailed: in a callback, so out of `fit`.
    """

    def __init__(self, per_epoch: int, every_batches: int) -> None:
        super().__init__()
        self._per_epoch = per_epoch
        self._every_batches = every_batches
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Remember where the training is."""
        del logs
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Look, when it is time to."""
        if (batch + 1) % self._every_batches == 0 or batch + 1 == self._per_epoch:
            self._check(float((logs or {}).get("loss", 0.0)), f"by batch {batch + 1} of {self._per_epoch}")

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Look at the validation."""
        del epoch
        self._check(float((logs or {}).get("val_loss", 0.0)), "in the validation")

    def _check(self, loss: float, where: str) -> None:
        if not math.isfinite(loss):
            message = (
                f"the loss became {loss} in epoch {self._epoch + 1}, {where}; lower --learning-rate, or train in "
                "--precision float32 if it was another; nothing of this epoch is kept"
            )
            raise FitFailed(message)


class Progress(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """A bar over the batches of an epoch (on a terminal) and one line per epoch; measures photos per second."""

    def __init__(self, photos_per_epoch: int, batch_size: int, epochs: int, *, quiet: bool = False) -> None:
        super().__init__()
        self._photos_per_epoch = photos_per_epoch
        self._batch_size = batch_size
        self._epochs = epochs
        self._quiet = quiet
        self._bar: tqdm[Never] | None = None
        self._resumed = 0.0
        self._warm = False
        self.photos_seen = 0
        self.training_seconds = 0.0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Open the bar."""
        del logs
        self._bar = tqdm(
            total=self._photos_per_epoch,
            desc=f"epoch {epoch + 1}/{self._epochs}",
            unit="photo",
            leave=False,
            disable=True if self._quiet else None,
        )
        self._resumed = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Move the bar."""
        del logs
        now = time.monotonic()
        done = min(self._batch_size, self._photos_per_epoch - batch * self._batch_size)
        if self._warm:  # the very first batch is spent on tracing the graph
            self.training_seconds += now - self._resumed
            self.photos_seen += done
        self._warm = True
        self._resumed = now
        if self._bar is not None:
            self._bar.update(done)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Close the bar, print the line."""
        figures = dict(logs or {})
        if self._bar is not None:
            self._bar.close()
        if not self._quiet:
            shown = "  ".join(
                f"{name} {figures[name]:.3f}" for name in ("loss", "accuracy", "val_loss", "val_accuracy")
            )
            sys.stdout.write(f"epoch {epoch + 1}/{self._epochs}  {shown}  {self.photos_per_second:.0f} photos/s\n")
            sys.stdout.flush()

    @property
    def photos_per_second(self) -> float:
        """Photos trained on, per second of training (validation not counted)."""
        return self.photos_seen / max(self.training_seconds, 1e-9)
