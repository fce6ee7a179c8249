"""The augmentations of the portable training, held against those of `training.fitting.augmentation`."""

import numpy as np
import pytest
import tensorflow as tf

from training.elsewhere.batches import EvaluationBatches, TrainingBatches
from training.elsewhere.warp import Warp, draw, draw_nothing
from training.fitting.augmentation import augment
from training.fitting.ranges import Augmentation

pytestmark = pytest.mark.tensorflow
SIZE = 32


@pytest.fixture(scope="module")
def crops():
    return np.random.default_rng(1).integers(0, 256, (40, SIZE, SIZE, 3), dtype=np.uint8)


def warp(crops, draws):
    return np.asarray(Warp()(crops, draws.transforms, draws.brightness))


def batches(crops, seed=1):
    targets = (np.arange(len(crops)) % 2).astype(np.float32)
    return TrainingBatches(crops, targets, {0: 1.5, 1: 0.5}, Augmentation(), batch_size=16, seed=seed)


def test_the_same_draws_do_the_same_as_in_the_other_training(crops, monkeypatch):
    uniform = np.random.default_rng(7).uniform(-1.0, 1.0, (4, len(crops)))
    monkeypatch.setattr(tf.random, "stateless_uniform", lambda *_: tf.constant(uniform, tf.float32))
    theirs = augment(tf.constant(crops), tf.constant((1, 2), tf.int64), Augmentation()).numpy()
    ours = warp(crops, draw(len(crops), SIZE, Augmentation(), np.random.default_rng(7)))
    difference = np.abs(theirs.astype(int) - ours)
    assert difference.max() <= 1, "rounding in another order, no more"
    assert (difference > 0).mean() < 0.01


def test_nothing_drawn_changes_nothing(crops):
    np.testing.assert_array_equal(warp(crops, draw_nothing(len(crops))), crops)


def test_an_epoch_has_every_photo_once_and_the_next_one_another_order(crops):
    made = batches(crops)
    first = [made[number] for number in range(len(made))]
    assert [len(targets) for _, targets, _ in first] == [16, 16, 8]
    assert np.concatenate([targets for _, targets, _ in first]).sum() == len(crops) / 2
    for inputs, targets, weights in first:
        assert inputs["transform"].shape == (len(targets), 8)
        np.testing.assert_array_equal(weights, np.where(targets[:, 0] == 0, 1.5, 0.5).astype(np.float32))
    seen = np.concatenate([inputs["crop"] for inputs, *_ in first])
    assert sorted(crop.tobytes() for crop in seen) == sorted(crop.tobytes() for crop in crops)
    made.on_epoch_end()
    assert not np.array_equal(made[0][0]["crop"], first[0][0]["crop"])


def test_the_seed_decides_order_and_draws(crops):
    one, same, other = batches(crops), batches(crops), batches(crops, seed=2)
    np.testing.assert_array_equal(one[1][0]["transform"], same[1][0]["transform"])
    np.testing.assert_array_equal(one[1][0]["crop"], same[1][0]["crop"])
    assert not np.array_equal(one[1][0]["transform"], other[1][0]["transform"])


def test_evaluation_takes_the_photos_in_order_as_they_are(crops):
    made = EvaluationBatches(crops, np.zeros(len(crops), np.float32), batch_size=16)
    given = np.concatenate([made[number][0]["crop"] for number in range(len(made))])
    np.testing.assert_array_equal(given, crops)
