"""A drawn cup of coffee on a table: a photo in which there is no face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.synthetic.raster import Picture, bell, darken, linear, paint, sample_tile, smooth, step


def draw_cup(height_pixels: int = 480, width_pixels: int = 640) -> NDArray[np.uint8]:
    """Draw the cup; always the same.

    Returns:
        uint8 RGB, shape (height_pixels, width_pixels, 3).
    """
    unit = float(min(height_pixels, width_pixels))
    rows = (np.arange(height_pixels, dtype=np.float32)[:, None] - 0.5 * height_pixels) * (1.0 / unit)
    columns = (np.arange(width_pixels, dtype=np.float32)[None, :] - 0.5 * width_pixels) * (1.0 / unit)
    x, y = (plane.copy() for plane in np.broadcast_arrays(columns, rows))
    pixel = 1.0 / unit
    whole = (slice(0, height_pixels), slice(0, width_pixels))
    picture: Picture = np.empty((3, height_pixels, width_pixels), dtype=np.float32)
    for channel, wall in enumerate(linear(0.80, 0.76, 0.70)):
        picture[channel] = wall * (1.0 + 0.2 * y)
    grain = sample_tile("hair", x * 60.0, y * 260.0, 7) * 0.08
    table = np.stack([channel * (1.0 + grain) for channel in linear(0.52, 0.34, 0.20)])
    paint(picture, whole, smooth(0.0, 0.02, y + 0.02), table)
    darken(picture, whole, bell(((x - 0.12) * (1.0 / 0.32)) ** 2 + ((y - 0.33) * (1.0 / 0.05)) ** 2) * 0.5)

    saucer = 1.0 - np.sqrt((x * (1.0 / 0.42)) ** 2 + ((y - 0.30) * (1.0 / 0.085)) ** 2)
    paint(picture, whole, step(saucer, 20.0 * pixel), linear(0.86, 0.87, 0.90))
    darken(picture, whole, bell(((saucer - 0.30) * (1.0 / 0.05)) ** 2) * 0.18)
    handle = np.abs(np.sqrt(((x - 0.27) * (1.0 / 0.13)) ** 2 + ((y - 0.06) * (1.0 / 0.12)) ** 2) - 1.0)
    paint(picture, whole, step(0.22 - handle, 12.0 * pixel), linear(0.70, 0.72, 0.78))
    half = 0.27 - 0.10 * smooth(-0.10, 0.30, y)
    body = step(
        np.minimum(half - np.abs(x), np.minimum(y + 0.15, 0.27 - y + 0.04 * (1.0 - (x / 0.2) ** 2))), 3.0 * pixel
    )
    shade = 0.95 - 0.55 * np.clip(x * (1.0 / 0.27), -1.0, 1.0) ** 2 - 0.25 * x
    paint(picture, whole, body, np.stack([channel * shade for channel in linear(0.90, 0.90, 0.94)]))
    rim = 1.0 - np.sqrt((x * (1.0 / 0.272)) ** 2 + ((y + 0.15) * (1.0 / 0.062)) ** 2)
    paint(picture, whole, step(rim, 14.0 * pixel), linear(0.95, 0.95, 0.97))
    coffee = 1.0 - np.sqrt((x * (1.0 / 0.245)) ** 2 + ((y + 0.143) * (1.0 / 0.048)) ** 2)
    foam = 0.7 + 0.5 * smooth(0.25, 0.0, coffee) + 0.1 * sample_tile("mottle", y * 300.0, x * 120.0, 3)
    paint(
        picture, whole, step(coffee, 14.0 * pixel), np.stack([channel * foam for channel in linear(0.34, 0.20, 0.11)])
    )
    shown = np.sqrt(np.clip(picture, 0.0, 1.0)) * 255.0 + 0.5
    return np.ascontiguousarray(shown.astype(np.uint8).transpose(1, 2, 0))
