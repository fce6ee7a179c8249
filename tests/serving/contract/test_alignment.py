"""The square of a face: where it lies, and how it is resampled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.contract.alignment import Alignment, align_eyes, share_outside, warp

coordinates = st.floats(-500, 1500)


def smooth(height: int, width: int) -> np.ndarray:
    """Changes so slowly that resampling cannot change it by more than rounding."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 200 / width, y * 200 / height, (x + y) * 100 / (width + height)], axis=-1).astype(np.uint8)


@given(st.tuples(coordinates, coordinates, coordinates, coordinates), st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_the_eyes_come_to_lie_where_the_crop_wants_them(
    eyes: tuple[float, float, float, float], between: float, line: float
) -> None:
    right, left = np.array(eyes).reshape(2, 2)
    alignment = align_eyes(right, left, inter_eye_fraction=between, eye_line_fraction=line)
    wanted = np.array([[0.5 - between / 2, line], [0.5 + between / 2, line]])
    np.testing.assert_allclose(alignment.to_photo(wanted), [right, left], atol=1e-6)


def test_size_and_tilt_follow_from_the_eyes() -> None:
    alignment = align_eyes(
        np.array([100.0, 100.0]), np.array([130.0, 140.0]), inter_eye_fraction=0.5, eye_line_fraction=0.4
    )
    assert alignment.side_pixels == pytest.approx(100)
    assert alignment.roll_degrees == pytest.approx(np.degrees(np.arctan2(40, 30)))


def test_a_square_turned_round_has_its_corners_swapped() -> None:
    alignment = Alignment(left=10, top=20, right_x=30, right_y=5)
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    np.testing.assert_allclose(alignment.turned_round().to_photo(corners), alignment.to_photo(corners[::-1]))


def test_a_level_square_of_the_same_size_is_a_cut() -> None:
    photo = smooth(300, 400)
    cut = warp(photo, Alignment(left=37, top=52, right_x=128, right_y=0), 128)
    assert np.abs(cut.astype(int) - photo[52:180, 37:165]).max() <= 1


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_square_turned_by_right_angles_is_a_turned_cut(turns: int) -> None:
    photo = smooth(256, 256)
    side = np.array([[256, 0], [0, 256], [-256, 0], [0, -256]])[turns]
    corner = np.array([[0, 0], [256, 0], [256, 256], [0, 256]])[turns]
    cut = warp(photo, Alignment(*corner.tolist(), *side.tolist()), 128)
    np.testing.assert_allclose(cut, warp(np.rot90(photo, turns).copy(), Alignment(0, 0, 256, 0), 128), atol=1)


@pytest.mark.parametrize("scale", [1.0, 1.37, 2.0, 3.3, 7.9])
@pytest.mark.parametrize("width", [640, 641, 643])
def test_a_mirrored_photo_is_cut_into_the_mirrored_square(scale: float, width: int) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (480, width, 3), dtype=np.uint8)
    side = 64 * scale
    plain = warp(photo, Alignment(left=30.3, top=20.7, right_x=side, right_y=0.2 * side), 64)
    corner = Alignment(left=30.3, top=20.7, right_x=side, right_y=0.2 * side).to_photo(np.array([1.0, 0.0]))
    mirrored = warp(photo[:, ::-1].copy(), Alignment(width - corner[0], corner[1], side, -0.2 * side), 64)
    difference = np.abs(plain[:, ::-1].astype(int) - mirrored)
    assert difference.mean() <= 0.5
    assert difference.max() <= 4


@pytest.mark.parametrize("period", [2, 3, 4])
@pytest.mark.parametrize("scale", [2.0, 2.7, 4.0, 9.0])
def test_detail_too_fine_for_the_crop_becomes_grey_and_not_a_pattern(period: int, scale: float) -> None:
    stripes = np.where(np.arange(1200) % period < period / 2, 0, 255).astype(np.uint8)
    photo = np.repeat(np.tile(stripes, (1200, 1))[..., None], 3, axis=-1)
    cut = warp(photo, Alignment(left=20, top=20, right_x=64 * scale, right_y=3), 64)
    if scale >= period:
        assert cut.std() <= 0.15 * photo.std()


def test_outside_the_photo_its_edge_is_repeated() -> None:
    photo = np.full((100, 100, 3), 200, np.uint8)
    photo[:, :50] = 10
    cut = warp(photo, Alignment(left=-100, top=-100, right_x=300, right_y=0), 60)
    assert (cut[:, :28] == 10).all()
    assert (cut[:, 32:] == 200).all()


@settings(deadline=None, max_examples=200)
@given(st.floats(-3000, 3000), st.floats(-3000, 3000), st.floats(-2000, 2000), st.floats(-2000, 2000))
def test_any_square_gives_a_crop(left: float, top: float, right_x: float, right_y: float) -> None:
    photo = smooth(90, 120)
    cut = warp(photo, Alignment(left, top, right_x, right_y), 32)
    assert cut.shape == (32, 32, 3)
    assert cut.dtype == np.uint8
    assert cut.max() <= photo.max()


def test_the_share_outside_counts_points() -> None:
    points = np.array([[0.1, 0.5], [0.4, 0.5], [0.6, 0.5], [0.9, 0.5]])
    level = Alignment(left=0, top=0, right_x=100, right_y=0)
    assert share_outside((100, 100, 3), level, points) == 0
    assert share_outside((100, 50, 3), level, points) == 0.5
    assert share_outside((100, 100, 3), Alignment(-100, 0, 100, 0), points) == 1
