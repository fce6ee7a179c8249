"""The jitter of a crop is small, stated, the same everywhere, and does not know left from right."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image

from serving.contract.jitter import JITTER_COPIES, TURN_DEGREES, ZOOM, jitter_crops
from serving.contract.policy import JITTER_VERSION


def smooth_crops(count: int = 3, size: int = 128) -> np.ndarray:
    rng = np.random.default_rng(4)
    coarse = rng.integers(30, 220, (count, 8, 8, 3), dtype=np.uint8)
    return np.stack(
        [np.asarray(Image.fromarray(crop).resize((size, size), Image.Resampling.BICUBIC)) for crop in coarse]
    )


def test_each_crop_gets_its_copies_and_keeps_shape_and_type() -> None:
    crops = smooth_crops(2, 96)
    copies = jitter_crops(crops)
    assert copies.shape == (2, JITTER_COPIES, 96, 96, 3)
    assert copies.dtype == np.uint8
    np.testing.assert_array_equal(copies[1:], jitter_crops(crops[1:]))
    assert jitter_crops(crops[:0]).shape == (0, JITTER_COPIES, 96, 96, 3)


def test_copies_of_a_mirrored_crop_are_the_mirror_images_of_the_copies() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (2, 128, 128, 3), dtype=np.uint8)
    mirrored = np.ascontiguousarray(crops[:, :, ::-1])
    for copies, others in zip(jitter_crops(crops), jitter_crops(mirrored), strict=True):
        images = sorted(copy[:, ::-1].tobytes() for copy in copies)
        assert images == sorted(copy.tobytes() for copy in others)


def test_copies_all_differ_from_the_crop_and_from_each_other_but_little() -> None:
    crop = smooth_crops(1)
    copies = jitter_crops(crop)[0]
    assert len({copy.tobytes() for copy in (crop[0], *copies)}) == JITTER_COPIES + 1
    assert 1.0 < np.abs(copies.astype(float) - crop[0]).mean() < 12.0


def test_brightness_moves_by_three_percent_either_way_and_light_does_not_wrap_around() -> None:
    grey = np.full((1, 128, 128, 3), 100, np.uint8)
    levels = jitter_crops(grey)[0]
    assert sorted({int(level) for level in np.unique(levels)}) == [96, 103]
    white = np.full((1, 128, 128, 3), 255, np.uint8)
    assert jitter_crops(white).min() >= 247
    assert jitter_crops(white).max() == 255
    assert not jitter_crops(np.zeros_like(white)).any()


@pytest.mark.parametrize("size", [128, 256])
def test_copies_move_the_picture_by_what_is_stated(size: int) -> None:
    # Where a bright spot lands tells shift, turn and zoom; two spots tell all of them.
    spots = np.zeros((2, size, size, 3), np.uint8)
    radius, middle = size * 3 // 8, (size - 1) / 2
    across = np.arange(size) - middle
    for spot, centre in zip(spots, (-radius, radius), strict=True):
        distance = (across[None] - centre) ** 2 + across[:, None] ** 2
        spot[...] = np.rint(250 * np.exp(-distance / 18))[..., None]
    copies = jitter_crops(spots).astype(float)[..., 0]
    mass = copies.sum(axis=(2, 3))
    x = (copies.sum(axis=2) * across).sum(axis=2) / mass
    y = (copies.sum(axis=3) * across).sum(axis=2) / mass
    zoom = np.hypot(x[1] - x[0], y[1] - y[0]) / (2 * radius)
    turn = np.degrees(np.arctan2(y[1] - y[0], x[1] - x[0]))
    np.testing.assert_allclose(np.abs(zoom - 1), ZOOM, atol=0.003)
    np.testing.assert_allclose(np.abs(turn), TURN_DEGREES, atol=0.1)
    np.testing.assert_allclose(np.abs([x.mean(axis=0), y.mean(axis=0)]), size / 128, atol=0.1)
    assert sorted(np.sign(turn)) == sorted(np.sign(zoom - 1)) == [-1] * 4 + [1] * 4
    assert (np.sign(turn) * np.sign(zoom - 1)).sum() == 0


def test_edges_are_repeated_so_that_no_copy_has_a_dark_border() -> None:
    light = np.full((1, 128, 128, 3), 200, np.uint8)
    assert jitter_crops(light).min() > 190


def test_bytes_are_those_of_this_version_of_the_jitter() -> None:
    crops = ((np.arange(2 * 128 * 128 * 3) * 7919) % 251).astype(np.uint8).reshape(2, 128, 128, 3)
    digest = hashlib.sha256(jitter_crops(crops).tobytes()).hexdigest()
    assert (JITTER_VERSION, digest[:16]) == ("jitter-1", "1b2e22f8aa2b7639")
