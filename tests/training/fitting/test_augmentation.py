import numpy as np
import pytest
import tensorflow as tf

from training.fitting.augmentation import augment
from training.fitting.ranges import NO_AUGMENTATION, Augmentation

pytestmark = pytest.mark.tensorflow
SIZE = 32


@pytest.fixture(scope="module")
def crops():
    """Smooth pictures, so that a small shift makes a small difference."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    phases = np.random.default_rng(1).uniform(0, 6, (40, 1, 1))
    waves = 127 + 80 * np.sin(4 * x + phases) * np.cos(3 * y + 2 * phases)
    return np.repeat(waves[..., None], 3, axis=3).astype(np.uint8)


def run(crops, ranges, seed=(1, 2)):
    return augment(tf.constant(crops), tf.constant(seed, tf.int64), ranges).numpy()


def only(**change):
    return Augmentation(
        **{"rotation_degrees": 0.0, "zoom_fraction": 0.0, "flip": False, "brightness_fraction": 0.0} | change
    )


def test_nothing_asked_changes_nothing(crops):
    np.testing.assert_array_equal(run(crops, NO_AUGMENTATION), crops)


def test_flip_gives_exactly_the_crop_or_its_mirror_image_and_both_occur(crops):
    flipped = run(crops, only(flip=True))
    same = [np.array_equal(a, b) for a, b in zip(flipped, crops, strict=True)]
    mirrored = [np.array_equal(a, b[:, ::-1]) for a, b in zip(flipped, crops, strict=True)]
    assert all(a or b for a, b in zip(same, mirrored, strict=True))
    assert 5 < sum(same) < 35


def test_brightness_moves_every_pixel_alike_within_the_range(crops):
    moved = run(crops, only(brightness_fraction=0.15)).astype(int) - crops
    unclipped = crops.reshape(len(crops), -1)
    for shift, levels in zip(moved.reshape(len(crops), -1), unclipped, strict=True):
        inside = (levels + shift > 0) & (levels + shift < 255)
        assert np.ptp(shift[inside]) == 0
        assert abs(shift[inside][0]) <= round(0.15 * 255)


def test_rotation_turns_about_the_middle_by_at_most_its_range():
    bar = np.zeros((40, 65, 65, 3), np.uint8)
    bar[:, 32, 4:61] = 255
    turned = run(bar, only(rotation_degrees=10.0)).astype(float).mean(axis=3)
    assert (turned[:, 32, 32] > 200).all()
    y, x = np.mgrid[-32:33, -32:33]
    angles = []
    for picture in turned:
        covariance = np.cov(np.stack([x.ravel(), y.ravel()]), aweights=picture.ravel() + 1e-9)
        angles.append(np.degrees(0.5 * np.arctan2(2 * covariance[0, 1], covariance[0, 0] - covariance[1, 1])))
    assert 6.0 < np.abs(angles).max() <= 10.3
    assert min(angles) < 0 < max(angles)


def test_zoom_keeps_the_middle_and_scales_within_its_range():
    disc = np.zeros((40, 65, 65, 3), np.uint8)
    y, x = np.mgrid[-32:33, -32:33]
    disc[:, x**2 + y**2 <= 400] = 255
    radii = np.sqrt(run(disc, only(zoom_fraction=0.1))[..., 0].astype(float).sum(axis=(1, 2)) / 255 / np.pi)
    assert (radii > 20.0 * 0.9 - 0.3).all()
    assert (radii < 20.0 * 1.1 + 0.3).all()
    assert np.ptp(radii) > 2.0


def test_same_seed_same_result_and_another_seed_another(crops):
    np.testing.assert_array_equal(run(crops, Augmentation()), run(crops, Augmentation()))
    assert not np.array_equal(run(crops, Augmentation()), run(crops, Augmentation(), (1, 3)))


def test_rotation_stays_within_ten_degrees_by_default():
    assert Augmentation().rotation_degrees <= 10.0
