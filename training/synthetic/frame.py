"""Where the head is in the picture: from pixels to head coordinates and back.

Head coordinates are in units of the inter-eye distance, origin between the eyes, u to the right and v down in the picture
before any pose, depth towards the camera. Features are drawn in head coordinates and so follow the pose.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from training.synthetic.parameters import FaceParameters, View
from training.synthetic.raster import Plane, Window

EYE_DEPTH = 0.80
"""Depth of the eyes before the head's middle plane; the head turns about the eyes so that they stay in place."""
CURVATURE = 0.46
NOSE_DEPTH = 0.26


@dataclass(frozen=True, slots=True)
class Frame:
    """Coordinates of every pixel. `u`, `v` follow the head; `x`, `y` only its place and size (for neck and shoulders)."""

    u: Plane
    v: Plane
    x: Plane
    y: Plane
    unit_pixels: float
    """Pixels per inter-eye distance."""
    centre: tuple[float, float]
    view: View

    @property
    def pixel(self) -> float:
        """One pixel in head units."""
        return 1.0 / self.unit_pixels

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.u.shape
        return height, width

    def project(self, u: float, v: float, depth: float | None = None) -> tuple[float, float]:
        """Head point to pixel (column, row), at the depth of the head's surface unless told."""
        z = (_surface_depth(u, v) if depth is None else depth) - EYE_DEPTH
        yaw, pitch, roll = _angles(self.view)
        x = u * math.cos(yaw) + z * math.sin(yaw)
        z = -u * math.sin(yaw) + z * math.cos(yaw)
        y = v * math.cos(pitch) - z * math.sin(pitch)
        column = self.centre[0] + self.unit_pixels * (x * math.cos(roll) - y * math.sin(roll))
        row = self.centre[1] + self.unit_pixels * (x * math.sin(roll) + y * math.cos(roll))
        return column, row

    def window(self, left: float, right: float, top: float, bottom: float, margin: float = 0.06) -> Window:
        """The pixels that may show a rectangle of head coordinates; empty slices where it lies outside the picture."""
        corners = [
            self.project(u, v) for u in (left, (left + right) / 2, right) for v in (top, (top + bottom) / 2, bottom)
        ]
        border = margin * self.unit_pixels + 1.0
        height, width = self.shape
        columns = [corner[0] for corner in corners]
        rows = [corner[1] for corner in corners]
        first_row, last_row = max(0, int(min(rows) - border)), min(height, int(max(rows) + border) + 1)
        first_column, last_column = max(0, int(min(columns) - border)), min(width, int(max(columns) + border) + 1)
        return slice(first_row, max(first_row, last_row)), slice(first_column, max(first_column, last_column))


def make_frame(parameters: FaceParameters, height: int, width: int) -> Frame:
    """Head coordinates of every pixel centre of a picture of height x width."""
    view = parameters.view
    unit_pixels = view.inter_eye * min(height, width)
    centre = (view.centre_x * width, view.centre_y * height)
    columns = (np.arange(width, dtype=np.float32) + 0.5 - centre[0]) * (1.0 / unit_pixels)
    rows = (np.arange(height, dtype=np.float32) + 0.5 - centre[1]) * (1.0 / unit_pixels)
    x, y = (plane.copy() for plane in np.broadcast_arrays(columns[None, :], rows[:, None]))
    yaw, pitch, roll = _angles(view)
    turned_x = x * math.cos(roll) + y * math.sin(roll)
    turned_y = y * math.cos(roll) - x * math.sin(roll)
    u, v = turned_x, turned_y
    # Fixed point of the projection; the surface is flat enough at these angles for three rounds to land within 0.01.
    for _ in range(3 if abs(yaw) + abs(pitch) > 0.01 else 1):
        z = _surface_plane(u, v) - EYE_DEPTH
        depth = z * math.cos(yaw) - u * math.sin(yaw)
        u = (turned_x - z * math.sin(yaw)) * (1.0 / math.cos(yaw))
        v = (turned_y + depth * math.sin(pitch)) * (1.0 / math.cos(pitch))
    return Frame(u, v, x, y, unit_pixels, centre, view)


def _angles(view: View) -> tuple[float, float, float]:
    return math.radians(view.yaw_degrees), math.radians(view.pitch_degrees), math.radians(view.roll_degrees)


def _surface_depth(u: float, v: float) -> float:
    squared = min(u * u / 1.2 + (v - 0.1) ** 2 / 3.2, 1.3)
    return EYE_DEPTH + 0.12 - CURVATURE * squared + NOSE_DEPTH * math.exp(-u * u / 0.05 - (v - 0.6) ** 2 / 0.10)


def _surface_plane(u: Plane, v: Plane) -> Plane:
    lower = v - 0.1
    squared = np.minimum(u * u * (1.0 / 1.2) + lower * lower * (1.0 / 3.2), 1.3)
    low = v - 0.6
    nose = np.exp(u * u * (-1.0 / 0.05) - low * low * (1.0 / 0.10))
    return (EYE_DEPTH + 0.12) - CURVATURE * squared + NOSE_DEPTH * nose
