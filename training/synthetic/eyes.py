"""Eyes, lids and lashes. Only the upper lid sinks with the lid droop; everything else stays where it is."""

from __future__ import annotations

import numpy as np

from training.synthetic.head import Sketch
from training.synthetic.raster import (
    Colour,
    Picture,
    Plane,
    bell,
    darken,
    linear,
    mix,
    paint,
    sample_tile,
    smooth,
    step,
)

EYE_PLACE = 0.5
LOWER_LID = 0.056
PUPIL = 0.036

IRIS_COLOURS = (linear(0.36, 0.52, 0.66), linear(0.40, 0.50, 0.36), linear(0.52, 0.42, 0.24), linear(0.48, 0.56, 0.60))
BROWN = linear(0.24, 0.13, 0.07)
SCLERA = linear(0.86, 0.83, 0.81)


def upper_lid_height(sketch: Sketch, side: float) -> float:
    """Height of the upper lid's edge above the line through the corners, at the middle of the eye."""
    identity, cues = sketch.parameters.identity, sketch.parameters.cues
    droop = cues.lid_droop_left if side < 0 else cues.lid_droop_right
    return identity.eye_aperture - droop - 0.5 * side * identity.asymmetry_lid


def draw_eye(sketch: Sketch, side: float) -> None:
    """Paint one eye into the albedo; `side` is -1 for the picture's left."""
    identity, frame = sketch.parameters.identity, sketch.frame
    albedo, pixel = sketch.albedo, frame.pixel
    centre = side * EYE_PLACE
    window = frame.window(centre - 0.40, centre + 0.40, -0.30, 0.27, margin=0.0)
    u = frame.u[window]
    x = (u - centre) * (side / identity.eye_width)
    y = frame.v[window] + identity.eye_tilt * x
    inside = np.clip(x, -1.0, 1.0)
    arch = 1.0 - inside * inside
    # Rounder near the corners than a parabola, and fuller towards the nose.
    upper = arch * (1.28 - 0.28 * arch) * (1.0 - 0.10 * inside)
    lid = -upper_lid_height(sketch, side) * upper
    lower = LOWER_LID * arch * (1.2 - 0.2 * arch) * (1.0 + 0.12 * inside)
    tint = (0.75, 1.0, 1.0)

    near = np.abs(x) < 1.35
    socket = bell((inside * 0.9) ** 2 + ((y + 0.06) * (1.0 / 0.13)) ** 2)
    darken(albedo, window, socket * 0.13, tint)
    crease_line = -(identity.eye_aperture + 0.058) * (1.0 - 0.55 * inside * inside) - 0.008 * inside
    crease = bell(((y - crease_line) * (1.0 / 0.016)) ** 2) * smooth(1.25, 0.6, np.abs(x))
    darken(albedo, window, crease * (0.18 + 0.38 * identity.lid_crease), tint)
    bag_line = LOWER_LID + 0.085 + 0.05 * arch
    bag = bell(((y - bag_line) * (1.0 / 0.026)) ** 2) * smooth(1.1, 0.3, np.abs(x + 0.15))
    darken(albedo, window, bag * (0.06 + 0.22 * identity.age), tint)

    opening = step(np.minimum(y - lid, lower - y), 1.5 * pixel) * (np.abs(x) < 1.0)
    shade = (1.0 - 0.30 * inside * inside) * (0.62 + 0.38 * smooth(0.0, 0.07, y - lid))
    white = np.stack([SCLERA[channel] * shade for channel in range(3)])
    paint(albedo, window, opening, white)
    corner = smooth(-0.72, -0.92, x) * opening
    paint(albedo, window, corner * 0.75, mix(linear(0.80, 0.45, 0.42), sketch.skin, 0.3))

    _draw_iris(sketch, side, opening * shade)

    ink = linear(0.10, 0.07, 0.06)
    edge = step(0.5 * (0.022 + 0.012 * identity.lashes) * (0.6 + 0.4 * arch) - np.abs(y - lid + 0.004), 1.6 * pixel)
    edge *= smooth(1.04, 0.97, np.abs(x))
    paint(albedo, window, edge * (0.70 + 0.25 * identity.lashes), ink)
    fan = sample_tile("hair", y * 90.0, u * 150.0 - x * y * 260.0, identity.texture_seed)
    reach = 0.030 + 0.030 * identity.lashes * smooth(-0.6, 1.0, x)
    lashes = (
        smooth(0.1, 0.9, fan) * smooth(-1.0, 0.0, (y - lid) / reach) * (y < lid) * near * smooth(1.12, 0.9, np.abs(x))
    )
    paint(albedo, window, lashes * (0.55 * identity.lashes), ink)
    rim = bell(((y - lower - 0.006) * (1.0 / 0.009)) ** 2) * smooth(1.02, 0.8, np.abs(x))
    darken(albedo, window, rim * (0.25 + 0.2 * identity.lashes), (0.8, 1.0, 1.0))


def _draw_iris(sketch: Sketch, side: float, visible: Plane) -> None:
    identity, view, frame = sketch.parameters.identity, sketch.parameters.view, sketch.frame
    centre = side * EYE_PLACE
    window = frame.window(centre - 0.40, centre + 0.40, -0.30, 0.27, margin=0.0)
    across = frame.u[window] - (centre + view.gaze_x)
    down = frame.v[window] - (view.gaze_y - 0.026)
    distance = np.sqrt(across * across + down * down)
    radius = identity.iris_radius
    mask = step(radius - distance, 1.6 * frame.pixel) * visible
    ring = smooth(radius * 0.70, radius, distance)
    glow = 0.75 + 0.5 * smooth(-radius, radius, down)
    colour = iris_colour(identity.iris_hue, identity.iris_lightness)
    shaded = glow * (1.0 - 0.72 * ring)
    iris = np.stack([colour[channel] * shaded for channel in range(3)])
    paint(sketch.albedo, window, mask, iris)
    pupil = step(PUPIL - distance, 1.6 * frame.pixel) * np.minimum(visible * 2.0, 1.0)
    paint(sketch.albedo, window, pupil, (0.004, 0.004, 0.004))


def iris_colour(hue: float, lightness: float) -> Colour:
    """Brown where lightness is 0, towards blue, green, hazel or grey as it rises."""
    return mix(BROWN, IRIS_COLOURS[min(int(hue * len(IRIS_COLOURS)), len(IRIS_COLOURS) - 1)], min(lightness * 1.3, 1.0))


def draw_glints(sketch: Sketch, picture: Picture) -> None:
    """Reflections of the light in both eyes, on the lit picture; hidden where the lid covers them."""
    view, frame = sketch.parameters.view, sketch.frame
    azimuth = view.light_azimuth_degrees / 60.0
    for side in (-1.0, 1.0):
        u = side * EYE_PLACE + view.gaze_x + 0.030 * azimuth
        v = -0.055
        covered = -upper_lid_height(sketch, side) + 0.012
        window = frame.window(u - 0.05, u + 0.05, v - 0.05, v + 0.05, margin=0.0)
        across, down = frame.u[window] - u, frame.v[window] - v
        spot = step(0.019 - np.sqrt(across * across + down * down), 1.8 * frame.pixel)
        spot *= step(frame.v[window] - covered, 1.5 * frame.pixel)
        paint(picture, window, spot * 0.85, (0.95, 0.95, 0.95))
