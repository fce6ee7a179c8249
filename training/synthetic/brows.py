"""Eyebrows: a tapering band of hairs. The outer end sinks by the whole brow droop, the inner end by about half."""

from __future__ import annotations

import numpy as np

from training.synthetic.head import Sketch
from training.synthetic.raster import Colour, paint, sample_tile, smooth

INNER, OUTER = -0.29, 0.41
INNER_SHARE = 0.55


def draw_brow(sketch: Sketch, side: float, hair: Colour) -> None:
    """Paint one brow into the albedo; `side` is -1 for the picture's left."""
    identity, cues, frame = sketch.parameters.identity, sketch.parameters.cues, sketch.frame
    droop = (cues.brow_droop_left if side < 0 else cues.brow_droop_right) + 0.5 * side * identity.asymmetry_brow
    centre = side * 0.5
    window = frame.window(centre - 0.45, centre + 0.45, -0.60, -0.10, margin=0.0)
    x = (frame.u[window] - centre) * side
    v = frame.v[window]
    along = np.clip((x - INNER) * (1.0 / (OUTER - INNER)), 0.0, 1.0)
    bend = (along - 0.60) * (1.0 / 0.60)
    middle = -identity.brow_height - identity.brow_arch * (1.0 - bend * bend)
    middle += droop * (INNER_SHARE + (1.0 - INNER_SHARE) * along)
    half = (
        0.5
        * identity.brow_thickness
        * (0.55 + 0.45 * smooth(0.0, 0.22, along))
        * (1.0 - 0.72 * smooth(0.5, 1.0, along))
    )
    ends = smooth(INNER - 0.05, INNER + 0.04, x) * smooth(OUTER + 0.03, OUTER - 0.06, x)
    body = smooth(-0.014, 0.020, half - np.abs(v - middle)) * ends
    # Hairs point up near the nose and outwards at the temple.
    lean = 0.85 - 0.55 * along
    strands = sample_tile("hair", x * 120.0, (v + x * lean) * 190.0, identity.texture_seed + 77)
    strength = np.clip(0.78 + 0.30 * strands, 0.25, 1.0)
    paint(sketch.albedo, window, body * strength * (0.55 + 0.43 * identity.brow_density), hair)
