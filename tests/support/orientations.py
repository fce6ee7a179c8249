"""One picture stored in the eight ways that EXIF knows."""

from __future__ import annotations

import numpy as np

from tests.support.photo_bytes import encode, exif_block, riff, webp_canvas, webp_chunks

STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].swapaxes(0, 1),
    8: lambda upright: np.rot90(upright, -1),
}
"""How a picture is stored under each orientation (CIPA DC-008, tag 0x0112)."""


def stored_as(picture: np.ndarray, orientation: int, form: str, order: str = ">") -> bytes:
    """The picture as a camera held that way stores it, with the EXIF that says so."""
    pixels = np.ascontiguousarray(STORED[orientation](picture))
    exif = exif_block(orientation, order)
    if form == "WEBP":
        height, width = pixels.shape[:2]
        (lossless,) = webp_chunks(encode(pixels, "WEBP", lossless=True))
        return riff([webp_canvas(width, height, flags=8), lossless, (b"EXIF", exif)])
    if form == "PNG":
        return encode(pixels, "PNG", exif=exif)
    return encode(pixels, "JPEG", quality=95, subsampling=0, exif=b"Exif\0\0" + exif)
