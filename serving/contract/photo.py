"""Photo bytes -> decoded, upright, sRGB pixels."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from serving.contract.errors import PhotoEmpty, PhotoTooLarge, PhotoTooManyPixels, PhotoUnreadable, PhotoUnsupported

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONG_SIDE_KEPT: Final = 1000
"""Scaled decoding of a large JPEG keeps at least so many pixels along its longer side."""


@dataclass(frozen=True, slots=True)
class PhotoLimits:
    """What is refused before anything is decoded, and how much may be in memory at once."""

    max_photo_bytes: int = 10 * 1024 * 1024
    max_jpeg_pixels: int = 50_000_000
    max_other_pixels: int = 16_000_000
    max_decoded_bytes_in_flight: int = 320 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DecodedPhoto:
    """A photo as pixels.

    Attributes:
        pixels: uint8 sRGB, shape (height, width, 3), upright; a large JPEG is decoded at a fraction of its size.
        format: "jpeg", "png" or "webp".
        width_pixels: Width of the whole photo, upright, before scaled decoding.
        height_pixels: Height of the same.
    """

    pixels: NDArray[np.uint8]
    format: str
    width_pixels: int
    height_pixels: int


DEFAULT_LIMITS: Final = PhotoLimits()


def decode_photo(photo: bytes, limits: PhotoLimits = DEFAULT_LIMITS) -> DecodedPhoto:
    """Decode a photo.

    Raises:
        PhotoError: one of its children says what was wrong.
    """
    if not photo:
        raise PhotoEmpty
    if len(photo) > limits.max_photo_bytes:
        raise PhotoTooLarge
    try:
        with Image.open(io.BytesIO(photo), formats=("JPEG", "PNG", "WEBP")) as image:
            width, height = image.size
            name = str(image.format).lower()
            if width * height > (limits.max_jpeg_pixels if name == "jpeg" else limits.max_other_pixels):
                raise PhotoTooManyPixels
            scale = LONG_SIDE_KEPT / max(width, height)
            image.draft("RGB", (int(width * scale), int(height * scale)))
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except UnidentifiedImageError as error:
        raise PhotoUnsupported from error
    except (OSError, ValueError) as error:
        raise PhotoUnreadable from error
    if (upright.width > upright.height) != (width > height):
        width, height = height, width
    return DecodedPhoto(np.asarray(upright), name, width, height)
