"""Skin: uneven tone, blush, freckles, lines of age, stubble and beard. Painted into the albedo."""

from __future__ import annotations

import numpy as np

from training.synthetic.head import Sketch, chin_height
from training.synthetic.raster import Colour, Window, bell, darken, linear, paint, sample_tile, scale, smooth

RED_TINT = (0.25, 1.0, 0.9)
BROWN_TINT = (0.7, 1.0, 1.1)


def draw_skin(sketch: Sketch, window: Window) -> None:
    """Base colour with mottles, pores, redness of cheeks and nose, and freckles."""
    identity, frame = sketch.parameters.identity, sketch.frame
    u, v = frame.u[window], frame.v[window]
    seed = identity.texture_seed
    uneven = sample_tile("mottle", v * 60.0, u * 60.0, seed) * 0.022
    uneven += sample_tile("pores", v * 110.0, u * 110.0, seed + 9) * (0.012 + 0.016 * identity.age)
    for channel in range(3):
        sketch.albedo[channel][window] = sketch.skin[channel] * (1.0 + uneven)
    redness = 0.13 * (1.0 - 0.6 * identity.skin_depth)
    for place_u, place_v, width, height, amount in (
        (-0.62, 0.50, 0.24, 0.22, 1.0),
        (0.62, 0.50, 0.24, 0.22, 1.0),
        (0.0, identity.nose_length - 0.06, 0.16, 0.13, 0.9),
        (0.0, chin_height(identity) - 0.22, 0.25, 0.16, 0.4),
    ):
        part = frame.window(
            place_u - 2.3 * width, place_u + 2.3 * width, place_v - 2.3 * height, place_v + 2.3 * height, margin=0.0
        )
        across, down = (frame.u[part] - place_u) * (1.0 / width), (frame.v[part] - place_v) * (1.0 / height)
        darken(sketch.albedo, part, bell(across * across + down * down) * (redness * amount), RED_TINT)
    if identity.freckles:
        part = frame.window(-0.85, 0.85, -0.1, 0.9, margin=0.0)
        spots = sample_tile("curl", frame.v[part] * 190.0, frame.u[part] * 190.0, seed + 3)
        where = bell((frame.u[part] * (1.0 / 0.5)) ** 2 + ((frame.v[part] - 0.42) * (1.0 / 0.25)) ** 2)
        darken(sketch.albedo, part, smooth(1.2, 2.2, spots) * where * (0.32 * identity.freckles), BROWN_TINT)


def draw_age(sketch: Sketch) -> None:
    """Lines across the forehead, at the outer corners of the eyes and between the brows."""
    identity, frame = sketch.parameters.identity, sketch.frame
    strength = max(identity.age - 0.3, 0.0) / 0.7
    if strength == 0.0:
        return
    window = frame.window(-0.75, 0.75, -0.95, -0.48, margin=0.0)
    u, v = frame.u[window], frame.v[window]
    wave = sample_tile("mottle", u * 12.0, u * 40.0, identity.texture_seed + 21) * 0.012
    for height in (-0.56, -0.68, -0.80):
        off = (v - height - wave - 0.03 * u * u) * (1.0 / 0.012)
        line = bell(off * off) * smooth(0.72, 0.25, np.abs(u))
        sketch.relief[window] -= (0.010 * strength) * line
        darken(sketch.albedo, window, line * (0.20 * strength), BROWN_TINT)
    for side in (-1.0, 1.0):
        window = frame.window(min(side * 0.72, side * 0.98), max(side * 0.72, side * 0.98), -0.20, 0.22, margin=0.0)
        out, v = frame.u[window] * side - 0.74, frame.v[window]
        for slope in (-0.55, -0.05, 0.45):
            off = (v + 0.01 - slope * out) * (1.0 / 0.011)
            crow = bell(off * off) * smooth(0.0, 0.05, out) * smooth(0.22, 0.10, out)
            darken(sketch.albedo, window, crow * (0.24 * strength), BROWN_TINT)
        window = frame.window(min(0.0, side * 0.14), max(0.0, side * 0.14), -0.48, -0.22, margin=0.0)
        beside = (frame.u[window] * side - 0.075) * (1.0 / 0.012)
        furrow = bell(beside * beside) * smooth(-0.47, -0.38, frame.v[window]) * smooth(-0.22, -0.30, frame.v[window])
        darken(sketch.albedo, window, furrow * (0.20 * strength), BROWN_TINT)


def draw_beard(sketch: Sketch, hair: Colour) -> None:
    """Stubble, moustache and full beard, each as strong as the identity says."""
    identity, frame = sketch.parameters.identity, sketch.frame
    if max(identity.stubble, identity.moustache, identity.beard) < 0.02:
        return
    chin = chin_height(identity)
    window = frame.window(-1.15, 1.15, 0.25, chin + 0.08, margin=0.0)
    u, v = frame.u[window], frame.v[window]
    wide = np.abs(u)
    mouth = identity.mouth_height
    # The cheek line falls from the ear to the corner of the mouth.
    cheek_line = 0.42 + (1.0 - np.minimum(wide, 1.0)) * 1.05
    cheeks = smooth(-0.04, 0.10, v - cheek_line) * smooth(
        mouth - 0.30, mouth + 0.10, v + 0.5 * smooth(0.55, 0.85, wide)
    )
    lips = ((u * (1.0 / (identity.mouth_width + 0.03))) ** 2) + ((v - mouth - 0.01) * (1.0 / 0.15)) ** 2
    cheeks = cheeks * smooth(0.85, 1.20, lips)
    over_lip = bell(((v - mouth + 0.185 - 0.20 * wide * wide) * (1.0 / 0.055)) ** 2) * smooth(0.50, 0.36, wide)
    strands = sample_tile("hair", v * 75.0, u * 130.0 + v * 18.0 * np.sign(u), identity.texture_seed + 41)
    texture = np.clip(0.80 + 0.28 * strands, 0.2, 1.0)
    area = np.maximum(cheeks, over_lip)
    shadow = scale(hair, 0.8) if identity.hair_grey < 0.5 else linear(0.45, 0.45, 0.46)
    paint(sketch.albedo, window, area * (0.30 * identity.stubble) * texture, shadow)
    amount = np.maximum(cheeks * identity.beard, over_lip * identity.moustache * 1.1)
    paint(sketch.albedo, window, np.minimum(amount * texture, 0.97), hair)
