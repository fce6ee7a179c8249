"""Photo bytes -> decoded, upright, sRGB pixels, or the reason why not.

Nothing is decoded before the file's structure was read, its size was found allowed and its memory was reserved. What
decodes is Pillow, restricted to the one format and given the picture alone (`container.py`).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

# Pillow finds a format by loading every plugin it has; these three are all it is ever asked for.
from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from serving.contract.colour import to_eight_bits, to_srgb
from serving.contract.container import Container, PhotoFormat, recognise
from serving.contract.errors import PhotoEmpty, PhotoTooLarge, PhotoTooManyPixels, PhotoUnreadable
from serving.contract.jpeg import read_jpeg
from serving.contract.memory_budget import MemoryBudget
from serving.contract.png import read_png
from serving.contract.webp import read_webp

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

LONG_SIDE_KEPT: Final = 1000
"""A photo is decoded at 1/2, 1/4, ... of its size as long as its longer side keeps this many pixels.

A face that fills a seventh of the width, the least that the short-range detector finds, then still has more pixels
between the eyes than the crop. 12 megapixels become 0.75: about a sixth of the cost of a full decode.
"""

_READERS: Final = {PhotoFormat.JPEG: read_jpeg, PhotoFormat.PNG: read_png, PhotoFormat.WEBP: read_webp}
_OPENERS: Final[dict[PhotoFormat, Callable[[io.BytesIO], ImageFile]]] = {
    PhotoFormat.JPEG: JpegImagePlugin.JpegImageFile,
    PhotoFormat.PNG: PngImagePlugin.PngImageFile,
    PhotoFormat.WEBP: WebPImagePlugin.WebPImageFile,
}
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a photo of each EXIF orientation upright (CIPA DC-008, tag 0x0112)."""
_DECODED_BYTES_PER_PIXEL: Final = 8
"""Pillow keeps 4 bytes per pixel, and a second copy while it converts transparency, palettes or 16 bits."""
_FINISHED_BYTES_PER_PIXEL: Final = 12
"""After shrinking: colour conversion, turning upright and the array, 4 bytes per pixel each."""


@dataclass(frozen=True, slots=True)
class PhotoLimits:
    """What is refused before anything is decoded, and how much may be decoded at once.

    Attributes:
        max_photo_bytes: Size of the file.
        max_jpeg_pixels: Width times height of a JPEG, which can be decoded at a fraction of its size.
        max_other_pixels: The same of a PNG or WebP, which cannot.
        max_decoded_bytes_in_flight: Memory of all photos being decoded in this process; further ones wait. The default
            lets the largest allowed photo of each format through. Pixels that are kept after decoding are fewer than
            2,000 x 2,000, 12 MB, for each thread.
    """

    max_photo_bytes: int = 10 * 1024 * 1024
    max_jpeg_pixels: int = 50_000_000
    max_other_pixels: int = 16_000_000
    max_decoded_bytes_in_flight: int = 352 * 1024 * 1024


DEFAULT_LIMITS: Final = PhotoLimits()


@dataclass(frozen=True, slots=True)
class DecodedPhoto:
    """A photo as pixels.

    Attributes:
        pixels: uint8 sRGB, shape (height, width, 3), upright, not writable; the longer side of a large photo is between
            `LONG_SIDE_KEPT` and twice that.
        format: "jpeg", "png" or "webp".
        width_pixels: Width of the whole photo, upright, as the file states it.
        height_pixels: Height of the same.
    """

    pixels: NDArray[np.uint8]
    format: str
    width_pixels: int
    height_pixels: int

    @property
    def shrunk(self) -> bool:
        """Whether the file has more pixels than were decoded."""
        return bool(max(self.pixels.shape[:2]) < max(self.width_pixels, self.height_pixels))


def decode_photo(
    photo: bytes, limits: PhotoLimits = DEFAULT_LIMITS, *, long_side_kept: int = LONG_SIDE_KEPT
) -> DecodedPhoto:
    """Decode a photo. Blocks while other photos take up the memory budget.

    Args:
        photo: The bytes a client sent, of any kind.
        limits: What is allowed.
        long_side_kept: A large photo is decoded at 1/2, 1/3, ... of its size, but never with fewer pixels than these
            along its longer side.

    Raises:
        PhotoEmpty: no bytes.
        PhotoTooLarge: more bytes than allowed.
        PhotoUnsupported: not a JPEG, PNG or WebP, or a kind of them that is not read.
        PhotoAnimated: more than one frame.
        PhotoTooManyPixels: more pixels, or more memory to decode them, than allowed.
        PhotoUnreadable: truncated, damaged, or two files in one.
    """
    if not photo:
        raise PhotoEmpty
    if len(photo) > limits.max_photo_bytes:
        message = "The photo file has {bytes} bytes; {most} are allowed."
        raise PhotoTooLarge(message, figures={"bytes": len(photo), "most": limits.max_photo_bytes})
    container = _READERS[recognise(photo)](photo)
    pixels = container.width * container.height
    allowed = limits.max_jpeg_pixels if container.format is PhotoFormat.JPEG else limits.max_other_pixels
    if pixels > allowed:
        message = "The photo has {pixels} pixels; {most} are allowed as {format}."
        raise PhotoTooManyPixels(
            message, figures={"pixels": pixels, "most": allowed, "format": container.format.upper()}
        )
    with _budget(limits.max_decoded_bytes_in_flight).reserve(_decoding_bytes(container, long_side_kept)):
        upright = _decode(container, long_side_kept)
    width, height = container.width, container.height
    if container.orientation >= 5:
        width, height = height, width
    return DecodedPhoto(upright, container.format.value, width, height)


@lru_cache
def _budget(total_bytes: int) -> MemoryBudget:
    """One budget per process and size: every thread that decodes under the same limits shares it."""
    return MemoryBudget(total_bytes)


def _draft_factor(container: Container, long_side_kept: int) -> int:
    """The largest of the divisions that a JPEG decoder offers which keeps `long_side_kept`; 1 for other formats."""
    if not container.shrinks_while_decoding:
        return 1
    allowed = max(1, max(container.width, container.height) // long_side_kept)
    return next(factor for factor in (8, 4, 2, 1) if factor <= allowed)


def _decoding_bytes(container: Container, long_side_kept: int) -> int:
    """Upper estimate of the memory that `_decode` takes at its peak."""
    pixels = container.width * container.height
    decoded = pixels // _draft_factor(container, long_side_kept) ** 2
    finished = pixels // max(1, max(container.width, container.height) // long_side_kept) ** 2
    return container.decoder_bytes + decoded * _DECODED_BYTES_PER_PIXEL + finished * _FINISHED_BYTES_PER_PIXEL


def _decode(container: Container, long_side_kept: int) -> NDArray[np.uint8]:
    """Upright sRGB pixels; the one place where foreign decoders run on foreign bytes."""
    try:
        picture = _open_and_load(container, _draft_factor(container, long_side_kept))
        shrink = max(picture.size) // long_side_kept
        if shrink > 1:
            picture = picture.reduce(shrink)
        picture = to_srgb(picture, container.colour_profile)
        if container.orientation in _UPRIGHT:
            picture = picture.transpose(_UPRIGHT[container.orientation])
        return np.asarray(picture)
    except PhotoUnreadable:
        raise
    except MemoryError as error:
        message = "There is not enough memory to decode this photo."
        raise PhotoTooManyPixels(message) from error
    except Exception as error:  # Pillow's plugins raise whatever the bytes lead them to
        raise PhotoUnreadable from error


def _open_and_load(container: Container, draft_factor: int) -> Image.Image:
    """The decoded picture, 8 bits per sample. What Pillow decoded from is let go on return: it is as large again."""
    with _OPENERS[container.format](io.BytesIO(container.image_file)) as image:
        if image.size != (container.width, container.height):
            raise PhotoUnreadable
        if draft_factor > 1:
            image.draft(None, (max(1, image.width // draft_factor), max(1, image.height // draft_factor)))
        image.load()
        return to_eight_bits(image)
