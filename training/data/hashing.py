"""A 64-bit perceptual hash of a crop: pictures that look the same differ in a few bits, whatever their encoding.

The crop becomes 32x32 grey; its two-dimensional cosine transform is taken, and the signs of the 8x8 lowest frequencies
are the bits (the constant is replaced by the next vertical frequency). Signs, not "above the median": a mirrored picture
then has the same hash but for the odd horizontal frequencies, which are inverted (`mirror_hashes`). Brightness and
contrast change no sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

GREY_SIDE: Final = 32
_LOWEST: Final = 8
_FREQUENCIES: Final = tuple(
    (vertical, horizontal) if vertical or horizontal else (_LOWEST, 0)
    for vertical in range(_LOWEST)
    for horizontal in range(_LOWEST)
)
_VERTICAL, _HORIZONTAL = (np.array(axis) for axis in zip(*_FREQUENCIES, strict=True))
_BIT_VALUES: Final = np.uint64(1) << np.arange(len(_FREQUENCIES), dtype=np.uint64)
_MIRRORED_BITS: Final[np.uint64] = np.bitwise_or.reduce(_BIT_VALUES[_HORIZONTAL % 2 == 1])
_COSINES: Final = np.cos(
    np.pi * np.arange(_LOWEST + 1)[:, None] * (2 * np.arange(GREY_SIDE)[None] + 1) / (2 * GREY_SIDE)
).astype(np.float32)


def shrink_crops(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 RGB crops [n, size, size, 3] -> uint8 grey [n, 32, 32], each pixel the mean of those it covers."""
    side = (GREY_SIDE, GREY_SIDE)
    greys = np.empty((len(crops), *side), np.uint8)
    for place, crop in enumerate(crops):
        greys[place] = np.asarray(Image.fromarray(crop).convert("L").resize(side, Image.Resampling.BOX))
    return greys


def hash_greys(greys: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """uint8 grey [n, 32, 32] -> uint64 [n]."""
    values = _COSINES @ greys.astype(np.float32) @ _COSINES.T
    bits = values[:, _VERTICAL, _HORIZONTAL] > 0
    hashes: NDArray[np.uint64] = np.bitwise_or.reduce(np.where(bits, _BIT_VALUES, np.uint64(0)), axis=1)
    return hashes


def mirror_hashes(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The hashes of the mirrored crops (but for frequencies that are exactly 0, as in a uniform picture)."""
    return hashes ^ _MIRRORED_BITS
