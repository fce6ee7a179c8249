"""The stated small jitter of a crop: what a slightly different photo of the same face, at the same moment, would have given.

An answer that changes its band under it says more about the camera than about the person; a policy may withhold it
(issue 3, "Calibrate and choose"). Training chooses the limit and the gateway applies it with this one function.

Each copy shifts by 1 pixel along both axes, turns by 1.5 degrees, zooms by 2 % and changes brightness by 3 %, in the four
combinations of signs of `_DESIGN`; the other four copies are the same for the mirrored crop, mirrored back. The copies of
a mirrored crop are therefore the mirror images of the copies, in another order, and abstention cannot depend on the side.
Everything is integer arithmetic on fixed tables: the same bytes on every machine.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

JITTER_COPIES: Final = 8
SHIFT_PIXELS: Final = 1.0
"""Of a crop of 128 pixels; larger crops shift in proportion."""
TURN_DEGREES: Final = 1.5
ZOOM: Final = 0.02
BRIGHTNESS_STEPS: Final = 4
"""Of 128: 3.1 %."""

_DESIGN: Final = ((1, 1, 1, 1), (1, -1, 1, -1), (-1, 1, -1, -1), (-1, -1, -1, 1))
"""Signs of down, turn, zoom, brightness; right is always positive, and negative in the mirrored half.

Turn, zoom and brightness are balanced against each other, so that no two of them always come together.
"""
_STATED_SIZE: Final = 128
_ONE: Final = 128
"""Weights of the four neighbours add up to this times the brightness: 255 * 132 fits into the 16 bits of a colour."""
_MARGIN_SHARE: Final = 0.05
"""Edge pixels are repeated this far, so that no copy has a black border: shift, turn and zoom reach 3 % of the size."""


def jitter_crops(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`JITTER_COPIES` copies of each crop.

    Args:
        crops: uint8 RGB, [n, size, size, 3].

    Returns:
        uint8 [n, copies, size, size, 3].
    """
    count, size = crops.shape[:2]
    copies = np.empty((count, JITTER_COPIES, size, size, 3), np.uint8)
    half = len(_DESIGN)
    for number, crop in enumerate(crops):
        plain, mirrored = _move(crop), _move(crop[:, ::-1])[:, :, ::-1]
        for colour in range(3):  # NumPy copies three of four bytes five times slower in one step
            copies[number, :half, ..., colour] = plain[..., colour]
            copies[number, half:, ..., colour] = mirrored[..., colour]
    return copies


def _move(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The copies of `_DESIGN`, [4, size, size, 4] with one unused colour, all colours of a pixel in one 64-bit number."""
    size = len(crop)
    place, weights, width = _tables(size)
    margin = (width - size) // 2
    colours = np.zeros((width, width, 4), np.uint16)
    widened = np.pad(crop, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    for colour in range(3):
        colours[..., colour] = widened[..., colour]
    pixels = colours.view(np.uint64).ravel()
    moved = np.zeros(weights.shape[1:], np.uint64)
    for step, weight in zip((0, 1, width, width + 1), weights, strict=True):
        moved += pixels[step:].take(place, mode="clip") * weight
    levels = moved.view(np.uint16) >> 7
    np.minimum(levels, 255, out=levels)
    return levels.astype(np.uint8).reshape(len(_DESIGN), size, size, 4)


@lru_cache(maxsize=4)
def _tables(size: int) -> tuple[NDArray[np.intp], NDArray[np.uint64], int]:
    """Where each pixel of each copy comes from: place, weights, and the width of the crop with its repeated edges.

    The place, [4, size**2], is that of the upper left of four neighbours; the weights, [4, 4, size**2], are those of the
    upper left, upper right, lower left and lower right one.
    """
    margin = 2 + math.ceil(_MARGIN_SHARE * size)
    width, middle = size + 2 * margin, (size - 1) / 2
    down, right = np.mgrid[:size, :size].reshape(2, -1) - middle
    places, weights = [], []
    for sign_down, sign_turn, sign_zoom, sign_brightness in _DESIGN:
        angle, scale = math.radians(sign_turn * TURN_DEGREES), 1 / (1 + sign_zoom * ZOOM)
        cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
        shift = SHIFT_PIXELS * size / _STATED_SIZE
        x = cosine * (right - shift) + sine * (down - sign_down * shift) + middle + margin
        y = cosine * (down - sign_down * shift) - sine * (right - shift) + middle + margin
        # 1/4096 of a pixel: coarse enough that no machine's last bit of a sine can move a pixel to another neighbour.
        x, y = np.rint(x * 4096) / 4096, np.rint(y * 4096) / 4096
        left, top = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
        places.append(top * width + left)
        weights.append(_weights(x - left, y - top, _ONE + sign_brightness * BRIGHTNESS_STEPS))
    return np.stack(places), np.stack(weights, axis=1), width


def _weights(across: NDArray[np.float64], down: NDArray[np.float64], total: int) -> NDArray[np.uint64]:
    """Whole bilinear weights of the four neighbours, [4, pixels], which add up to `total` exactly."""
    exact = np.stack([(1 - across) * (1 - down), across * (1 - down), (1 - across) * down, across * down])
    upto = np.rint(np.cumsum(exact, axis=0) * total)
    upto[-1] = total
    return np.diff(upto, axis=0, prepend=0.0).astype(np.uint64)
