"""The head as a surface: outline, relief, and how light falls on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from training.synthetic.frame import Frame
from training.synthetic.parameters import FaceParameters, Identity
from training.synthetic.raster import Colour, Picture, Plane, Window, bell, mix, smooth, step

MIDDLE = 0.10
"""Height (v) at which the head is widest."""
TOP = 1.74
HEAD_DEPTH = 0.80

SKIN_TONES = (
    (0.98, 0.87, 0.80),
    (0.95, 0.79, 0.70),
    (0.89, 0.70, 0.57),
    (0.79, 0.58, 0.44),
    (0.66, 0.46, 0.34),
    (0.52, 0.35, 0.26),
    (0.39, 0.26, 0.19),
    (0.28, 0.18, 0.14),
)
"""Display colours from very light to very dark, mixed from pigment names, not sampled from anybody."""


@dataclass(slots=True)
class Sketch:
    """A face while it is drawn: colour without light, and relief, both over the whole picture."""

    frame: Frame
    parameters: FaceParameters
    albedo: Picture
    relief: Plane
    openness: Plane
    """Share of the surrounding light that reaches a point: 1 in the open, less in hollows."""
    skin: Colour
    """Linear light."""

    def bump(self, u: float, v: float, width: float, height: float, depth: float) -> None:
        """Raise (or sink) the surface by a soft bump with the standard deviations `width` and `height`."""
        window = self.frame.window(u - 2.5 * width, u + 2.5 * width, v - 2.5 * height, v + 2.5 * height, margin=0.0)
        across = (self.frame.u[window] - u) * (1.0 / width)
        down = (self.frame.v[window] - v) * (1.0 / height)
        self.relief[window] += depth * bell(across * across + down * down)

    def hollow(self, u: float, v: float, width: float, height: float, amount: float) -> None:
        """Let less light into a soft spot with the standard deviations `width` and `height`."""
        window = self.frame.window(u - 2.5 * width, u + 2.5 * width, v - 2.5 * height, v + 2.5 * height, margin=0.0)
        across = (self.frame.u[window] - u) * (1.0 / width)
        down = (self.frame.v[window] - v) * (1.0 / height)
        self.openness[window] *= 1.0 - amount * bell(across * across + down * down)


def skin_colour(identity: Identity) -> Colour:
    """Linear colour of the skin from its depth and undertone."""
    place = identity.skin_depth * (len(SKIN_TONES) - 1)
    index = min(int(place), len(SKIN_TONES) - 2)
    red, green, blue = mix(SKIN_TONES[index], SKIN_TONES[index + 1], place - index)
    red, blue = red + 0.015 * identity.undertone, blue - 0.02 * identity.undertone
    return (red * red, green * green, blue * blue)


def head_radius(frame: Frame, window: Window, identity: Identity) -> tuple[Plane, Plane]:
    """Squared relative radius (1 on the outline), and the distance to the outline in head units, positive inside."""
    u, v = frame.u[window], frame.v[window] - MIDDLE
    chin = chin_height(identity) - MIDDLE
    up = v * (-1.0 / (TOP * identity.face_length))
    down = np.minimum(v * (1.0 / chin), 1.25)
    below = v > 0
    taper = np.where(below, 1.0 - (1.0 - identity.jaw_width) * down * down, 1.0)
    across = u * (1.0 / identity.face_width) / taper
    tall = np.where(below, down * down * (0.45 + 0.55 * down), up * up * (0.55 + 0.45 * up))
    squared = across * across + tall
    reach = np.sqrt(u * u + v * v)
    distance = reach * (1.0 / np.sqrt(np.maximum(squared, 1e-4)) - 1.0)
    return squared, distance


def chin_height(identity: Identity) -> float:
    """Height (v) of the lowest point of the chin."""
    return 1.80 * identity.face_length + identity.chin_length


def shape_head(sketch: Sketch, window: Window, squared: Plane) -> None:
    """Relief of the bones and soft parts, without eyes, brows and lips (they add their own)."""
    identity = sketch.parameters.identity
    sketch.relief[window] = HEAD_DEPTH * np.sqrt(np.clip(1.0 - squared, 0.0, 1.0))
    ridge = 0.055 * identity.brow_ridge
    chin = chin_height(identity)
    for side in (-1.0, 1.0):
        sketch.bump(side * 0.46, -0.30, 0.26, 0.09, ridge)
        sketch.bump(side * 0.47, -0.04, 0.23, 0.15, -0.115)
        sketch.bump(side * 0.15, -0.02, 0.10, 0.13, -0.025)
        sketch.bump(side * 0.50, 0.01, 0.17, 0.11, 0.055)
        sketch.bump(side * 0.66, 0.38, 0.22, 0.17, 0.065 * identity.cheekbone)
        sketch.bump(side * 1.00, -0.42, 0.16, 0.25, -0.05)
        sketch.bump(side * 0.72, 0.95, 0.20, 0.22, -0.035 * identity.cheekbone)
    sketch.bump(0.0, -0.72, 0.55, 0.28, 0.05)
    sketch.bump(0.0, chin - 0.25, 0.20, 0.13, 0.075)
    sketch.bump(0.0, chin - 0.47, 0.24, 0.06, -0.035)
    for side in (-1.0, 1.0):
        sketch.hollow(side * 0.42, -0.10, 0.20, 0.09, 0.20 * identity.brow_ridge + 0.08)
        sketch.hollow(side * 0.18, -0.04, 0.07, 0.10, 0.13)
    sketch.hollow(0.0, identity.nose_length + 0.09, 0.17, 0.055, 0.30)
    sketch.hollow(0.0, identity.mouth_height + identity.lower_lip + 0.06, 0.17, 0.04, 0.20)


def light_head(sketch: Sketch, window: Window, softness: float = 1.0) -> Picture:
    """Light on the relief: key light with colour bleeding in the skin, sky, fill, and darkness in hollows.

    Returns:
        Factor for the albedo, shape (3, height, width) of the window, and the shine to add as its own last plane.
    """
    view = sketch.parameters.view
    nx, ny, nz = surface_normals(sketch, window, softness)
    lx, ly, lz = light_direction(sketch.parameters)
    facing = nx * lx + ny * ly + nz * lz
    sky = 0.72 - 0.28 * ny
    hollow = sketch.openness[window]
    warm = 0.10 * view.light_warmth
    factor = np.empty((4, *facing.shape), dtype=np.float32)
    # Red light travels furthest under the skin, so the edge of the shadow is reddish.
    for channel, (wrap, tint, cool) in enumerate(
        ((0.45, 1.0 + warm, 0.97), (0.30, 1.0, 1.0), (0.22, 1.0 - warm, 1.05))
    ):
        key = np.maximum((facing + wrap) * (1.0 / (1.0 + wrap)), 0.0)
        key *= key
        factor[channel] = (view.light_strength * 1.25 * tint) * key + (view.ambient * cool) * sky
        factor[channel] *= hollow
    # Half-way vector between light and camera.
    norm = 1.0 / math.sqrt(lx * lx + ly * ly + (lz + 1.0) ** 2)
    shine = np.maximum((nx * lx + ny * ly + nz * (lz + 1.0)) * norm, 0.0)
    shine *= shine
    shine *= shine
    shine *= shine
    shine *= shine
    factor[3] = shine * hollow * (0.075 * view.light_strength)
    return factor


def surface_normals(sketch: Sketch, window: Window, softness: float = 1.0) -> tuple[Plane, Plane, Plane]:
    """Unit normals of the relief as the camera sees it, x right, y down, z to the camera."""
    frame, view = sketch.frame, sketch.parameters.view
    yaw, pitch = math.radians(view.yaw_degrees), math.radians(view.pitch_degrees)
    turned = sketch.relief[window] * math.cos(yaw) - frame.u[window] * math.sin(yaw)
    surface = turned * math.cos(pitch) + frame.v[window] * math.sin(pitch)
    slope_x = np.zeros_like(surface)
    slope_y = np.zeros_like(surface)
    slope_x[:, 1:-1] = surface[:, 2:] - surface[:, :-2]
    slope_y[1:-1] = surface[2:] - surface[:-2]
    slope = -0.5 * frame.unit_pixels * softness
    slope_x *= slope
    slope_y *= slope
    norm = 1.0 / np.sqrt(slope_x * slope_x + slope_y * slope_y + 1.0)
    return slope_x * norm, slope_y * norm, norm


def light_direction(parameters: FaceParameters) -> tuple[float, float, float]:
    """Unit vector towards the light, x right, y down, z to the camera."""
    azimuth = math.radians(parameters.view.light_azimuth_degrees)
    elevation = math.radians(parameters.view.light_elevation_degrees)
    return math.sin(azimuth) * math.cos(elevation), -math.sin(elevation), math.cos(azimuth) * math.cos(elevation)


def head_mask(frame: Frame, distance: Plane) -> Plane:
    """Coverage of the head, antialiased."""
    return step(distance, 1.4 * frame.pixel)


def edge_shadow(squared: Plane) -> Plane:
    """Darkening towards the outline, where the surface turns away."""
    return 0.30 * smooth(0.72, 1.02, squared)
