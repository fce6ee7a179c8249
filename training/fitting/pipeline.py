"""Shards -> batches for `Model.fit`, without holding the data set in memory.

Order and augmentation of every batch are functions of (seed, epoch, batch) alone, so that a training that was killed goes on
with exactly the batches it would have seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from training.fitting.augmentation import Rows, augment
from training.fitting.recipe import batches_per_epoch
from training.polarity import targets_from_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.fitting.ranges import Augmentation

AUGMENTATION_STREAM = 0x5EED
"""Keeps the draws of the augmentation apart from those of the order."""
PARALLEL_BATCHES = 2


@dataclass(frozen=True, slots=True)
class Share:
    """The part of each batch that one of several replicas reads.

    Its rows' losses are weighted so that the mean over the replicas' means is the mean over the whole batch, however it was
    divided. A batch of fewer rows than replicas leaves some replicas nothing: they read one row with weight 0.
    """

    index: int
    count: int

    def rows(self, batch_rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """First row, row after the last, and the weight of each, for a batch of `batch_rows`."""
        first = batch_rows * self.index // self.count
        end = batch_rows * (self.index + 1) // self.count
        weight = tf.cast((end - first) * self.count, tf.float32) / tf.cast(batch_rows, tf.float32)
        first = tf.minimum(first, batch_rows - 1)
        return first, tf.maximum(end, first + 1), weight

    def part(self, photos: Sequence[Photo]) -> Sequence[Photo]:
        """The photos that this replica validates on; at least one."""
        first = min(len(photos) * self.index // self.count, len(photos) - 1)
        return photos[first : max(len(photos) * (self.index + 1) // self.count, first + 1)]


def training_batches(
    store: CropStore,
    photos: Sequence[Photo],
    ranges: Augmentation,
    *,
    batch_size: int,
    seed: int,
    epochs: range,
    shares: Sequence[Share] = (),
    class_weights: Mapping[int, float] | None = None,
) -> tf.data.Dataset:
    """Shuffled, augmented batches of the epochs, one after the other.

    Each is (uint8 crops [n, size, size, 3], float32 targets [n, 1]); an epoch has `batches_per_epoch` of them and holds
    every photo once.

    With `shares`, each batch becomes one smaller batch per share, in their order, of the same photos augmented alike, and
    with a third part: float32 weights [n], which hold `class_weights` (by target) too, because Keras takes one of the two.
    """
    per_epoch = batches_per_epoch(len(photos), batch_size)

    def order(epoch: tf.Tensor) -> tf.data.Dataset:
        keys = tf.random.stateless_uniform([len(photos)], tf.stack([tf.constant(seed, tf.int64), epoch]))
        indices = tf.data.Dataset.from_tensor_slices(tf.argsort(keys, stable=True)).batch(batch_size)
        numbers = tf.data.Dataset.range(epoch * per_epoch, (epoch + 1) * per_epoch)
        return tf.data.Dataset.zip((indices, numbers))

    read = _reader(store, photos)

    def seeds(number: tf.Tensor) -> tf.Tensor:
        return tf.stack([tf.constant(seed ^ AUGMENTATION_STREAM, tf.int64), number])

    def prepare_share(share: Share) -> Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, ...]]:
        def prepare_rows(indices: tf.Tensor, number: tf.Tensor) -> tuple[tf.Tensor, ...]:
            rows = tf.shape(indices)[0]
            first, end, weight = share.rows(rows)
            crops, targets = read(indices[first:end])
            by_class = class_weights or {0: 1.0, 1: 1.0}
            weights = weight * tf.where(targets[:, 0] < 0.5, by_class[0], by_class[1])
            return augment(crops, seeds(number), ranges, Rows(first, rows)), targets, weights

        return prepare_rows

    def prepare(indices: tf.Tensor, number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        crops, targets = read(indices)
        return augment(crops, seeds(number), ranges), targets

    numbered = tf.data.Dataset.range(epochs.start, epochs.stop).flat_map(order)
    parts = [
        numbered.map(work, num_parallel_calls=PARALLEL_BATCHES, deterministic=True)
        for work in ([prepare_share(share) for share in shares] or [prepare])
    ]
    return _in_turn(parts).prefetch(4)


def evaluation_batches(
    store: CropStore, photos: Sequence[Photo], *, batch_size: int, shares: Sequence[Share] = ()
) -> tf.data.Dataset:
    """The photos in order, as they are: (uint8 crops, float32 targets [n, 1]).

    With `shares`, each batch becomes one smaller batch per share, in their order.
    """
    read = _reader(store, photos)

    def read_share(share: Share) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
        def read_rows(indices: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            first, end, _ = share.rows(tf.shape(indices)[0])
            rows: tuple[tf.Tensor, tf.Tensor] = read(indices[first:end])
            return rows

        return read_rows

    numbered = tf.data.Dataset.range(len(photos)).batch(batch_size)
    return _in_turn([numbered.map(work) for work in ([read_share(share) for share in shares] or [read])]).prefetch(4)


def _in_turn(parts: Sequence[tf.data.Dataset]) -> tf.data.Dataset:
    """The first of each, the second of each, and so on; all are equally long."""
    if len(parts) == 1:
        return parts[0]
    return tf.data.Dataset.choose_from_datasets(parts, tf.data.Dataset.range(len(parts)).repeat())


def _reader(store: CropStore, photos: Sequence[Photo]) -> tf.types.experimental.GenericFunction:
    paths = [photo.path for photo in photos]
    targets = targets_from_labels([photo.label for photo in photos])[:, None]
    size = store.crop_size

    def read(batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return store.read([paths[index] for index in batch]), targets[batch]

    def read_in_graph(batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # Stateless: it only reads. A stateful one would be run one at a time under op determinism.
        crops, wanted = tf.numpy_function(read, [batch], [tf.uint8, tf.float32], stateful=False)
        return tf.ensure_shape(crops, [None, size, size, 3]), tf.ensure_shape(wanted, [None, 1])

    return read_in_graph
