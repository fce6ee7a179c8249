"""Ears, neck, shoulders and clothes."""

from __future__ import annotations

import numpy as np

from training.synthetic.frame import Frame
from training.synthetic.hair import cloth_colour
from training.synthetic.head import chin_height, light_direction
from training.synthetic.parameters import FaceParameters
from training.synthetic.raster import Colour, Picture, bell, darken, paint, sample_tile, scale, smooth, step

EAR_HEIGHT = 0.22


def draw_body(picture: Picture, frame: Frame, parameters: FaceParameters, skin: Colour) -> None:
    """Neck with the chin's shadow, shoulders in clothes with one of three necklines."""
    identity, view = parameters.identity, parameters.view
    chin = chin_height(identity)
    column, row = frame.project(0.0, chin, depth=0.35)
    chin_x = (column - frame.centre[0]) * frame.pixel
    chin_y = (row - frame.centre[1]) * frame.pixel
    first = max(0, int(row - 1.0 * frame.unit_pixels))
    window = (slice(min(first, frame.shape[0]), frame.shape[0]), slice(0, frame.shape[1]))
    x, y = frame.x[window] - chin_x * 0.6, frame.y[window] - chin_y
    lx, _, _ = light_direction(parameters)
    bright = view.light_strength * 0.85 + view.ambient * 0.75

    half = 0.60 + 0.06 * identity.jaw_width + 0.10 * smooth(0.0, 0.7, y) + 0.5 * smooth(0.35, 1.1, y)
    neck = step(half - np.abs(x), 2.0 * frame.pixel) * (y > -0.9)
    round_ = x * (1.0 / 0.72)
    shade = (0.78 + 0.30 * lx * round_ - 0.22 * round_ * round_) * bright
    tendon = bell(((np.abs(x) - 0.34 + 0.25 * y) * (1.0 / 0.07)) ** 2) * smooth(0.9, 0.3, y)
    shade *= 1.0 - 0.10 * tendon
    under = smooth(0.62, -0.05, y + 0.25 * x * x - 0.12 * lx * x)
    shade *= 1.0 - 0.58 * under
    paint(picture, window, neck, np.stack([skin[0] * shade, skin[1] * shade * 0.96, skin[2] * shade * 0.94]))

    slope = (
        0.42
        + 0.30 * np.minimum(np.abs(x), 3.0) * smooth(0.5, 1.2, np.abs(x))
        + 0.22 * np.maximum(np.abs(x) - 1.6, 0.0) ** 2
    )
    wide = np.abs(x)
    if view.collar < 0.5:
        neckline = 0.52 - 0.12 * np.minimum(wide * (1.0 / 0.75), 1.3) ** 2
    elif view.collar < 1.5:
        neckline = 0.95 - 0.75 * wide
    else:
        neckline = 0.28 + 0.10 * smooth(0.4, 0.0, wide)
    edge = y - np.where(wide < 0.78, np.maximum(neckline, slope - 0.24), slope)
    cloth = step(edge, 2.5 * frame.pixel)
    cast = smooth(-0.10, 0.02, edge) * (1.0 - cloth) * neck
    darken(picture, window, cast * 0.25)
    folds = sample_tile("mottle", y * 20.0 + wide * 25.0, x * 14.0, view.texture_seed)
    weave = sample_tile("pores", y * 150.0, x * 150.0, view.texture_seed)
    light = (0.78 + 0.22 * lx * np.clip(x * 0.5, -1.0, 1.0) + 0.055 * folds + 0.02 * weave) * bright
    light *= 1.0 - 0.25 * bell((edge - 0.015) ** 2 * (1.0 / 0.025**2))
    tone = cloth_colour(view.clothes_hue, view.clothes_lightness)
    paint(picture, window, cloth, np.stack([channel * light for channel in tone]))


def draw_ears(picture: Picture, frame: Frame, parameters: FaceParameters, skin: Colour) -> None:
    """Both ears with rim and bowl; hair in front may hide them."""
    identity, view = parameters.identity, parameters.view
    lx, _, _ = light_direction(parameters)
    size = identity.ear_size
    for side in (-1.0, 1.0):
        centre = side * (identity.face_width + 0.035)
        inner, outer = sorted((centre - side * 0.16, centre + side * 0.26))
        window = frame.window(inner, outer, EAR_HEIGHT - 0.5, EAR_HEIGHT + 0.5, margin=0.02)
        x = (frame.u[window] - centre) * side
        y = (frame.v[window] - EAR_HEIGHT) * (1.0 / size)
        x = x - 0.10 * (-y) * 0.5
        width = 0.125 * (1.0 - 0.45 * smooth(0.0, 0.42, y))
        reach = np.sqrt((x / width) ** 2 + (y * (1.0 / 0.36)) ** 2)
        bright = view.light_strength * (0.62 + 0.30 * lx * side) + view.ambient * 0.7
        rim = bell(((reach - 0.86) * (1.0 / 0.14)) ** 2)
        bowl = bell((x * (1.0 / 0.05)) ** 2 + ((y - 0.03) * (1.0 / 0.15)) ** 2)
        shade = bright * (0.86 + 0.20 * rim - 0.42 * bowl)
        tone = (skin[0] * 1.02, skin[1] * 0.88, skin[2] * 0.86)
        paint(
            picture,
            window,
            step((1.0 - reach) * 0.12, 1.8 * frame.pixel),
            np.stack([c * shade for c in scale(tone, 1.0)]),
        )
