"""Small rasteriser: soft masks from distances, blending, noise textures. float32 planes, no loops over pixels."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.floating[Any]]
"""Shape (height, width); float32 (the type is wider because NumPy's types lose float32 beside Python numbers)."""
Picture = NDArray[np.floating[Any]]
"""Shape (3, height, width), linear light, red, green, blue."""
Colour = tuple[float, float, float]
"""Linear light, 0 to 1."""
Window = tuple[slice, slice]

TILE = 512


def linear(red: float, green: float, blue: float) -> Colour:
    """Display values 0 to 1 to linear light. Gamma 2 instead of sRGB's 2.4: its inverse is a square root, 20x cheaper."""
    return (red * red, green * green, blue * blue)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`a` at share 0, `b` at share 1."""
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def scale(colour: Colour, factor: float) -> Colour:
    """A colour made brighter or darker."""
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def step(distance: Plane, softness: float) -> Plane:
    """0 where `distance` < -softness/2, 1 above +softness/2, straight between: an antialiased edge."""
    covered: Plane = np.clip(distance * (1.0 / softness) + 0.5, 0.0, 1.0)
    return covered


def smooth(low: float, high: float, x: Plane) -> Plane:
    """Cubic step from 0 at `low` to 1 at `high` (either order)."""
    t: Plane = np.clip((x - low) * (1.0 / (high - low)), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def bell(squared: Plane) -> Plane:
    """exp(-squared / 2)."""
    height: Plane = np.exp(squared * -0.5)
    return height


def paint(picture: Picture, window: Window, alpha: Plane, colour: Colour | Picture) -> None:
    """Lay `colour` over the window with opacity `alpha` (shape of the window)."""
    for channel in range(3):
        target = picture[channel][window]
        target += alpha * (colour[channel] - target)


def darken(picture: Picture, window: Window, amount: Plane, tint: Colour = (1.0, 1.0, 1.0)) -> None:
    """Multiply the window by 1 - amount * tint: a shadow, red or blue-ish where tint is uneven."""
    for channel in range(3):
        picture[channel][window] *= 1.0 - tint[channel] * amount


def add_light(picture: Picture, window: Window, amount: Plane, colour: Colour = (1.0, 1.0, 1.0)) -> None:
    """Add light, for highlights."""
    for channel in range(3):
        picture[channel][window] += amount * colour[channel]


@functools.cache
def noise_tile(kind: str) -> Plane:
    """A tile of (TILE, TILE) noise that repeats without a seam, mean 0, standard deviation 1, the same in every process.

    `hair`: long along the first axis, fine across the second; `pores`: fine; `mottle`: coarse; `curl`: ringlets.
    """
    shapes = {"hair": (0.012, 0.22), "pores": (0.30, 0.30), "mottle": (0.03, 0.03), "curl": (0.07, 0.07)}
    along, across = shapes[kind]
    rng = np.random.default_rng(list(shapes).index(kind))
    spectrum = np.fft.rfft2(rng.standard_normal((TILE, TILE)))
    v = np.fft.fftfreq(TILE)[:, None]
    u = np.fft.rfftfreq(TILE)[None, :]
    radius_squared = (v / along) ** 2 + (u / across) ** 2
    # Ringlets are one scale only; the others fade towards fine detail.
    gain = np.exp(-((np.sqrt(radius_squared) - 1.0) ** 2) * 12.0) if kind == "curl" else np.exp(-radius_squared)
    tile = np.fft.irfft2(spectrum * gain, s=(TILE, TILE))
    return np.asarray((tile - tile.mean()) / tile.std(), dtype=np.float32)


def sample_tile(kind: str, along: Plane, across: Plane, seed: int) -> Plane:
    """Noise at tile coordinates (nearest cell; the tiles are smooth at that scale), shifted by the seed."""
    row = (along + float(seed % TILE)).astype(np.int32) & (TILE - 1)
    column = (across + float(seed // TILE % TILE)).astype(np.int32) & (TILE - 1)
    noise: Plane = noise_tile(kind)[row, column]
    return noise
