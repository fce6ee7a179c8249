"""What is behind the person: six kinds, none of which knows the label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.synthetic.hair import cloth_colour
from training.synthetic.raster import Colour, Picture, Plane, mix, paint, sample_tile, scale, smooth, step

if TYPE_CHECKING:
    from training.synthetic.frame import Frame
    from training.synthetic.parameters import FaceParameters


def draw_background(frame: Frame, parameters: FaceParameters) -> Picture:
    """A new picture of the frame's size with the view's background."""
    view = parameters.view
    height, width = frame.shape
    tone = cloth_colour(view.background_hue, view.background_lightness)
    other = cloth_colour((view.background_hue + 0.35) % 1.0, 0.3 + 0.5 * (1.0 - view.background_lightness))
    picture = np.empty((3, height, width), dtype=np.float32)
    rng = np.random.default_rng(view.texture_seed)
    vignette = 1.06 - 0.03 * (frame.x * frame.x + frame.y * frame.y)
    uneven = vignette * (1.0 + 0.035 * sample_tile("mottle", frame.y * 25.0, frame.x * 25.0, view.texture_seed))
    for channel in range(3):
        picture[channel] = tone[channel] * uneven
    whole = (slice(0, height), slice(0, width))
    if view.background == "two_tone":
        edge = float(rng.uniform(-1.5, 1.5))
        paint(picture, whole, smooth(-0.05, 0.05, frame.x - edge - 0.1 * frame.y), other)
    elif view.background == "lights":
        _draw_discs(picture, frame, rng, mix(other, (0.9, 0.8, 0.6), 0.4), count=9)
    elif view.background == "shelves":
        _draw_shelves(picture, frame, rng, tone)
    elif view.background == "window":
        left = float(rng.uniform(-2.2, 0.2))
        glass = _box(frame.x - left, 1.9) * _box(frame.y + 2.2, 3.0)
        bars = np.maximum(_box(frame.x - left - 0.9, 0.1), _box(frame.y + 0.7, 0.1))
        paint(picture, whole, glass * (1.0 - bars), mix(other, (0.85, 0.90, 0.95), 0.7))
    elif view.background == "foliage":
        leaves = sample_tile("mottle", frame.y * 70.0, frame.x * 70.0, view.texture_seed)
        leaves += 0.6 * sample_tile("mottle", frame.y * 25.0, frame.x * 25.0, view.texture_seed // 3)
        paint(
            picture,
            whole,
            smooth(-1.0, 1.5, leaves) * 0.7,
            mix((0.05, 0.12, 0.03), (0.25, 0.35, 0.10), view.background_lightness),
        )
    return picture


def _draw_discs(picture: Picture, frame: Frame, rng: np.random.Generator, colour: Colour, count: int) -> None:
    """Lights out of focus."""
    height, width = frame.shape
    for _ in range(count):
        x, y = float(rng.uniform(-2.2, 2.2)), float(rng.uniform(-2.2, 2.2))
        radius = float(rng.uniform(0.12, 0.4))
        column, row = frame.centre[0] + x * frame.unit_pixels, frame.centre[1] + y * frame.unit_pixels
        reach = (radius + 0.1) * frame.unit_pixels
        window = (
            slice(min(max(int(row - reach), 0), height), min(max(int(row + reach), 0), height)),
            slice(min(max(int(column - reach), 0), width), min(max(int(column + reach), 0), width)),
        )
        distance = np.sqrt((frame.x[window] - x) ** 2 + (frame.y[window] - y) ** 2)
        paint(picture, window, smooth(radius, radius - 0.08, distance) * float(rng.uniform(0.25, 0.7)), colour)


def _draw_shelves(picture: Picture, frame: Frame, rng: np.random.Generator, tone: Colour) -> None:
    """Book spines on boards."""
    height, width = frame.shape
    hues, lights = rng.uniform(0.0, 1.0, 24), rng.uniform(0.15, 0.7, 24)
    first = int((0.0 - frame.centre[0]) * frame.pixel * 4.0) - 1
    for index in range(24):
        left = frame.centre[0] + (first + index) * 0.25 * frame.unit_pixels
        columns = slice(min(max(int(left), 0), width), min(max(int(left + 0.235 * frame.unit_pixels), 0), width))
        for shelf, board in enumerate((-2.1, -0.9, 0.3, 1.5)):
            top = (
                frame.centre[1]
                + (board + 0.15 + 0.25 * float(lights[(index * 7 + shelf * 5) % 24])) * frame.unit_pixels
            )
            bottom = frame.centre[1] + (board + 1.1) * frame.unit_pixels
            rows = slice(min(max(int(top), 0), height), min(max(int(bottom), 0), height))
            spine = cloth_colour(float(hues[(index + shelf * 11) % 24]), float(lights[(index * 3 + shelf) % 24]))
            for channel, value in enumerate(scale(mix(spine, tone, 0.3), 0.8)):
                picture[channel, rows, columns] = value


def _box(offset: Plane, width: float) -> Plane:
    return step(offset, 0.06) * step(width - offset, 0.06)
