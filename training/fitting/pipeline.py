"""Shards -> batches for `Model.fit`, without holding the data set in memory.

Order and augmentation of every batch are functions of (seed, epoch, batch) alone, so that a training that was killed goes on
with exactly the batches it would have seen.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from training.fitting.augmentation import augment
from training.polarity import targets_from_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.fitting.augmentation import Augmentation

AUGMENTATION_STREAM = 0x5EED
"""Keeps the draws of the augmentation apart from those of the order."""
PARALLEL_BATCHES = 2


def batches_per_epoch(photos: int, batch_size: int) -> int:
    """The last one may be smaller."""
    return math.ceil(photos / batch_size)


def training_batches(
    store: CropStore,
    photos: Sequence[Photo],
    ranges: Augmentation,
    *,
    batch_size: int,
    seed: int,
    epochs: range,
) -> tf.data.Dataset:
    """Shuffled, augmented batches of the epochs, one after the other.

    Each is (uint8 crops [n, size, size, 3], float32 targets [n, 1]); an epoch has `batches_per_epoch` of them and holds
    every photo once.
    """
    per_epoch = batches_per_epoch(len(photos), batch_size)

    def order(epoch: tf.Tensor) -> tf.data.Dataset:
        keys = tf.random.stateless_uniform([len(photos)], tf.stack([tf.constant(seed, tf.int64), epoch]))
        indices = tf.data.Dataset.from_tensor_slices(tf.argsort(keys, stable=True)).batch(batch_size)
        numbers = tf.data.Dataset.range(epoch * per_epoch, (epoch + 1) * per_epoch)
        return tf.data.Dataset.zip((indices, numbers))

    read = _reader(store, photos)

    def prepare(indices: tf.Tensor, number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        crops, targets = read(indices)
        return augment(crops, tf.stack([tf.constant(seed ^ AUGMENTATION_STREAM, tf.int64), number]), ranges), targets

    numbered = tf.data.Dataset.range(epochs.start, epochs.stop).flat_map(order)
    return numbered.map(prepare, num_parallel_calls=PARALLEL_BATCHES, deterministic=True).prefetch(4)


def evaluation_batches(store: CropStore, photos: Sequence[Photo], *, batch_size: int) -> tf.data.Dataset:
    """The photos in order, as they are: (uint8 crops, float32 targets [n, 1])."""
    return tf.data.Dataset.range(len(photos)).batch(batch_size).map(_reader(store, photos)).prefetch(4)


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
