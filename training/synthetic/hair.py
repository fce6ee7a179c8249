"""Hair in ten styles: a layer behind the head and one in front, both textured by strands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.synthetic.frame import Frame
from training.synthetic.head import MIDDLE, TOP, light_direction
from training.synthetic.parameters import FaceParameters, Identity
from training.synthetic.raster import (
    Colour,
    Picture,
    Plane,
    Window,
    bell,
    darken,
    linear,
    mix,
    paint,
    sample_tile,
    scale,
    smooth,
    step,
)


@dataclass(frozen=True, slots=True)
class Style:
    """Shape of a style, in inter-eye distances: how far hair stands off the skull, and the opening for the face."""

    top: float
    side: float
    reach: float
    """v down to which the front layer goes (sideburns or long sides)."""
    opening_width: float
    hairline_drop: float = 0.0
    """How much lower than the natural hairline the hair begins (a fringe)."""
    part: float = 0.0
    back: float | None = None
    """v down to which hair hangs behind the neck."""
    texture: str = "hair"
    softness: float = 0.05


STYLES = {
    "buzz": Style(top=0.05, side=0.0, reach=0.02, opening_width=0.96, texture="pores", softness=0.10),
    "short": Style(top=0.24, side=0.06, reach=0.10, opening_width=0.97, part=0.05),
    "side_part": Style(top=0.30, side=0.08, reach=0.12, opening_width=0.97, part=0.22),
    "fringe": Style(top=0.26, side=0.16, reach=1.25, opening_width=0.93, hairline_drop=0.42, back=1.5),
    "curly": Style(top=0.46, side=0.34, reach=0.85, opening_width=0.96, back=1.0, texture="curl", softness=0.10),
    "bob": Style(top=0.27, side=0.20, reach=1.35, opening_width=0.94, part=0.18, back=1.5),
    "long": Style(top=0.25, side=0.17, reach=2.6, opening_width=0.95, part=0.12, back=3.2),
    "bun": Style(top=0.14, side=0.02, reach=0.0, opening_width=0.98),
    "scarf": Style(top=0.20, side=0.10, reach=3.0, opening_width=0.90, hairline_drop=0.22, back=3.0, texture="mottle"),
}


def hair_colour(identity: Identity) -> Colour:
    """Linear colour from darkness, redness and grey."""
    blond, brown = linear(0.76, 0.60, 0.38), linear(0.30, 0.19, 0.12)
    black, red = linear(0.085, 0.070, 0.065), linear(0.50, 0.22, 0.10)
    tone = mix(blond, brown, min(identity.hair_darkness * 2.0, 1.0))
    tone = mix(tone, black, max(identity.hair_darkness * 2.0 - 1.0, 0.0))
    tone = mix(tone, red, 0.5 * max(identity.hair_redness - 0.6, 0.0) / 0.4 * (1.0 - identity.hair_darkness))
    return mix(tone, linear(0.70, 0.70, 0.70), 0.9 * identity.hair_grey)


def cloth_colour(hue: float, lightness: float) -> Colour:
    """A muted linear colour from a hue around the circle."""
    angle = hue * 2.0 * np.pi
    red, green, blue = (0.5 + 0.5 * float(np.cos(angle - shift)) for shift in (0.0, 2.1, 4.2))
    return mix(
        linear(lightness, lightness, lightness), linear(red * lightness, green * lightness, blue * lightness), 0.55
    )


def draw_hair_behind(picture: Picture, frame: Frame, parameters: FaceParameters) -> None:
    """The layer behind head and neck, in the shade, and the bun."""
    identity = parameters.identity
    style = STYLES.get(identity.hair_style)
    if style is None:
        return
    colour = _tone(parameters)
    if identity.hair_style == "bun":
        window = frame.window(-0.6, 0.6, -2.75, -1.5, margin=0.0)
        distance = np.sqrt((frame.u[window]) ** 2 + (frame.v[window] + 2.08) ** 2)
        strands = 0.8 + 0.2 * sample_tile("hair", distance * 30.0, frame.u[window] * 120.0, identity.texture_seed)
        shade = strands * (0.65 + 0.5 * (0.45 - distance))
        paint(picture, window, step(0.42 - distance, 2.0 * frame.pixel), _shaded(colour, shade))
    if style.back is None:
        return
    window = _window(frame, style, style.back, identity)
    edge = _silhouette(frame, window, identity, style, style.back)
    soft = style.softness
    rough = sample_tile(style.texture, frame.v[window] * 40.0, frame.u[window] * 100.0, identity.texture_seed + 13)
    mask = smooth(-soft, soft * 0.4, edge + rough * soft * 0.35)
    paint(picture, window, mask, _shaded(colour, (0.42 + 0.10 * rough) * _brightness(parameters)))


def draw_hair_front(picture: Picture, frame: Frame, parameters: FaceParameters) -> None:
    """The layer over forehead, temples and ears, with light along the strands, and its shadow on the skin."""
    identity = parameters.identity
    style = STYLES.get(identity.hair_style)
    if style is None:
        return
    window = _window(frame, style, style.reach, identity)
    u, v = frame.u[window], frame.v[window]
    if style.texture == "hair":
        # Strands run out from the parting over the crown and then down.
        lean = u - identity.parting_side * style.part * 1.6
        crown = np.sqrt(lean * lean + (v + 2.3) ** 2)
        across = lean / (0.35 + 0.5 * np.maximum(crown, 0.0)) * 210.0
        rough = sample_tile("hair", crown * 55.0, across, identity.texture_seed)
        rough += 0.6 * sample_tile("hair", crown * 20.0, across * 0.3, identity.texture_seed + 8)
    else:
        rough = sample_tile(style.texture, v * 75.0, u * 75.0, identity.texture_seed)
    silhouette = _silhouette(frame, window, identity, style, style.reach)
    opening = _opening(u, v, identity, style)
    soft = style.softness
    outer = smooth(-soft, soft * 0.4, silhouette + rough * soft * 0.30)
    line = opening + rough * soft * (0.25 if style.texture != "mottle" else 0.0)
    front = smooth(-soft * 0.4, soft, line)
    lower = smooth(0.10, -0.06, v - style.reach + rough * 0.05)
    cast = smooth(-0.20, 0.02, opening) * (1.0 - front) * lower * outer
    darken(picture, window, cast * 0.30, (0.85, 1.0, 1.0))
    lx, ly, _ = light_direction(parameters)
    reach_u, reach_v = u * (1.0 / 1.35), (v + 0.2) * (1.0 / 1.9)
    facing = 0.62 + 0.40 * (lx * reach_u + ly * reach_v) - 0.16 * (reach_u * reach_u)
    band = bell(((v + 1.35 - 0.25 * u * u + 0.05 * rough) * (1.0 / 0.16)) ** 2)
    shine = 0.0 if style.texture in ("mottle", "pores") else 0.45
    shade = np.maximum(facing, 0.2) * (1.0 + 0.22 * rough) + shine * band * (0.7 + 0.3 * rough)
    # Darker where the hair leaves the skin.
    shade *= 1.0 - 0.35 * smooth(0.22, 0.0, opening)
    opacity = 0.82 if identity.hair_style == "buzz" else 0.98
    paint(picture, window, outer * front * lower * opacity, _shaded(_tone(parameters), shade * _brightness(parameters)))


def _tone(parameters: FaceParameters) -> Colour:
    identity = parameters.identity
    if identity.hair_style == "scarf":
        return cloth_colour(identity.hair_redness, 0.25 + 0.6 * (1.0 - identity.hair_darkness))
    return scale(hair_colour(identity), 1.15)


def _brightness(parameters: FaceParameters) -> float:
    return parameters.view.light_strength * 0.9 + parameters.view.ambient * 0.8


def _shaded(colour: Colour, shade: Plane) -> Picture:
    return np.stack([channel * shade for channel in colour])


def _window(frame: Frame, style: Style, reach: float, identity: Identity) -> Window:
    wide = identity.face_width + style.side + 0.35
    return frame.window(-wide, wide, -2.0 - style.top - 0.15, reach + 0.2, margin=0.0)


def _silhouette(frame: Frame, window: Window, identity: Identity, style: Style, reach: float) -> Plane:
    """Distance to the outer edge of the hair, positive inside: a cap above, straight sides below."""
    u, v = frame.u[window], frame.v[window] - MIDDLE
    wide = identity.face_width + (style.side * identity.hair_volume) + 0.02
    tall = TOP * identity.face_length + style.top * identity.hair_volume
    above = np.minimum(v, 0.0) * (-1.0 / tall)
    flare = 1.0 + (0.10 if reach > 1.0 else -0.10) * np.clip(v, 0.0, 1.5)
    across = u * (1.0 / wide) / flare
    # Hair ends in a rounded hem: the last half unit above `reach` draws in.
    hem = np.maximum(v + MIDDLE - (reach - 0.5), 0.0) * (1.0 / 0.55)
    squared = across * across + above * above * (0.55 + 0.45 * above) + hem * hem * hem
    distance: Plane = (1.0 - np.sqrt(squared)) * wide
    return distance


def _opening(u: Plane, v: Plane, identity: Identity, style: Style) -> Plane:
    """How far outside the opening for the face a point is; the hairline is where this is 0."""
    width = style.opening_width * identity.face_width
    top = identity.hairline - style.hairline_drop
    lean = identity.parting_side * style.part
    centre = 0.45
    across = (u - lean * 0.25) * (1.0 / width)
    rise = np.minimum(v - centre, 0.0) * (1.0 / (top + centre)) * (1.0 + lean * u * 0.35)
    across, rise = across * across, rise * rise
    squared = across * (0.35 + 0.65 * across) + rise * (0.35 + 0.65 * rise) + 0.5 * across * rise
    outside: Plane = np.sqrt(squared) - 1.0
    return outside
