"""Any bytes at all become pixels or a `PhotoError`: nothing else may come out of `decode_photo`."""

from __future__ import annotations

import zlib

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from serving.contract.errors import PhotoError
from serving.contract.photo import decode_photo
from tests.support.photo_bytes import (
    encode,
    insert_jpeg_segment,
    plain_picture,
    png_chunk,
    png_chunks,
    png_file,
    png_header,
    riff,
)

PICTURE = plain_picture(40, 30)
SEEDS = (
    encode(PICTURE, "JPEG"),
    encode(PICTURE, "JPEG", progressive=True),
    encode(PICTURE[..., 0], "JPEG"),
    encode(Image.fromarray(PICTURE).convert("CMYK"), "JPEG"),
    encode(PICTURE, "PNG"),
    encode(Image.fromarray(PICTURE).quantize(8), "PNG", transparency=0),
    encode(np.dstack([PICTURE, PICTURE[..., 0]]), "PNG"),
    encode(PICTURE, "WEBP"),
    encode(PICTURE, "WEBP", lossless=True),
    encode(np.dstack([PICTURE, PICTURE[..., 0]]), "WEBP", quality=50),
)
MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBP", b"")
fuzz = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def assert_pixels_or_photo_error(photo: bytes) -> None:
    refusal = None
    try:
        decoded = decode_photo(photo)
    except PhotoError as error:
        refusal = error
    if refusal is not None:
        assert str(refusal)
        assert refusal.advice
        return
    assert decoded.pixels.dtype == np.uint8
    assert decoded.pixels.ndim == 3
    assert decoded.pixels.shape[2] == 3
    assert decoded.pixels.size > 0


@fuzz
@given(st.sampled_from(MAGIC), st.binary(max_size=400))
def test_any_bytes(magic: bytes, rest: bytes) -> None:
    assert_pixels_or_photo_error(magic + rest)


@fuzz
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=12),
)
def test_photos_with_changed_bytes(seed: bytes, changes: list[tuple[int, int]]) -> None:
    photo = bytearray(seed)
    for position, value in changes:
        photo[position % len(photo)] = value
    assert_pixels_or_photo_error(bytes(photo))


@fuzz
@given(st.sampled_from(SEEDS), st.integers(0, 10_000), st.integers(0, 60), st.binary(max_size=40))
def test_photos_with_pieces_replaced(seed: bytes, position: int, length: int, piece: bytes) -> None:
    at = position % len(seed)
    assert_pixels_or_photo_error(seed[:at] + piece + seed[at + length :])


@fuzz
@given(st.data())
def test_pngs_of_every_kind(data: st.DataObject) -> None:
    header = png_header(
        width=data.draw(st.integers(1, 64)),
        height=data.draw(st.integers(1, 64)),
        depth=data.draw(st.sampled_from([1, 2, 4, 8, 16])),
        colour_type=data.draw(st.sampled_from([0, 2, 3, 4, 6])),
        interlace=data.draw(st.integers(0, 1)),
    )
    chunks = [
        png_chunk(b"PLTE", data.draw(st.binary(max_size=60))),
        png_chunk(b"tRNS", data.draw(st.binary(max_size=12))),
        png_chunk(b"IDAT", zlib.compress(data.draw(st.binary(max_size=600)))),
    ]
    assert_pixels_or_photo_error(png_file(header, *chunks))


@fuzz
@given(
    st.lists(
        st.tuples(st.sampled_from([b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP", b"EXIF"]), st.binary(max_size=60)),
        max_size=4,
    )
)
def test_webps_of_any_chunks(chunks: list[tuple[bytes, bytes]]) -> None:
    assert_pixels_or_photo_error(riff(chunks))


@fuzz
@given(st.integers(0xC0, 0xFE), st.binary(max_size=80))
def test_jpegs_with_any_segment(marker: int, body: bytes) -> None:
    assert_pixels_or_photo_error(insert_jpeg_segment(SEEDS[0], marker, body))


@fuzz
@given(st.binary(max_size=300))
def test_any_colour_profile(profile: bytes) -> None:
    assert_pixels_or_photo_error(insert_jpeg_segment(SEEDS[0], 0xE2, b"ICC_PROFILE\0\1\1" + profile))


@fuzz
@given(st.data())
def test_pngs_with_chunks_in_any_order(data: st.DataObject) -> None:
    chunks = [png_chunk(kind, body) for kind, body in png_chunks(SEEDS[5])]
    assert_pixels_or_photo_error(png_file(*data.draw(st.permutations(chunks))))
