"""Decoded pixels in whatever form a file holds them -> 8-bit sRGB.

Transparent parts show white, as they do in a viewer. A profile that cannot be applied is ignored: colours a little off
are a lesser fault than no answer, and browsers do the same.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from PIL import ImageCms

_SHARED_PROFILE_BYTES: Final = 64 * 1024
"""Transforms of profiles up to this size are kept: those of cameras and browsers, of which there are a handful."""
_SPACE_OF_MODE: Final = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}


def to_eight_bits(image: Image.Image) -> Image.Image:
    """The same picture in one of the modes L, LA, RGB, RGBA or CMYK, transparency as a channel.

    16-bit samples keep their upper half: 65535 becomes 255 and 0 stays 0, where Pillow's own conversion would clip.
    """
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("1", "L") and image.has_transparency_data:
        return image.convert("LA")
    if image.mode == "1":
        return image.convert("L")
    if image.mode in ("P", "RGB"):
        mode = "RGBA" if image.has_transparency_data else "RGB"
        return image if image.mode == mode else image.convert(mode)
    if image.mode in ("L", "LA", "RGBA", "CMYK"):
        return image
    return image.convert("RGB")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in mode RGB, in sRGB, without transparency.

    Args:
        image: Mode L, LA, RGB, RGBA or CMYK.
        profile: Its ICC profile, if it has one.
    """
    opaque = _flatten(image)
    if profile is not None:
        converted = _apply(opaque, profile)
        if converted is not None:
            return converted
    return opaque if opaque.mode == "RGB" else opaque.convert("RGB")


def _flatten(image: Image.Image) -> Image.Image:
    """L, RGB or CMYK: what shows through is white."""
    if image.mode not in ("LA", "RGBA"):
        return image
    mode = "L" if image.mode == "LA" else "RGB"
    flat = Image.new(mode, image.size, "white")
    flat.paste(image.convert(mode), mask=image.getchannel("A"))
    return flat


def _apply(image: Image.Image, profile: bytes) -> Image.Image | None:
    """The picture in sRGB; None where the profile is damaged, of another colour space, or sRGB already."""
    # At first use: the colour engine is 3 % of the gateway's import, and most photos carry no profile or sRGB.
    from PIL import ImageCms  # noqa: PLC0415

    try:
        build = _shared_transform if len(profile) <= _SHARED_PROFILE_BYTES else _build_transform
        transform = build(profile, image.mode)
        return transform if transform is None else ImageCms.applyTransform(image, transform)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _build_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    from PIL import ImageCms  # noqa: PLC0415 - as above

    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if source.profile.xcolor_space.strip() != _SPACE_OF_MODE[mode]:
        return None
    if "sRGB" in (source.profile.profile_description or ""):
        return None
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")


_shared_transform = lru_cache(maxsize=16)(_build_transform)
