"""Glasses: two rims, a bridge and the temples, with a faint reflection in the lenses."""

from __future__ import annotations

import numpy as np

from training.synthetic.frame import Frame
from training.synthetic.parameters import FaceParameters
from training.synthetic.raster import Picture, add_light, darken, linear, mix, paint, smooth, step

RIM = 0.026


def draw_glasses(picture: Picture, frame: Frame, parameters: FaceParameters) -> None:
    """Lay glasses over the lit face."""
    identity, view = parameters.identity, parameters.view
    if identity.glasses_style == "none":
        return
    colour = mix(linear(0.60, 0.45, 0.30), linear(0.06, 0.06, 0.07), identity.glasses_darkness)
    power = 2 if identity.glasses_style == "round" else 4
    wide, tall = (0.35, 0.31) if identity.glasses_style == "round" else (0.39, 0.27)
    for side in (-1.0, 1.0):
        inner, outer = sorted((side * 0.06, side * (identity.face_width + 0.05)))
        window = frame.window(inner, outer, -0.36, 0.46, margin=0.0)
        x = (frame.u[window] - side * 0.51) * (1.0 / wide)
        y = (frame.v[window] - 0.05) * (1.0 / tall)
        squared = x * x + y * y if power == 2 else np.sqrt(x**4 + y**4)
        reach = np.sqrt(squared)
        distance = (reach - 1.0) * (0.5 * (wide + tall))
        shadow = step(RIM - np.abs(distance - 0.012) * 0.8, 6.0 * frame.pixel)
        darken(picture, window, shadow * 0.22)
        lens = step(-distance, 2.0 * frame.pixel)
        glare = smooth(0.25, 0.0, np.abs(x + 0.7 * y - 0.3 - 0.3 * view.light_azimuth_degrees / 60.0)) * lens
        add_light(picture, window, glare * (0.035 * view.light_strength))
        rim = step(0.5 * RIM - np.abs(distance), 1.6 * frame.pixel)
        arm = step(0.016 - np.abs(frame.v[window] + 0.06), 1.6 * frame.pixel) * (
            frame.u[window] * side > 0.51 + wide * 0.96
        )
        arm *= frame.u[window] * side < identity.face_width + 0.02
        paint(picture, window, np.maximum(rim, arm) * 0.95, colour)
    window = frame.window(-0.22, 0.22, -0.16, 0.12, margin=0.0)
    u, v = frame.u[window], frame.v[window]
    bridge = step(0.5 * RIM - np.abs(v + 0.055 - 1.3 * u * u), 1.6 * frame.pixel) * (np.abs(u) < 0.165)
    paint(picture, window, bridge * 0.95, colour)
