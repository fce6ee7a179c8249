"""What watches and steers a training run: time budget, learning rate, history, progress, a loss that is not finite."""

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
    from collections.abc import Mapping
    from pathlib import Path


WARM_UP_SHARE = 0.1
COSINE_END = 0.01


class TimeBudget(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Stops training, after a batch, when the time left is only enough for the validation that follows."""

    def __init__(self, minutes: float) -> None:
        super().__init__()
        self._budget_seconds = minutes * 60.0
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
        return (time.monotonic() - self._started + self._validation_seconds) / self._budget_seconds

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


class CosineSchedule(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Sets the learning rate before each batch by `cosine_rate`, over the planned batches or the time budget.

    Whichever of the two is further on counts, so that a slow machine ends with a low rate too. Where time decides, two runs
    differ.
    """

    def __init__(self, peak: float, batches: int, budget: TimeBudget) -> None:
        super().__init__()
        self._peak = peak
        self._batches = batches
        self._budget = budget
        self._done = 0

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Set the rate."""
        del batch, logs
        self.model.optimizer.learning_rate = cosine_rate(
            self._peak, max(self._done / self._batches, self._budget.share_used)
        )
        self._done += 1

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Put the rate into the history, as `ReduceLROnPlateau` does."""
        del epoch
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


def cosine_rate(peak: float, share_done: float) -> float:
    """Linear from a tenth of the peak over the first tenth of the training, then half a cosine down to a hundredth.

    >>> [round(cosine_rate(1.0, share), 3) for share in (0.0, 0.05, 0.1, 0.55, 1.0)]
    [0.1, 0.55, 1.0, 0.505, 0.01]
    """
    if share_done < WARM_UP_SHARE:
        return peak * (WARM_UP_SHARE + (1.0 - WARM_UP_SHARE) * share_done / WARM_UP_SHARE)
    falling = min(1.0, (share_done - WARM_UP_SHARE) / (1.0 - WARM_UP_SHARE))
    return peak * (COSINE_END + (1.0 - COSINE_END) * 0.5 * (1.0 + math.cos(math.pi * falling)))


class HistoryFile(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """`history.csv`: one line per epoch, complete on the disk when the epoch ends, whatever happens later.

    `keras.callbacks.CSVLogger` keeps the file open, and leaves it so when training fails.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Forget the history of an earlier run."""
        del logs
        self._path.unlink(missing_ok=True)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Append the epoch's figures."""
        figures = {"epoch": epoch + 1, **(logs or {})}
        with self._path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, figures)
            if file.tell() == 0:
                writer.writeheader()
            writer.writerow(figures)


class Progress(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """A bar over the batches of an epoch (on a terminal) and one line per epoch; measures photos per second.

    Raises:
        FitFailed: the loss of an epoch is not finite.
    """

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
        if not math.isfinite(figures["loss"]):
            message = (
                f"the loss became {figures['loss']} in epoch {epoch + 1}; lower --learning-rate or look at the photos"
            )
            raise FitFailed(message)
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
