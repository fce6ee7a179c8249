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
"""The crop is sampled twice as finely and averaged 2x2. With the filters before it, an edge comes out 0.37 to 0.56 pixels
wide (standard deviation, shrinking 8 to enlarging 1.4 times), where Pillow's antialiased resize gives 0.32 to 0.50."""


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


def warp(
    pixels: NDArray[np.uint8], alignment: Alignment, size: int, *, oversampling: int = OVERSAMPLING
) -> NDArray[np.uint8]:
    """Cut the square out of the photo: antialiased, one resampling; pixels outside the photo repeat its edge.

    Args:
        pixels: uint8 RGB, shape (height, width, 3).
        alignment: The square.
        size: Side of the result, in pixels.
        oversampling: Samples per result pixel in each direction; 1 costs a quarter and is good enough for a detector.

    Returns:
        uint8 RGB, shape (size, size, 3).
    """
    samples = size * oversampling
    step = alignment.side_pixels / samples
    # Shrink by whole numbers first, the bulk of the work at little cost; the boxes are counted from the middle of the
    # square, so that a mirrored photo is cut into mirrored boxes.
    shrink = max(1, int(step / 1.5))
    corners = alignment.to_photo(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    middle = np.round(corners.mean(axis=0)).astype(int)
    reach = int(np.ceil((corners.max(axis=0) - corners.min(axis=0)).max() / 2 / shrink)) + 2
    region = _boxes_around(pixels, middle, shrink, reach)
    # Then to one pixel per sample, through a filter that lets nothing finer pass.
    finer = max(1.0, step / shrink)
    side = round(2 * reach / finer)
    if finer > 1:
        region = region.resize((side, side), Image.Resampling.BILINEAR)
    scale = side / (2 * reach * shrink)
    # Pillow maps the centre of output pixel (i + 0.5, j + 0.5) to input coordinates with pixel centres at 0.5 too.
    across, down = alignment.right_x * scale / samples, alignment.right_y * scale / samples
    corner_x = (alignment.left - middle[0]) * scale + side / 2
    corner_y = (alignment.top - middle[1]) * scale + side / 2
    sampled = region.transform(
        (samples, samples),
        Image.Transform.AFFINE,
        (across, -down, corner_x, down, across, corner_y),
        resample=Image.Resampling.BILINEAR,
    )
    return np.asarray(sampled.reduce(oversampling))


def _boxes_around(pixels: NDArray[np.uint8], middle: NDArray[np.int_], shrink: int, reach: int) -> Image.Image:
    """A square of 2 x `reach` boxes a side around `middle`, each the mean of `shrink` x `shrink` pixels."""
    height, width = pixels.shape[:2]
    first = np.clip(-middle // shrink, -reach, reach - 1)
    last = np.clip(-((middle - (width, height)) // shrink), first + 1, reach)
    boxes = Image.fromarray(_window(pixels, middle + first * shrink, middle + last * shrink)).reduce(shrink)
    return Image.fromarray(_window(np.asarray(boxes), -reach - first, reach - first))


def share_outside(shape: tuple[int, ...], alignment: Alignment, points: NDArray[np.float64]) -> float:
    """Share of `points` (in shares of the square's side, shape (n, 2)) that lie outside a photo of (height, width)."""
    photo = alignment.to_photo(points)
    height, width = shape[:2]
    inside = (photo[:, 0] >= 0) & (photo[:, 0] <= width) & (photo[:, 1] >= 0) & (photo[:, 1] <= height)
    return float(1 - inside.mean())


def _window(pixels: NDArray[np.uint8], first: NDArray[np.int_], last: NDArray[np.int_]) -> NDArray[np.uint8]:
    """The rectangle from `first` to `last` (x, y; exclusive), repeating the edge where it reaches outside."""
    height, width = pixels.shape[:2]
    if (first >= 0).all() and (last <= (width, height)).all():
        return pixels[first[1] : last[1], first[0] : last[0]]
    columns = np.arange(first[0], last[0]).clip(0, width - 1)
    rows = np.arange(first[1], last[1]).clip(0, height - 1)
    window: NDArray[np.uint8] = pixels[rows[:, None], columns]
    return window
