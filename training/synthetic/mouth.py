"""The mouth: two lips of different tone. Each corner sinks by its own droop, the middle stays."""

from __future__ import annotations

import numpy as np

from training.synthetic.head import Sketch
from training.synthetic.raster import Colour, bell, darken, linear, mix, paint, sample_tile, scale, smooth, step

REST_LIFT = 0.018
"""A rested mouth's corners stand this much above its middle."""


def draw_mouth(sketch: Sketch) -> None:
    """Paint the lips into the albedo and raise them from the face."""
    identity, cues, view, frame = (
        sketch.parameters.identity,
        sketch.parameters.cues,
        sketch.parameters.view,
        sketch.frame,
    )
    albedo, pixel = sketch.albedo, frame.pixel
    middle, half = identity.mouth_height, identity.mouth_width
    window = frame.window(-half - 0.12, half + 0.12, middle - 0.30, middle + 0.34, margin=0.0)
    u, v = frame.u[window], frame.v[window]
    reach = np.minimum(np.abs(u) * (1.0 / half), 1.0)
    bend = reach * reach * (0.35 + 0.65 * reach)
    left = cues.mouth_droop_left - 0.5 * identity.asymmetry_mouth - REST_LIFT
    right = cues.mouth_droop_right + 0.5 * identity.asymmetry_mouth - REST_LIFT
    line = middle + bend * np.where(u < 0, left, right) + 0.012 * bell((u * (1.0 / 0.06)) ** 2)
    full = 1.0 - reach * reach
    bow = 1.0 - 0.20 * bell((u * (1.0 / 0.050)) ** 2)
    top = line - identity.upper_lip * full * (0.72 + 0.28 * full) * bow
    bottom = line + identity.lower_lip * full * (1.25 - 0.25 * full)

    upper = step(np.minimum(v - top, line - v), 2.2 * pixel)
    lower = step(np.minimum(v - line, bottom - v), 2.2 * pixel)
    tone = lip_tone(sketch)
    grain = sample_tile("hair", v * 60.0, u * 120.0, identity.texture_seed + 5) * 0.05
    paint(albedo, window, upper * 0.88, scale(tone, 0.74))
    paint(albedo, window, lower * (0.86 + grain), scale(tone, 1.10))

    sketch.relief[window] += 0.040 * bell(((v - 0.5 * (top + line)) * (1.0 / 0.05)) ** 2) * full
    sketch.relief[window] += 0.060 * bell(((v - 0.5 * (bottom + line) - 0.01) * (1.0 / 0.055)) ** 2) * full
    sketch.relief[window] -= 0.035 * bell(((v - line) * (1.0 / 0.020)) ** 2) * (0.3 + 0.7 * full)
    # The groove under the nose.
    groove = (
        bell((u * (1.0 / 0.035)) ** 2) * smooth(identity.nose_length + 0.06, middle - identity.upper_lip, v) * (v < top)
    )
    sketch.relief[window] -= 0.014 * groove

    gap = 0.034 * view.lips_parted * full
    dark = step(gap + 0.0075 - np.abs(v - line - 0.4 * gap), 1.8 * pixel) * smooth(1.02, 0.93, np.abs(u) * (1.0 / half))
    paint(albedo, window, dark * 0.90, scale(mix(sketch.skin, linear(0.30, 0.08, 0.07), 0.8), 0.35))
    if view.lips_parted:
        teeth = step(gap * 0.55 - np.abs(v - line - 0.1 * gap), 1.8 * pixel) * smooth(0.75, 0.45, reach)
        paint(albedo, window, teeth * 0.8, linear(0.86, 0.83, 0.78))
    for side, sink in ((-1.0, left), (1.0, right)):
        spot = ((u - side * half * 0.99) * (1.0 / 0.030)) ** 2 + ((v - middle - sink) * (1.0 / 0.018)) ** 2
        darken(albedo, window, bell(spot) * 0.50, (0.8, 1.0, 1.0))
    shadow = bell(((v - bottom - 0.035) * (1.0 / 0.028)) ** 2) * full
    darken(albedo, window, shadow * 0.16, (0.8, 1.0, 1.0))


def lip_tone(sketch: Sketch) -> Colour:
    """Linear colour of the lips: redder and darker than the skin, more so with lipstick."""
    identity = sketch.parameters.identity
    bare = mix(scale(sketch.skin, 0.80), linear(0.66, 0.32, 0.32), 0.42 - 0.20 * identity.skin_depth)
    stick = linear(0.66, 0.16, 0.20) if identity.skin_depth < 0.6 else linear(0.50, 0.10, 0.14)
    return mix(bare, stick, 0.75 * max(identity.lip_red - 0.35, 0.0))
