"""What a photo file says of itself before it is decoded: format, size, compression, colour, camera.

None of it has to do with depression, so a column of these that tells the labels apart shows where the photos come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

CATEGORIES: Final = ("format", "pixels", "colour", "camera")
NUMBERS: Final = ("width_pixels", "height_pixels", "bytes_per_pixel", "jpeg_quality")
_STANDARD_TABLE_SUM: Final = 3688
"""Sum of libjpeg's luminance table at quality 50: other qualities scale it."""
_CAMERA_MODEL: Final = 0x0110


def read_image_facts(
    data_dir: Path, paths: Sequence[str]
) -> tuple[dict[str, list[str]], dict[str, NDArray[np.float64]]]:
    """Read the headers of photos.

    Returns:
        Categories by name, a value for each photo ("" where the header cannot be read or does not say), and numbers by
        name, float64 [n] (NaN likewise).
    """
    categories: dict[str, list[str]] = {name: [] for name in CATEGORIES}
    numbers = {name: np.full(len(paths), np.nan) for name in NUMBERS}
    for place, path in enumerate(paths):
        try:
            with Image.open(data_dir / path) as image:
                width, height = image.size
                found: tuple[str, ...] = (
                    image.format or "",
                    f"{width}x{height}",
                    "grey" if image.mode in ("1", "L", "LA", "I;16") else "colour",
                    str(image.getexif().get(_CAMERA_MODEL, "")).strip(" \0"),
                )
                values: tuple[float, ...] = (
                    width,
                    height,
                    (data_dir / path).stat().st_size / (width * height),
                    _estimate_quality(image),
                )
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            # Whatever cannot be read has been refused with a code when its crop was made; here it has no facts.
            found, values = ("",) * len(CATEGORIES), (np.nan,) * len(NUMBERS)
        for name, text in zip(CATEGORIES, found, strict=True):
            categories[name].append(text)
        for name, value in zip(NUMBERS, values, strict=True):
            numbers[name][place] = value
    return categories, numbers


def _estimate_quality(image: Image.Image) -> float:
    """JPEG quality, 1 to 100, from the quantisation table as libjpeg scales it; NaN for other formats."""
    tables = getattr(image, "quantization", None)
    if image.format != "JPEG" or not tables:
        return float("nan")
    scale = 100.0 * sum(tables[min(tables)]) / _STANDARD_TABLE_SUM
    return float(np.clip((200.0 - scale) / 2.0 if scale <= 100.0 else 5000.0 / scale, 1.0, 100.0))
