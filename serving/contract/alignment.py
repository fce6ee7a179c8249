"""The similarity transform from photo pixels to an aligned square, and the one warp that applies it.

The crop is resampled once, straight from the decoded pixels: every further resampling would blur the one to three
pixels of asymmetry that the model looks for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

OVERSAMPLING: Final = 2
"""The warp samples twice as finely as the crop and averages 2x2: bilinear sampling alone aliases when it shrinks."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """A square of the photo, turned with the head: where each pixel of an aligned square comes from.

    Attributes:
        right_x, right_y: Photo pixels per one whole side of the square, along its upper edge (to the right).
        left, top: Upper left corner of the square, in photo pixels; the photo's own corner is (0, 0).

    The square is not mirrored, so its left edge runs along (-right_y, right_x).
    """

    left: float
    top: float
    right_x: float
    right_y: float

    @property
    def side_pixels(self) -> float:
        """Side of the square, in photo pixels."""
        return math.hypot(self.right_x, self.right_y)

    @property
    def roll_degrees(self) -> float:
        """How far the square is turned in the photo, clockwise, in (-180, 180]."""
        return math.degrees(math.atan2(self.right_y, self.right_x))

    def turned_round(self) -> Alignment:
        """The same square the other way up."""
        return Alignment(
            left=self.left + self.right_x - self.right_y,
            top=self.top + self.right_y + self.right_x,
            right_x=-self.right_x,
            right_y=-self.right_y,
        )

    def to_photo(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points in shares of the square's side, shape (..., 2), as photo pixels."""
        x, y = points[..., 0], points[..., 1]
        return np.stack(
            [
                self.left + x * self.right_x - y * self.right_y,
                self.top + x * self.right_y + y * self.right_x,
            ],
            axis=-1,
        )


def align_eyes(
    right_eye: NDArray[np.float64],
    left_eye: NDArray[np.float64],
    *,
    inter_eye_fraction: float,
    eye_line_fraction: float,
) -> Alignment:
    """The square in which the eyes lie level, `inter_eye_fraction` of the side apart and centred.

    Args:
        right_eye: x, y in photo pixels of the person's right eye, which lies on the left.
        left_eye: The same of the left eye.
        inter_eye_fraction: Distance between the eyes, in shares of the square's side.
        eye_line_fraction: Height of the eye line under the upper edge, in shares of the side.
    """
    right_x, right_y = (float(d) / inter_eye_fraction for d in left_eye - right_eye)
    middle_x, middle_y = (float(c) for c in (left_eye + right_eye) / 2)
    return Alignment(
        left=middle_x - right_x / 2 + eye_line_fraction * right_y,
        top=middle_y - right_y / 2 - eye_line_fraction * right_x,
        right_x=right_x,
        right_y=right_y,
    )


def warp(pixels: NDArray[np.uint8], alignment: Alignment, size: int) -> NDArray[np.uint8]:
    """Cut the square out of the photo: antialiased, one resampling; pixels outside the photo repeat its edge.

    Args:
        pixels: uint8 RGB, shape (height, width, 3).
        alignment: The square.
        size: Side of the result, in pixels.

    Returns:
        uint8 RGB, shape (size, size, 3).
    """
    step = alignment.side_pixels / (size * OVERSAMPLING)
    # Shrink by whole numbers first (an exact box filter), so that bilinear sampling never steps over a pixel.
    shrink = max(1, round(step))
    corners = alignment.to_photo(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    margin = 2 * shrink
    first = np.floor(corners.min(axis=0) - margin).astype(int)
    last = np.ceil(corners.max(axis=0) + margin).astype(int)
    region = Image.fromarray(_cut(pixels, first, last))
    if shrink > 1:
        region = region.reduce(shrink)
    # Pillow maps the centre of output pixel (i + 0.5, j + 0.5) to input coordinates with pixel centres at 0.5 too.
    per_pixel_x = alignment.right_x / (size * OVERSAMPLING * shrink)
    per_pixel_y = alignment.right_y / (size * OVERSAMPLING * shrink)
    sampled = region.transform(
        (size * OVERSAMPLING, size * OVERSAMPLING),
        Image.Transform.AFFINE,
        (
            per_pixel_x,
            -per_pixel_y,
            (alignment.left - first[0]) / shrink,
            per_pixel_y,
            per_pixel_x,
            (alignment.top - first[1]) / shrink,
        ),
        resample=Image.Resampling.BILINEAR,
    )
    return np.asarray(sampled.reduce(OVERSAMPLING))


def share_outside(shape: tuple[int, ...], alignment: Alignment, points: NDArray[np.float64]) -> float:
    """Share of `points` (in shares of the square's side, shape (n, 2)) that lie outside a photo of (height, width)."""
    photo = alignment.to_photo(points)
    height, width = shape[:2]
    inside = (photo[:, 0] >= 0) & (photo[:, 0] <= width) & (photo[:, 1] >= 0) & (photo[:, 1] <= height)
    return float(1 - inside.mean())


def _cut(pixels: NDArray[np.uint8], first: NDArray[np.int_], last: NDArray[np.int_]) -> NDArray[np.uint8]:
    """The rectangle from `first` to `last` (x, y; exclusive), repeating the photo's edge where it reaches outside."""
    height, width = pixels.shape[:2]
    # A square that lies wholly outside still needs one row and column to repeat.
    x0, x1 = sorted((min(max(int(first[0]), 0), width - 1), min(max(int(last[0]), 1), width)))
    y0, y1 = sorted((min(max(int(first[1]), 0), height - 1), min(max(int(last[1]), 1), height)))
    inside = pixels[y0:y1, x0:x1]
    before_x, before_y = x0 - int(first[0]), y0 - int(first[1])
    after_x, after_y = int(last[0]) - x1, int(last[1]) - y1
    if not any(side > 0 for side in (before_x, before_y, after_x, after_y)):
        return inside
    return np.pad(inside, ((before_y, after_y), (before_x, after_x), (0, 0)), mode="edge")
