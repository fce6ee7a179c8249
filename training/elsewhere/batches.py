"""Crops in memory -> batches for `Model.fit` on any backend. Order and draws are functions of (seed, epoch, batch) alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from training.elsewhere.warp import draw, draw_nothing
from training.fitting.recipe import batches_per_epoch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.fitting.ranges import Augmentation

Batch = tuple[dict[str, Any], "NDArray[np.float32]", "NDArray[np.float32]"]


class TrainingBatches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """Every photo once per epoch, in another order each time, augmented.

    Args:
        crops: uint8 [n, size, size, 3].
        targets: float32 [n].
        weights: By target, 0 depressed and 1 not.
        ranges: Of the augmentation.
        batch_size: Photos.
        seed: Of the recipe.
    """

    def __init__(
        self,
        crops: NDArray[np.uint8],
        targets: NDArray[np.float32],
        weights: dict[int, float],
        ranges: Augmentation,
        *,
        batch_size: int,
        seed: int,
    ) -> None:
        super().__init__(workers=2, max_queue_size=8)
        self._crops = crops
        self._targets = targets
        self._weights = np.where(targets < 0.5, weights[0], weights[1]).astype(np.float32)
        self._ranges = ranges
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0
        self._order = self._draw_order()

    def __len__(self) -> int:
        """Batches of an epoch."""
        return batches_per_epoch(len(self._crops), self._batch_size)

    def __getitem__(self, number: int) -> Batch:
        """One batch of the present epoch."""
        rows = self._order[number * self._batch_size : (number + 1) * self._batch_size]
        rng = np.random.default_rng((self._seed, self._epoch, number + 1))  # 0 would be the stream of the order
        draws = draw(len(rows), self._crops.shape[1], self._ranges, rng)
        return _inputs(self._crops[rows], draws), self._targets[rows, None], self._weights[rows]

    def on_epoch_end(self) -> None:
        """Go on to the next epoch's order."""
        self._epoch += 1
        self._order = self._draw_order()

    def _draw_order(self) -> NDArray[np.int64]:
        return np.random.default_rng((self._seed, self._epoch)).permutation(len(self._crops))


class EvaluationBatches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """The photos in order, as they are; arguments as of `TrainingBatches`."""

    def __init__(self, crops: NDArray[np.uint8], targets: NDArray[np.float32], *, batch_size: int) -> None:
        super().__init__()
        self._crops = crops
        self._targets = targets
        self._batch_size = batch_size

    def __len__(self) -> int:
        """Batches of all photos."""
        return batches_per_epoch(len(self._crops), self._batch_size)

    def __getitem__(self, number: int) -> Batch:
        """One batch."""
        rows = slice(number * self._batch_size, (number + 1) * self._batch_size)
        crops = self._crops[rows]
        return _inputs(crops, draw_nothing(len(crops))), self._targets[rows, None], np.ones(len(crops), np.float32)


def _inputs(crops: NDArray[np.uint8], draws: tuple[Any, Any]) -> dict[str, Any]:
    return {"crop": crops, "transform": draws[0], "brightness": draws[1]}
