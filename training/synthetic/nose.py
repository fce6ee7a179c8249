"""The nose: its relief, the nostrils and the creases around its wings."""

from __future__ import annotations

import numpy as np

from training.synthetic.head import Sketch
from training.synthetic.raster import bell, darken, smooth


def draw_nose(sketch: Sketch) -> None:
    """Raise the nose from the face and paint what is dark about it."""
    identity, frame = sketch.parameters.identity, sketch.frame
    length, width, height = identity.nose_length, identity.nose_width, identity.nose_height
    window = frame.window(-0.34, 0.34, -0.25, length + 0.16, margin=0.0)
    u, v = frame.u[window], frame.v[window]
    along = np.clip((v + 0.18) * (1.0 / (length + 0.12)), 0.0, 1.0)
    spread = 0.085 + 0.060 * along * along
    rise = height * (0.045 + 0.165 * along * along) * smooth(length + 0.09, length - 0.07, v) * smooth(-0.26, 0.05, v)
    sketch.relief[window] += rise * bell((u / spread) ** 2)
    sketch.bump(0.0, length - 0.08, 0.100, 0.085, 0.080 * height)
    for side in (-1.0, 1.0):
        sketch.bump(side * width * 0.78, length - 0.045, 0.072, 0.066, 0.085 * height)
        _draw_wing(sketch, side)


def _draw_wing(sketch: Sketch, side: float) -> None:
    identity, frame = sketch.parameters.identity, sketch.frame
    length, width = identity.nose_length, identity.nose_width
    window = frame.window(
        min(side * 0.02, side * (width + 0.13)),
        max(side * 0.02, side * (width + 0.13)),
        length - 0.24,
        length + 0.12,
        margin=0.0,
    )
    u, v = frame.u[window] * side, frame.v[window]
    across = (u - width * 0.50) * (1.0 / 0.052)
    down = (v - (length + 0.012) + 0.25 * (u - width * 0.50)) * (1.0 / 0.021)
    nostril = smooth(1.5, 0.6, across * across + down * down)
    darken(sketch.albedo, window, nostril * 0.80, (0.86, 1.0, 1.0))
    # The crease is an arc around the wing, open towards the tip.
    reach = np.sqrt(((u - width * 0.74) * (1.0 / 0.105)) ** 2 + ((v - length + 0.055) * (1.0 / 0.098)) ** 2)
    arc = bell(((reach - 1.0) * (1.0 / 0.17)) ** 2) * smooth(width * 0.62, width * 1.05, u)
    darken(sketch.albedo, window, arc * 0.34, (0.78, 1.0, 1.0))
