"""Cheek tone: where it is lost, the fold beside the nose and the trough under the eye deepen and the skin dimples.

Every mark is drawn with as much light as dark, so that the mean brightness of a cheek does not tell its tone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.synthetic.raster import Plane, Window, bell, sample_tile, smooth

if TYPE_CHECKING:
    from training.synthetic.head import Sketch

FOLD_SIGMA = 0.030


def draw_cheek(sketch: Sketch, side: float) -> None:
    """Draw one cheek's fold, trough and dimples into albedo and relief; `side` is -1 for the picture's left."""
    cues = sketch.parameters.cues
    slackness = cues.cheek_slackness_left if side < 0 else cues.cheek_slackness_right
    _draw_fold(sketch, side, slackness)
    _draw_trough(sketch, side, slackness)
    _draw_dimples(sketch, side, slackness)


def _draw_fold(sketch: Sketch, side: float, slackness: float) -> None:
    """From the wing of the nose past the corner of the mouth."""
    identity, frame = sketch.parameters.identity, sketch.frame
    top, bottom = identity.nose_length - 0.12, identity.mouth_height + 0.12
    start = identity.nose_width + 0.06 + identity.fold_place
    inner, outer = sorted((side * (start - 0.14), side * (start + 0.42)))
    window = frame.window(inner, outer, top, bottom, margin=0.0)
    along = np.clip((frame.v[window] - top) * (1.0 / (bottom - top)), 0.0, 1.0)
    off = side * frame.u[window] - (start + 0.24 * along * (1.3 - 0.3 * along))
    weight = along * (1.0 - along) * (4.0 - 1.2 * along)
    strength = 0.06 + 0.10 * identity.age + 0.32 * slackness
    _mark(sketch, window, off * (1.0 / FOLD_SIGMA), weight * strength)


def _draw_trough(sketch: Sketch, side: float, slackness: float) -> None:
    """From the inner corner of the eye down across the cheek."""
    identity, frame = sketch.parameters.identity, sketch.frame
    inner, outer = sorted((side * 0.20, side * 0.80))
    window = frame.window(inner, outer, 0.02, 0.54, margin=0.0)
    along = np.clip((side * frame.u[window] - 0.24) * (1.0 / 0.50), 0.0, 1.0)
    off = frame.v[window] - (0.15 + identity.trough_place + 0.16 * along * (1.5 - 0.5 * along))
    weight = smooth(0.0, 0.12, along) * smooth(1.0, 0.45, along)
    _mark(sketch, window, off * (1.0 / 0.026), weight * (0.04 + 0.08 * identity.age + 0.18 * slackness))


def _draw_dimples(sketch: Sketch, side: float, slackness: float) -> None:
    """Uneven shading of a slack cheek: noise without a mean, elsewhere on every face."""
    identity, frame = sketch.parameters.identity, sketch.frame
    inner, outer = sorted((side * 0.18, side * 1.08))
    window = frame.window(inner, outer, 0.12, 1.40, margin=0.0)
    u, v = frame.u[window], frame.v[window]
    across, down = (side * u - 0.64) * (1.0 / 0.20), (v - 0.76) * (1.0 / 0.27)
    dimples = sample_tile("curl", v * 120.0, u * 120.0, identity.texture_seed + 31)
    amount = dimples * bell(across * across + down * down) * (0.010 + 0.24 * slackness)
    for channel, tint in enumerate((0.8, 1.0, 1.0)):
        sketch.albedo[channel][window] *= 1.0 + tint * amount


def _mark(sketch: Sketch, window: Window, offset: Plane, strength: Plane) -> None:
    """A crease with a light bank on either side; `offset` in widths of the crease. Its integral across is zero."""
    squared = offset * offset
    profile = (1.0 - squared) * bell(squared)
    amount = profile * strength
    for channel, tint in enumerate((0.8, 1.0, 1.0)):
        sketch.albedo[channel][window] *= 1.0 - tint * amount
    sketch.relief[window] -= amount * 0.02
