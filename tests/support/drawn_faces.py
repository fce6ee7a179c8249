"""Faces drawn by the project's own generator, as JPEG bytes: nobody's, so a band may be shown for them."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image

from training.synthetic.drawing import draw_face
from training.synthetic.sampling import sample_photo, sample_subject


@lru_cache
def drawn_face(seed: int = 5, height_pixels: int = 480, width_pixels: int = 640, quality: int = 90) -> bytes:
    """A photo of one drawn face."""
    rng = np.random.default_rng(seed)
    pixels = draw_face(sample_photo(rng, sample_subject(rng)), height_pixels, width_pixels)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@lru_cache
def drawn_face_of_size(size_bytes: int) -> bytes:
    """A drawn face whose file has exactly so many bytes: a comment segment after the last one fills it up."""
    photo = drawn_face()
    missing = size_bytes - len(photo)
    segments = b""
    while missing:
        length = min(missing, 65_537) if missing - 65_537 >= 4 or missing <= 65_537 else missing - 4
        segments += b"\xff\xfe" + (length - 2).to_bytes(2, "big") + bytes(length - 4)
        missing -= length
    filled = photo[:2] + segments + photo[2:]
    assert len(filled) == size_bytes
    return filled
