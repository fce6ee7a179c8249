"""What `decode_photo` reads, refuses, and how large it decodes."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from serving.contract import photo as photo_module
from serving.contract.errors import (
    PhotoAnimated,
    PhotoEmpty,
    PhotoError,
    PhotoTooLarge,
    PhotoTooManyPixels,
    PhotoUnreadable,
    PhotoUnsupported,
)
from serving.contract.photo import LONG_SIDE_KEPT, PhotoLimits, decode_photo
from tests.support.photo_bytes import (
    encode,
    insert_jpeg_segment,
    insert_png_chunk,
    jpeg_segment,
    plain_picture,
    png_chunk,
    png_of,
    riff,
    webp_canvas,
    webp_chunks,
    with_jpeg_frame,
)

PICTURE = plain_picture(160, 120)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


@pytest.mark.parametrize(
    ("form", "name", "options", "tolerance"),
    [
        ("JPEG", "jpeg", {"quality": 95, "subsampling": 0}, 2.0),
        ("JPEG", "jpeg", {"quality": 95, "subsampling": 0, "progressive": True}, 2.0),
        ("JPEG", "jpeg", {"quality": 95, "subsampling": 0, "optimize": True, "restart_marker_rows": 1}, 2.0),
        ("PNG", "png", {}, 0.0),
        ("WEBP", "webp", {"lossless": True}, 0.0),
        ("WEBP", "webp", {"quality": 95}, 4.0),
    ],
)
def test_every_format_decodes_to_its_pixels(form: str, name: str, options: dict[str, object], tolerance: float) -> None:
    decoded = decode_photo(encode(PICTURE, form, **options))
    assert decoded.format == name
    assert decoded.pixels.dtype == np.uint8
    assert (decoded.width_pixels, decoded.height_pixels) == (160, 120)
    assert distance(decoded.pixels, PICTURE) <= tolerance


def test_the_format_is_told_by_its_bytes_alone() -> None:
    assert decode_photo(encode(PICTURE, "PNG")).format == "png"
    with pytest.raises(PhotoUnsupported, match="GIF"):
        decode_photo(encode(PICTURE, "GIF"))


@pytest.mark.parametrize(
    ("start", "name", "remedy"),
    [
        (struct.pack(">I", 24) + b"ftypheic", "HEIC", "Most Compatible"),
        (struct.pack(">I", 24) + b"ftypmif1" + bytes(4) + b"mif1heic", "HEIC", "export this one as JPEG"),
        (struct.pack(">I", 28) + b"ftypmif1" + bytes(4) + b"mif1miafheix", "HEIC", "Most Compatible"),
        (struct.pack(">I", 24) + b"ftypmif1" + bytes(4) + b"mif1miaf", "HEIC", "Most Compatible"),
        (struct.pack(">I", 24) + b"ftyphevc" + bytes(4) + b"msf1hevc", "HEIC", "Most Compatible"),
        (struct.pack(">I", 24) + b"ftypavif", "AVIF", "JPEG"),
        (struct.pack(">I", 28) + b"ftypmif1" + bytes(4) + b"mif1avifmiaf", "AVIF", "JPEG"),
        (struct.pack(">I", 2**32 - 1) + b"ftypmif1", "HEIC", "Most Compatible"),
        (struct.pack(">I", 24) + b"ftypisom" + bytes(4) + b"isomheic", "video", "still photo"),
        (bytes(128) + b"DICM", "DICOM", "DICOM viewer"),
        (b"%PDF-1.7", "PDF", "photo itself"),
        (b"II*\0", "TIFF", "JPEG or PNG"),
        (struct.pack(">I", 24) + b"ftypmp42", "video", "still photo"),
    ],
)
def test_a_known_format_is_refused_with_what_to_do(start: bytes, name: str, remedy: str) -> None:
    with pytest.raises(PhotoUnsupported) as caught:
        decode_photo(start + bytes(64))
    assert name in str(caught.value)
    assert remedy in caught.value.advice
    assert PhotoUnsupported.advice == PhotoUnsupported().advice


def test_no_bytes_are_named_so() -> None:
    with pytest.raises(PhotoEmpty):
        decode_photo(b"")


def test_the_limit_on_bytes_is_inclusive() -> None:
    photo = encode(PICTURE, "PNG")
    decode_photo(photo, PhotoLimits(max_photo_bytes=len(photo)))
    with pytest.raises(PhotoTooLarge, match=f"{len(photo):,} bytes"):
        decode_photo(photo, PhotoLimits(max_photo_bytes=len(photo) - 1))


@pytest.mark.parametrize(
    ("form", "limit"), [("JPEG", "max_jpeg_pixels"), ("PNG", "max_other_pixels"), ("WEBP", "max_other_pixels")]
)
def test_the_limit_on_pixels_is_inclusive_and_per_format(form: str, limit: str) -> None:
    photo = encode(PICTURE, form)
    others = {"max_jpeg_pixels": 1, "max_other_pixels": 1}
    decode_photo(photo, PhotoLimits(**others | {limit: 160 * 120}))
    with pytest.raises(PhotoTooManyPixels, match="19,200 pixels"):
        decode_photo(photo, PhotoLimits(**others | {limit: 160 * 120 - 1}))


def test_default_limits_are_those_that_the_errors_promise() -> None:
    assert PhotoLimits() == PhotoLimits(10 * 1024 * 1024, 50_000_000, 16_000_000)
    assert "10 MiB" in PhotoTooLarge.advice
    assert "50 megapixels" in PhotoTooManyPixels.advice
    assert "16 megapixels" in PhotoTooManyPixels.advice


@pytest.mark.parametrize(
    "photo",
    [
        with_jpeg_frame(encode(PICTURE, "JPEG"), width=65_500, height=65_500),
        encode(PICTURE, "PNG")[:16] + struct.pack(">II", 60_000, 60_000) + b"\x08\x02\0\0\0",
        encode(PICTURE, "TIFF"),
        encode(PICTURE, "JPEG")[:-2],
        encode(PICTURE, "JPEG") + b"PK\x03\x04",
    ],
)
def test_nothing_refused_ever_reaches_a_decoder(photo: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def reach(_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(photo_module, "_OPENERS", dict.fromkeys(photo_module._OPENERS, reach))
    monkeypatch.setattr(photo_module, "_budget", reach)
    with pytest.raises(PhotoError):
        decode_photo(photo)


@pytest.mark.parametrize(
    ("size", "decoded_size"),
    [
        ((1_999, 400), (1_999, 400)),
        ((2_000, 150), (1_000, 75)),
        ((3_900, 300), (1_950, 150)),
        ((3_999, 300), (1_000, 75)),
        ((4_032, 302), (1_008, 76)),
        ((400, 4_100), (100, 1_025)),
        ((2_016, 3), (1_008, 2)),
    ],
)
def test_a_large_jpeg_keeps_at_least_a_thousand_pixels_of_its_longer_side(
    size: tuple[int, int], decoded_size: tuple[int, int]
) -> None:
    decoded = decode_photo(encode(plain_picture(*size), "JPEG"))
    assert decoded.pixels.shape[1::-1] == decoded_size
    assert (decoded.width_pixels, decoded.height_pixels) == size
    assert decoded.shrunk == (decoded_size != size)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_other_large_photos_are_shrunk_after_decoding(form: str) -> None:
    decoded = decode_photo(encode(plain_picture(3_300, 90), form))
    assert decoded.pixels.shape == (30, 1_100, 3)


def test_a_closer_look_decodes_more_pixels() -> None:
    jpeg = encode(plain_picture(4_000, 100), "JPEG")
    assert decode_photo(jpeg, long_side_kept=2 * LONG_SIDE_KEPT).pixels.shape == (50, 2_000, 3)


def test_scaled_decoding_differs_little_from_a_full_one() -> None:
    smooth = Image.fromarray(plain_picture(400, 300)).resize((4_000, 3_000), Image.Resampling.BICUBIC)
    jpeg = encode(smooth, "JPEG", quality=90)
    full = Image.open(io.BytesIO(jpeg)).convert("RGB").reduce(4)
    difference = np.abs(decode_photo(jpeg).pixels.astype(int) - np.asarray(full).astype(int))
    assert difference.mean() <= 0.5
    assert np.percentile(difference, 99.9) <= 8


def test_a_mirrored_photo_decodes_to_mirrored_pixels_where_it_is_shrunk() -> None:
    picture = plain_picture(4_000, 90)
    one, other = (decode_photo(encode(pixels, "PNG")).pixels for pixels in (picture, picture[:, ::-1]))
    np.testing.assert_array_equal(one[:, ::-1], other)


def gain_map_photo() -> bytes:
    return encode(PICTURE, "JPEG") + encode(PICTURE[::4, ::4, 0], "JPEG")


@pytest.mark.parametrize(
    "photo",
    [
        encode(Image.fromarray(PICTURE), "MPO", save_all=True, append_images=[Image.fromarray(PICTURE[::-1])]),
        gain_map_photo(),
        encode(PICTURE, "JPEG") + b"\0\0\0\x18ftypmp42" + bytes(5_000),
        encode(PICTURE, "JPEG") + bytes(24) + b"\x0a\x0eImage_UTC_Data1700000000000SEFHk\0\0\0\x01\0\0\0\x24\0\0\0SEFT",
        encode(PICTURE, "JPEG") + bytes(4_096),
        encode(PICTURE, "JPEG") + np.random.default_rng(0).bytes(2_000),
    ],
    ids=["mpo", "gain map", "motion photo", "samsung trailer", "padding", "unknown maker data"],
)
def test_what_phones_append_is_let_through_and_not_read(photo: bytes) -> None:
    np.testing.assert_array_equal(decode_photo(photo).pixels, decode_photo(encode(PICTURE, "JPEG")).pixels)


def test_a_preview_inside_the_metadata_is_not_taken_for_the_photo() -> None:
    preview = encode(PICTURE[::4, ::4], "JPEG")
    photo = insert_jpeg_segment(encode(PICTURE, "JPEG"), 0xE1, b"Exif\0\0" + preview)
    assert decode_photo(photo).pixels.shape == (120, 160, 3)


def test_metadata_never_reaches_the_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    openers = photo_module._OPENERS

    def opener(form: object) -> object:
        return lambda stream: seen.append(stream.getvalue()) or openers[form](stream)

    monkeypatch.setattr(photo_module, "_OPENERS", {form: opener(form) for form in openers})
    marker = b"planted marker: name, place, device"
    (lossy,) = webp_chunks(encode(PICTURE, "WEBP"))
    for photo in (
        insert_jpeg_segment(insert_jpeg_segment(encode(PICTURE, "JPEG"), 0xFE, marker), 0xE1, marker),
        insert_png_chunk(encode(PICTURE, "PNG"), png_chunk(b"tEXt", b"Comment\0" + marker)),
        riff([webp_canvas(160, 120, flags=4), lossy, (b"XMP ", marker)]),
    ):
        assert marker in photo
        decode_photo(photo)
    assert len(seen) == 3
    assert not any(marker in content for content in seen)


def test_an_apng_of_one_frame_is_a_photo_and_of_two_an_animation() -> None:
    png = encode(PICTURE, "PNG")
    one = insert_png_chunk(png, png_chunk(b"acTL", struct.pack(">II", 1, 0)))
    two = insert_png_chunk(png, png_chunk(b"acTL", struct.pack(">II", 2, 0)))
    np.testing.assert_array_equal(decode_photo(one).pixels, PICTURE)
    with pytest.raises(PhotoAnimated):
        decode_photo(two)


def test_an_interlaced_png_is_read() -> None:
    np.testing.assert_array_equal(decode_photo(png_of(PICTURE, 2, interlaced=True)).pixels, PICTURE)


def test_a_few_more_scans_than_usual_are_read_and_many_refused() -> None:
    progressive = encode(PICTURE, "JPEG", progressive=True)
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    scans = progressive.count(b"\xff\xda")
    allowed = progressive[:-2] + scan * (32 - scans) + b"\xff\xd9"
    assert decode_photo(allowed).pixels.shape == PICTURE.shape
    with pytest.raises(PhotoUnreadable, match="32 scans"):
        decode_photo(allowed[:-2] + scan + b"\xff\xd9")


def test_padding_before_markers_is_allowed() -> None:
    jpeg = encode(PICTURE, "JPEG")
    padded = jpeg[:2] + b"\xff\xff\xff" + jpeg_segment(0xFE, b"") + jpeg[2:]
    assert decode_photo(padded).pixels.shape == PICTURE.shape


def test_running_out_of_memory_is_the_photos_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(photo_module, "_OPENERS", dict.fromkeys(photo_module._OPENERS, exhausted))
    with pytest.raises(PhotoTooManyPixels, match="memory"):
        decode_photo(encode(PICTURE, "PNG"))
