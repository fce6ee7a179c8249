"""Whatever colours a file holds, the pixels are 8-bit sRGB."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from serving.contract.photo import decode_photo
from tests.support.photo_bytes import (
    encode,
    insert_jpeg_segment,
    insert_png_chunk,
    plain_picture,
    png_chunk,
    png_of,
    riff,
    webp_canvas,
    webp_chunks,
)

PICTURE = plain_picture(64, 48)
GREY = PICTURE[..., 0]
WHITE = 255


def grey_as_rgb(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=-1)


def on_white(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None] / 255
    return pixels * share + WHITE * (1 - share)


def assert_close(one: np.ndarray, other: np.ndarray, largest: float) -> None:
    assert one.shape == other.shape
    assert np.abs(one.astype(float) - other).max() <= largest


def swapped_profile(*, colour_space: bytes = b"RGB ") -> bytes:
    """A profile whose red is blue and whose blue is red: nobody can apply it unnoticed."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))
    swapped = profile.replace(b"rXYZ", b"temp").replace(b"bXYZ", b"rXYZ").replace(b"temp", b"bXYZ")
    return swapped[:16] + colour_space + swapped[20:]


def test_grey_becomes_three_equal_channels() -> None:
    np.testing.assert_array_equal(decode_photo(encode(GREY, "PNG")).pixels, grey_as_rgb(GREY))
    jpeg = decode_photo(encode(GREY, "JPEG", quality=95)).pixels
    assert (jpeg[..., 0] == jpeg[..., 1]).all()
    assert (jpeg[..., 1] == jpeg[..., 2]).all()


def test_one_bit_is_black_and_white() -> None:
    bits = GREY > 120
    decoded = decode_photo(encode(Image.fromarray(bits), "PNG")).pixels
    np.testing.assert_array_equal(decoded, grey_as_rgb(bits * np.uint8(255)))


@pytest.mark.parametrize("colour_type", [0, 2])
def test_sixteen_bits_keep_their_upper_half(colour_type: int) -> None:
    ramp = np.linspace(0, 65_535, 64 * 48).astype(np.uint16).reshape(48, 64)
    samples = ramp if colour_type == 0 else np.repeat(ramp[..., None], 3, axis=-1)
    np.testing.assert_array_equal(
        decode_photo(png_of(samples, colour_type)).pixels, grey_as_rgb((ramp >> 8).astype(np.uint8))
    )


def test_sixteen_bits_with_transparency_lie_on_white() -> None:
    ramp = np.linspace(0, 65_535, 64 * 48).astype(np.uint16).reshape(48, 64)
    for colour_type, channels in ((4, 1), (6, 3)):
        samples = np.concatenate(
            [np.repeat(ramp[..., None], channels, axis=-1), np.full_like(ramp, 0x80FF)[..., None]], axis=-1
        )
        expected = on_white(grey_as_rgb((ramp >> 8).astype(np.uint8)), np.full(ramp.shape, 0x80))
        assert_close(decode_photo(png_of(samples, colour_type)).pixels, expected, 1)


def test_a_transparent_colour_of_a_sixteen_bit_picture_is_left_as_it_is() -> None:
    samples = np.full((48, 64), 0x1234, np.uint16)
    photo = png_of(samples, 0, png_chunk(b"tRNS", b"\x12\x34"))
    np.testing.assert_array_equal(decode_photo(photo).pixels, np.full((48, 64, 3), 0x12))


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_transparent_parts_show_white(form: str) -> None:
    alpha = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))
    rgba = np.dstack([PICTURE, alpha])
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}
    assert_close(decode_photo(encode(rgba, form, **options)).pixels, on_white(PICTURE, alpha), 1)


def test_a_lossy_webp_keeps_its_transparency() -> None:
    rgba = np.dstack(
        [np.full_like(PICTURE, 40), np.where(np.arange(64) < 32, 0, 255)[None].repeat(48, axis=0).astype(np.uint8)]
    )
    decoded = decode_photo(encode(rgba, "WEBP", quality=90)).pixels
    assert decoded[:, :30].min() == WHITE
    assert decoded[:, 34:].max() <= 50


def test_grey_with_transparency_lies_on_white() -> None:
    alpha = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))
    decoded = decode_photo(encode(np.dstack([GREY, alpha]), "PNG")).pixels
    assert_close(decoded, on_white(grey_as_rgb(GREY), alpha), 1)


@pytest.mark.parametrize("mode", ["L", "RGB", "1"])
def test_a_transparent_colour_shows_white(mode: str) -> None:
    image = Image.new(mode, (8, 8), 0)
    transparent = (0, 0, 0) if mode == "RGB" else 0
    decoded = decode_photo(encode(image, "PNG", transparency=transparent)).pixels
    np.testing.assert_array_equal(decoded, np.full((8, 8, 3), WHITE))


def test_a_palette_is_looked_up() -> None:
    palette = Image.fromarray(PICTURE).quantize(64)
    np.testing.assert_array_equal(decode_photo(encode(palette, "PNG")).pixels, np.asarray(palette.convert("RGB")))


def test_transparent_entries_of_a_palette_show_white() -> None:
    palette = Image.fromarray(PICTURE).quantize(4)
    decoded = decode_photo(encode(palette, "PNG", transparency=bytes([0, 255, 128, 255]))).pixels
    indices, colours = np.asarray(palette), np.asarray(palette.getpalette()[:12]).reshape(4, 3)
    expected = on_white(colours[indices], np.array([0, 255, 128, 255])[indices])
    assert_close(decoded, expected, 1)


def test_cmyk_is_read_as_adobe_writes_it() -> None:
    cmyk = np.zeros((48, 64, 4), np.uint8)
    cmyk[:, :32, 0] = 255
    cmyk[:, 32:, 3] = 200
    decoded = decode_photo(encode(Image.fromarray(cmyk, "CMYK"), "JPEG", quality=95)).pixels
    assert_close(decoded[:, 4:28], np.broadcast_to([0, 255, 255], (48, 24, 3)), 6)
    assert_close(decoded[:, 36:60], np.full((48, 24, 3), 55), 6)


def test_ycck_is_read_as_adobe_writes_it() -> None:
    ink = np.zeros((48, 64, 3), np.uint8)
    ink[:, :32, 0] = 255
    ycc = 255 - np.asarray(Image.fromarray(ink).convert("YCbCr"))
    planes = Image.fromarray(np.dstack([ycc, np.zeros((48, 64), np.uint8)]), "CMYK")
    jpeg = encode(planes, "JPEG", quality=95, subsampling=0)
    adobe = jpeg.index(b"Adobe")
    decoded = decode_photo(jpeg[: adobe + 11] + b"\x02" + jpeg[adobe + 12 :]).pixels
    assert_close(decoded[:, 4:28], np.broadcast_to([0, 255, 255], (48, 24, 3)), 8)
    assert_close(decoded[:, 36:60], np.full((48, 24, 3), 255), 8)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_colour_profile_is_applied(form: str) -> None:
    options = {"PNG": {}, "JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}[form]
    flat = np.broadcast_to(np.array([200, 60, 40], np.uint8), (48, 64, 3))
    decoded = decode_photo(encode(flat, form, icc_profile=swapped_profile(), **options)).pixels
    assert_close(decoded, flat[..., ::-1], 4)


def test_a_long_profile_in_several_segments_is_put_together() -> None:
    profile = swapped_profile()
    jpeg = encode(np.broadcast_to(np.array([200, 60, 40], np.uint8), (48, 64, 3)), "JPEG", quality=95, subsampling=0)
    half = len(profile) // 2
    for number, part in ((2, profile[half:]), (1, profile[:half])):
        jpeg = insert_jpeg_segment(jpeg, 0xE2, b"ICC_PROFILE\0" + bytes([number, 2]) + part)
    assert_close(decode_photo(jpeg).pixels[20, 20], np.array([40, 60, 200]), 4)


def test_a_grey_profile_is_applied() -> None:
    profile = swapped_profile(colour_space=b"GRAY").replace(b"rTRC", b"kTRC")
    decoded = decode_photo(encode(GREY, "PNG", icc_profile=profile)).pixels
    assert_close(decoded, grey_as_rgb(GREY), 3)


def test_an_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    np.testing.assert_array_equal(decode_photo(encode(PICTURE, "PNG", icc_profile=profile)).pixels, PICTURE)


@pytest.mark.parametrize(
    "profile",
    [
        b"not a profile",
        swapped_profile()[:200],
        swapped_profile(colour_space=b"CMYK"),
        swapped_profile(colour_space=b"Lab "),
        np.random.default_rng(0).bytes(3_000),
        bytes(5 * 1024 * 1024),
    ],
    ids=["text", "truncated", "of another colour space", "of Lab", "random", "too large"],
)
def test_a_profile_that_cannot_be_applied_is_ignored(profile: bytes) -> None:
    (lossless,) = webp_chunks(encode(PICTURE, "WEBP", lossless=True))
    canvas = webp_canvas(64, 48, flags=0x20)
    np.testing.assert_array_equal(decode_photo(riff([canvas, (b"ICCP", profile), lossless])).pixels, PICTURE)


@pytest.mark.parametrize(
    "body", [b"", b"name", b"name\0", b"name\0\x07data", b"name\0\0not deflated", b"n" * 90 + b"\0\0"]
)
def test_a_broken_png_profile_is_ignored(body: bytes) -> None:
    photo = insert_png_chunk(encode(PICTURE, "PNG"), png_chunk(b"iCCP", body))
    np.testing.assert_array_equal(decode_photo(photo).pixels, PICTURE)


def test_the_same_colours_come_out_of_every_format() -> None:
    lossless = [
        decode_photo(encode(PICTURE, form, **options)).pixels
        for form, options in (("PNG", {}), ("WEBP", {"lossless": True}))
    ]
    np.testing.assert_array_equal(*lossless)
    full = np.asarray(Image.open(io.BytesIO(encode(PICTURE, "JPEG", quality=98, subsampling=0))))
    assert_close(decode_photo(encode(PICTURE, "JPEG", quality=98, subsampling=0)).pixels, full, 0)
