"""Photos of one face in forms that people and phones really send, and that must be answered like any other."""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np
from PIL import Image

from tests.support.drawing import drawn_pixels
from tests.support.orientations import STORED, stored_as
from tests.support.photo_bytes import (
    encode,
    insert_jpeg_segment,
    insert_png_chunk,
    png_chunk,
    png_of,
    riff,
    webp_canvas,
    webp_chunks,
)

MEBIBYTE = 1024 * 1024
FACE = 2


@lru_cache
def odd_photos() -> dict[str, bytes]:
    """Name -> bytes, each of the same drawn face, looking at the camera."""
    face = drawn_pixels(FACE)
    image = Image.fromarray(face)
    opaque = np.full(face.shape[:2], 255, np.uint8)
    nearly_opaque = opaque.copy()
    nearly_opaque[0, 0] = 0
    grey = np.asarray(image.convert("L"))
    jpeg, png = encode(face, "JPEG", quality=92), encode(face, "PNG")
    (lossless,) = webp_chunks(encode(face, "WEBP", lossless=True))
    photos = {
        f"jpeg stored as orientation {orientation}": stored_as(face, orientation, "JPEG") for orientation in STORED
    }
    return photos | {
        "progressive jpeg": encode(face, "JPEG", progressive=True),
        "jpeg with restart markers": encode(face, "JPEG", restart_marker_rows=1),
        "jpeg of lowest quality in use": encode(face, "JPEG", quality=20),
        "grey jpeg": encode(grey, "JPEG", quality=92),
        "cmyk jpeg": encode(image.convert("CMYK"), "JPEG", quality=92),
        "several pictures in one jpeg": encode(image, "MPO", save_all=True, append_images=[image.resize((64, 64))]),
        "jpeg with a gain map": jpeg + encode(grey[::4, ::4], "JPEG"),
        "jpeg with a motion video": jpeg + b"\0\0\0\x18ftypmp42" + bytes(50_000),
        "jpeg with a maker's trailer": jpeg + b"\0\0\x01\x0a\x0e\0\0\0Image_UTC_DataSEFHk\0\0\0SEFT",
        "jpeg with a preview in its exif": insert_jpeg_segment(
            jpeg, 0xE1, b"Exif\0\0" + encode(face[::8, ::8], "JPEG")
        ),
        "jpeg with a damaged colour profile": insert_jpeg_segment(jpeg, 0xE2, b"ICC_PROFILE\0\1\1damaged"),
        "jpeg with 500 KiB of metadata": jpeg[:2] + (b"\xff\xe1\xff\xff" + bytes(65_533)) * 8 + jpeg[2:],
        "jpeg of 12 megapixels": encode(image.resize((3_464, 3_464)), "JPEG", quality=85),
        "png": png,
        "png with transparency": encode(np.dstack([face, opaque]), "PNG"),
        "png with a palette": encode(image.quantize(256), "PNG"),
        "png of 16 bits": png_of(face.astype(np.uint16) * 257, 2),
        "grey png of 16 bits": png_of(grey.astype(np.uint16) * 257, 0),
        "grey png with transparency": encode(np.dstack([grey, opaque]), "PNG"),
        "interlaced png": png_of(face, 2, interlaced=True),
        "png with an animation of one frame": insert_png_chunk(
            png, png_chunk(b"acTL", bytes([0, 0, 0, 1, 0, 0, 0, 0]))
        ),
        "png with 64 MiB of compressed text": insert_png_chunk(
            png, png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(64 * MEBIBYTE)))
        ),
        "lossy webp": encode(face, "WEBP", quality=85),
        "lossless webp": encode(face, "WEBP", lossless=True),
        "webp with transparency": encode(
            np.dstack([face, opaque - (opaque > 0) * np.eye(256, dtype=np.uint8)]), "WEBP"
        ),
        "webp with metadata": riff([webp_canvas(256, 256, flags=4), lossless, (b"XMP ", b"<x:xmpmeta/>")]),
    }
