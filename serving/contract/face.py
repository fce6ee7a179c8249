"""Pixels -> faces: which detector is believed, and keypoints steady enough to align by.

Two passes. The first finds faces on a small copy of the whole photo: a strong short-range face counts alone, a weak one
must be confirmed by the full-range detector (it takes a cat for a face at 0.58, the full range at 0.007), and the full
range looks alone where the short range sees nothing. The second pass looks again at the face only, levelled and
enlarged, and at its mirror image, and averages the two: this is what the crop is aligned by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from serving.contract.alignment import align_eyes, warp
from serving.contract.blazeface import (
    FULL_RANGE,
    LEFT_EYE,
    RIGHT_EYE,
    SHORT_RANGE,
    BlazeFace,
    Candidates,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCORE_MIN: Final = 0.5
STRONG_SCORE: Final = 0.85
"""A short-range face from this score on counts without the full range's word."""
CONFIRMING_OVERLAP: Final = 0.3

REFINED_INTER_EYE: Final = 0.22
"""Distance of the eyes in the levelled square of the second pass, in shares of its side: the detector's favourite size."""
REFINED_EYE_LINE: Final = 0.40
AGREEMENT_MAX: Final = 0.35
"""The second look is believed where it moves no eye by more than this share of the distance between the eyes."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face in a photo.

    Attributes:
        score: The detector's belief, in (0, 1).
        box: float64 [4]: left, top, right, bottom, in photo pixels; may reach outside the photo.
        keypoints: float64 [6, 2]: x, y in photo pixels, in the order of `blazeface.KEYPOINTS`.
    """

    score: float
    box: NDArray[np.float64]
    keypoints: NDArray[np.float64]

    @property
    def inter_eye_pixels(self) -> float:
        """Distance between the eyes, in photo pixels."""
        return float(np.linalg.norm(self.keypoints[LEFT_EYE] - self.keypoints[RIGHT_EYE]))


class FaceDetector:
    """Both BlazeFace ranges with interpreters of their own. Not thread-safe: make one per thread.

    Raises:
        DetectorWeightsMissing: the weights are not installed.
    """

    def __init__(self) -> None:
        self._short_range = BlazeFace(SHORT_RANGE)
        self._full_range = BlazeFace(FULL_RANGE)

    def detect(self, pixels: NDArray[np.uint8]) -> tuple[Face, ...]:
        """All faces believed in, largest first.

        Args:
            pixels: uint8 RGB, shape (height, width, 3), upright.
        """
        photo = Image.fromarray(pixels)
        short = _in_photo(self._short_range, photo)
        if short and short[0].score >= STRONG_SCORE:
            faces = [face for face in short if face.score >= STRONG_SCORE]
        else:
            full = _in_photo(self._full_range, photo)
            confirmed = [face for face in short if any(_overlap(face, other) for other in full)]
            faces = confirmed or full
        return tuple(sorted(faces, key=lambda face: face.inter_eye_pixels, reverse=True))

    def refine(self, pixels: NDArray[np.uint8], face: Face) -> Face:
        """The same face, its keypoints found again on the levelled face and on its mirror image, and averaged.

        Where the second look finds nothing, or something else, the face is returned as it was.
        """
        square = align_eyes(
            face.keypoints[RIGHT_EYE],
            face.keypoints[LEFT_EYE],
            inter_eye_fraction=REFINED_INTER_EYE,
            eye_line_fraction=REFINED_EYE_LINE,
        )
        level = warp(pixels, square, self._short_range.input_side)
        points = _most_central(self._short_range.find(level, SCORE_MIN))
        if points is None:
            return face
        keypoints = square.to_photo(points.astype(np.float64))
        moved = np.linalg.norm(keypoints - face.keypoints, axis=1)[[RIGHT_EYE, LEFT_EYE]]
        if moved.max() > AGREEMENT_MAX * face.inter_eye_pixels:
            return face
        return Face(face.score, face.box, keypoints)


def _in_photo(detector: BlazeFace, photo: Image.Image) -> list[Face]:
    """Faces of a whole photo, scaled to fit the detector's square input with grey beside it."""
    side = detector.input_side
    scale = side / max(photo.size)
    # Even sizes, so that the grey on both sides is equal and a mirrored photo gives the mirrored input.
    width, height = (max(2, 2 * round(edge * scale / 2)) for edge in photo.size)
    small = photo.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    left, top = (side - width) // 2, (side - height) // 2
    square = np.full((side, side, 3), 128, np.uint8)
    square[top : top + height, left : left + width] = np.asarray(small)
    found = detector.find(square, SCORE_MIN)
    per_share = np.array([photo.width / width, photo.height / height]) * side
    corner = np.array([left, top]) / side
    return [
        Face(float(score), ((box.reshape(2, 2) - corner) * per_share).ravel(), (points - corner) * per_share)
        for score, box, points in zip(found.scores, found.boxes, found.keypoints, strict=True)
    ]


def _most_central(found: Candidates) -> NDArray[np.float32] | None:
    """Keypoints of the face whose eyes lie nearest to where the levelled square puts them."""
    if not len(found.scores):
        return None
    middles = found.keypoints[:, [RIGHT_EYE, LEFT_EYE]].mean(axis=1)
    nearest = int(np.argmin(np.hypot(middles[:, 0] - 0.5, middles[:, 1] - REFINED_EYE_LINE)))
    points: NDArray[np.float32] = found.keypoints[nearest]
    return points


def _overlap(one: Face, other: Face) -> bool:
    """Whether two boxes are the same face: intersection over union above `CONFIRMING_OVERLAP`."""
    left, top = np.maximum(one.box[:2], other.box[:2])
    right, bottom = np.minimum(one.box[2:], other.box[2:])
    shared = max(0.0, right - left) * max(0.0, bottom - top)
    areas = [float(np.prod(face.box[2:] - face.box[:2])) for face in (one, other)]
    return bool(shared > CONFIRMING_OVERLAP * (sum(areas) - shared))
