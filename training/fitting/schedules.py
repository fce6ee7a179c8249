"""How the learning rate moves from batch to batch. Functions of the batch's number, so a resumed training needs no memory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training.fitting.callbacks import TimeBudget

COSINE_WARM_UP_SHARE = 0.1
COSINE_END = 0.01


class WarmUp(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Raises the rate linearly to its peak over the first batches, and leaves it alone afterwards.

    Args:
        peak: The rate at the end of the warm-up.
        batches: Of the warm-up; may be 0.
        per_epoch: Batches of an epoch.
    """

    def __init__(self, peak: float, batches: float, per_epoch: int) -> None:
        super().__init__()
        self._peak = peak
        self._batches = batches
        self._per_epoch = per_epoch
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Remember where the training is."""
        del logs
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Set the rate while warming up."""
        del logs
        number = self._epoch * self._per_epoch + batch
        if number < self._batches:
            self.model.optimizer.learning_rate = self._peak * (number + 1) / self._batches


class CosineSchedule(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Sets the learning rate before each batch by `cosine_rate`, over the planned batches or the time budget.

    Whichever of the two is further on counts, so that a slow machine ends with a low rate too. Where time decides, two runs
    differ.

    Args:
        peak: The highest rate.
        epochs: Planned.
        per_epoch: Batches of an epoch.
        budget: The clock.
    """

    def __init__(self, peak: float, epochs: int, per_epoch: int, budget: TimeBudget) -> None:
        super().__init__()
        self._peak = peak
        self._batches = epochs * per_epoch
        self._per_epoch = per_epoch
        self._budget = budget
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Remember where the training is."""
        del logs
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Set the rate."""
        del logs
        done = (self._epoch * self._per_epoch + batch) / self._batches
        self.model.optimizer.learning_rate = cosine_rate(self._peak, max(done, self._budget.share_used))

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
    if share_done < COSINE_WARM_UP_SHARE:
        start = COSINE_WARM_UP_SHARE
        return peak * (start + (1.0 - start) * share_done / start)
    falling = min(1.0, (share_done - COSINE_WARM_UP_SHARE) / (1.0 - COSINE_WARM_UP_SHARE))
    return peak * (COSINE_END + (1.0 - COSINE_END) * 0.5 * (1.0 + math.cos(math.pi * falling)))
