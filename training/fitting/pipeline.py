"""Shards -> batches for `Model.fit`, without holding the data set in memory."""

from __future__ import annotations

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


def training_batches(
    store: CropStore, photos: Sequence[Photo], ranges: Augmentation, *, batch_size: int, seed: int
) -> tf.data.Dataset:
    """Shuffled, augmented batches: (uint8 crops [n, size, size, 3], float32 targets [n, 1]); reshuffled every epoch.

    The order and every augmentation follow from `seed`.
    """
    order = tf.data.Dataset.range(len(photos)).shuffle(len(photos), seed=seed, reshuffle_each_iteration=True)
    batches = _read(order.batch(batch_size), store, photos)
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    return (
        tf.data.Dataset.zip((batches, seeds))
        .map(lambda batch, seed: (augment(batch[0], seed, ranges), batch[1]), num_parallel_calls=2, deterministic=True)
        .prefetch(4)
    )


def evaluation_batches(store: CropStore, photos: Sequence[Photo], *, batch_size: int) -> tf.data.Dataset:
    """The photos in order, as they are: (uint8 crops, float32 targets [n, 1])."""
    return _read(tf.data.Dataset.range(len(photos)).batch(batch_size), store, photos).prefetch(4)


def _read(indices: tf.data.Dataset, store: CropStore, photos: Sequence[Photo]) -> tf.data.Dataset:
    paths = [photo.path for photo in photos]
    targets = targets_from_labels([photo.label for photo in photos])[:, None]
    size = store.crop_size

    def read(batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return store.read([paths[index] for index in batch]), targets[batch]

    def read_in_graph(batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        crops, wanted = tf.numpy_function(read, [batch], [tf.uint8, tf.float32])
        return tf.ensure_shape(crops, [None, size, size, 3]), tf.ensure_shape(wanted, [None, 1])

    return indices.map(read_in_graph)
