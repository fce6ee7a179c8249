"""Cameras store the sensor's rows and say in EXIF how to hold them: all eight ways must give the same pixels."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from serving.contract.exif import read_orientation
from serving.contract.photo import decode_photo
from tests.support.orientations import STORED, stored_as
from tests.support.photo_bytes import exif_block, plain_picture

PICTURE = plain_picture(96, 64)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_a_lossless_photo_is_turned_upright_exactly(orientation: int, order: str, form: str) -> None:
    decoded = decode_photo(stored_as(PICTURE, orientation, form, order))
    np.testing.assert_array_equal(decoded.pixels, PICTURE)
    assert (decoded.width_pixels, decoded.height_pixels) == (96, 64)


@pytest.mark.parametrize("orientation", STORED)
def test_a_jpeg_is_turned_upright(orientation: int) -> None:
    decoded = decode_photo(stored_as(PICTURE, orientation, "JPEG"))
    assert np.abs(decoded.pixels.astype(int) - PICTURE).mean() <= 2
    assert (decoded.width_pixels, decoded.height_pixels) == (96, 64)


@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_an_orientation_that_does_not_exist_is_upright(value: int) -> None:
    assert read_orientation(exif_block(value)) == 1


@pytest.mark.parametrize("orientation", STORED)
def test_the_orientation_is_read_in_both_byte_orders_and_behind_the_jpeg_header(orientation: int) -> None:
    for order in "<>":
        assert read_orientation(exif_block(orientation, order)) == orientation
        assert read_orientation(b"Exif\0\0" + exif_block(orientation, order)) == orientation


def test_other_tags_before_the_orientation_are_passed_over() -> None:
    entries = struct.pack(">HHIHH", 0x0110, 2, 4, 0, 0) + struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    assert read_orientation(b"MM\0*" + struct.pack(">IH", 8, 2) + entries) == 6


@pytest.mark.parametrize(
    "entry",
    [
        struct.pack(">HHIHH", 0x0112, 4, 1, 6, 0),
        struct.pack(">HHIHH", 0x0112, 3, 2, 6, 0),
    ],
    ids=["of another type", "of two values"],
)
def test_a_malformed_orientation_is_upright(entry: bytes) -> None:
    assert read_orientation(b"MM\0*" + struct.pack(">IH", 8, 1) + entry) == 1


@given(st.binary(max_size=200))
@example(b"II*\0" + struct.pack("<I", 2**32 - 1))
@example(b"MM\0*" + struct.pack(">IH", 8, 65_535))
def test_any_bytes_give_an_orientation(exif: bytes) -> None:
    assert 1 <= read_orientation(exif) <= 8
    assert 1 <= read_orientation(b"II*\0" + exif) <= 8
