"""Pixels -> faces: what counts as one, and keypoints steady enough to align by.

First look: a small copy of the whole photo. A strong short-range face is a candidate alone, a weak one must be seen by
the full-range detector too (short range takes a cat for a face at 0.61, the full range at 0.01), and the full range
speaks alone where the short range sees nothing. A face that fills the photo is found by stepping back.

Second look: every candidate again, levelled and enlarged. What is not recognised there was not a face, and its keypoints
there are what the crop is aligned by: half the jitter of the first look (0.26 against 0.51 pixels of the crop).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from serving.contract.alignment import Alignment, align_eyes, warp
from serving.contract.blazeface import LEFT_EYE, RIGHT_EYE, BlazeFace, shared_full_range
from serving.contract.detector_weights import SHORT_RANGE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from serving.contract.blazeface import SharedBlazeFace

SCORE_MIN: Final = 0.4
"""Weaker boxes are not looked at."""
STRONG_SCORE: Final = 0.8
"""A short-range face from this score on is a candidate without the full range's word."""
ALONE_SCORE_MIN: Final = 0.6
"""From here on the full range is believed where the short range sees nothing (small faces 0.8, coffee cup 0.41)."""
SECOND_LOOK_SCORE_MIN: Final = 0.7
"""Faces score 0.75 or more in the second look, other things mostly under 0.6."""
UPRIGHT_SCORE: Final = 0.87
"""A face that scores so high in the second look is the right way up; under it the square is tried the other way up."""
AGREEMENT_SCORE_MIN: Final = 0.7
"""Where both ranges score so high in the first look, the second may fail: it does on profiles."""
SAME_FACE_OVERLAP: Final = 0.3
STEPPED_BACK: Final = 0.6
"""A face that fills the photo is too large for both detectors; at this share of their input it is not."""
MAX_CANDIDATES: Final = 4
"""More faces than these would change nothing: two are too many already."""

LEVEL_INTER_EYE: Final = 0.22
"""Distance between the eyes in the second look, in shares of its side: steadiest of the sizes tried (0.16 to 0.34)."""
LEVEL_EYE_LINE: Final = 0.40
SETTLED_MOVE: Final = 0.15
"""Eyes that move by more, in shares of their distance, are looked at a third time: small faces start out that far off."""
NARROWED_TO: Final = 0.55
"""A look that finds the eyes less than this share as far apart has found a profile: its eyes cannot be aligned by."""


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

    @property
    def width_pixels(self) -> float:
        """Width of the box, in photo pixels."""
        return float(self.box[2] - self.box[0])

    def scaled(self, factor: float) -> Face:
        """The same face in the same photo decoded `factor` times as large."""
        return Face(self.score, self.box * factor, self.keypoints * factor)


class FaceDetector:
    """The short range with an interpreter of its own, and the process's full range. Not thread-safe: one per thread.

    The full range is asked in doubtful cases only and takes 10 MB, so all threads share one, behind a lock.

    Raises:
        DetectorWeightsMissing: the weights are not installed.
    """

    def __init__(self) -> None:
        self._short_range = BlazeFace(SHORT_RANGE)
        self._full_range = shared_full_range()

    def detect(self, pixels: NDArray[np.uint8]) -> tuple[Face, ...]:
        """All faces believed in, largest first. A mirrored photo gives the mirrored faces.

        Args:
            pixels: uint8 RGB, shape (height, width, 3), upright.
        """
        photo = Image.fromarray(pixels)
        for share in (1.0, STEPPED_BACK):
            look = _FirstLook(photo, share, self._short_range, self._full_range)
            faces: list[Face] = []
            for candidate in look.candidates():
                seen = self.look_again(pixels, candidate)
                if seen is None and look.ranges_agree(candidate):
                    seen = candidate
                if seen is not None and not any(_same_eyes(seen, face) for face in faces):
                    faces.append(seen)
            if faces:
                return tuple(sorted(faces, key=lambda face: face.width_pixels, reverse=True))
        return ()

    def look_again(self, pixels: NDArray[np.uint8], face: Face) -> Face | None:
        """The face with the score and keypoints of a second look at it; None if no face to align by is there.

        A third look follows where the second corrected the first by much. An upside-down face is found as such: both
        detectors take its chin for a forehead, with scores up to 0.85, but the look that has it upright scores higher.

        Args:
            pixels: uint8 RGB, shape (height, width, 3).
            face: Where to look.
        """
        level = _level(face)
        seen = self._look_level(pixels, level, face)
        if seen is None or seen.score < UPRIGHT_SCORE:
            turned = self._look_level(pixels, level.turned_round(), face)
            if turned is not None and (seen is None or turned.score > seen.score):
                return self._look_level(pixels, _level(turned), turned)
        if seen is None or seen.inter_eye_pixels < NARROWED_TO * face.inter_eye_pixels:
            return None
        moved = np.linalg.norm(seen.keypoints - face.keypoints, axis=1)[[RIGHT_EYE, LEFT_EYE]].max()
        return seen if moved <= SETTLED_MOVE * face.inter_eye_pixels else self._look_level(pixels, _level(seen), seen)

    def _look_level(self, pixels: NDArray[np.uint8], level: Alignment, face: Face) -> Face | None:
        """The face as seen in a levelled square of the photo."""
        square = warp(pixels, level, self._short_range.input_side, oversampling=1)
        found = self._short_range.find(square, SECOND_LOOK_SCORE_MIN)
        if not len(found.scores):
            return None
        middles = found.keypoints[:, [RIGHT_EYE, LEFT_EYE]].mean(axis=1)
        nearest = int(np.argmin(np.hypot(middles[:, 0] - 0.5, middles[:, 1] - LEVEL_EYE_LINE)))
        keypoints = level.to_photo(found.keypoints[nearest].astype(np.float64))
        return replace(face, score=float(found.scores[nearest]), keypoints=keypoints)


class _FirstLook:
    """One photo scaled to a share of the detectors' inputs; the full range runs only if asked for."""

    def __init__(self, photo: Image.Image, share: float, short_range: BlazeFace, full_range: SharedBlazeFace) -> None:
        self._photo = photo
        self._share = share
        self._full_detector = full_range
        self._short = _find_in_photo(short_range, photo, share)

    @cached_property
    def _full(self) -> list[Face]:
        return _find_in_photo(self._full_detector, self._photo, self._share)

    def candidates(self) -> list[Face]:
        """Faces worth a second look, widest first."""
        strong = [face for face in self._short if face.score >= STRONG_SCORE]
        weak = [face for face in self._short if face.score < STRONG_SCORE]
        widest = max((face.width_pixels for face in strong), default=0.0)
        if strong and not any(2 * face.width_pixels > widest for face in weak):
            chosen = strong
        else:
            seen_twice = [[face, *(other for other in self._full if _overlap(face, other))] for face in weak]
            # The surer range places a face better: of the small ones, that is the full range.
            chosen = strong + [max(faces, key=lambda face: face.score) for faces in seen_twice if len(faces) > 1]
            if not chosen and self._share == 1:
                chosen = [face for face in self._full if face.score >= ALONE_SCORE_MIN]
        return sorted(chosen, key=lambda face: face.width_pixels, reverse=True)[:MAX_CANDIDATES]

    def ranges_agree(self, face: Face) -> bool:
        """Whether short and full range are both sure of this face."""
        return all(
            any(other.score >= AGREEMENT_SCORE_MIN and _overlap(face, other) for other in found)
            for found in (self._short, self._full)
        )


def _level(face: Face) -> Alignment:
    """The square of the second look."""
    return align_eyes(
        face.keypoints[RIGHT_EYE],
        face.keypoints[LEFT_EYE],
        inter_eye_fraction=LEVEL_INTER_EYE,
        eye_line_fraction=LEVEL_EYE_LINE,
    )


def _find_in_photo(detector: BlazeFace | SharedBlazeFace, photo: Image.Image, share: float) -> list[Face]:
    """Faces of a whole photo, scaled to a share of the detector's square input with grey around it."""
    side = detector.input_side
    scale = share * side / max(photo.size)
    whole, cut = _shrink_evenly(photo, int(1 / (2 * scale)))
    # Even sizes, so that the grey on both sides is equal too.
    width, height = (max(2, 2 * round(edge * scale / 2)) for edge in photo.size)
    small = whole.resize((width, height), Image.Resampling.BILINEAR)
    left, top = (side - width) // 2, (side - height) // 2
    square = np.full((side, side, 3), 128, np.uint8)
    square[top : top + height, left : left + width] = np.asarray(small)
    found = detector.find(square, SCORE_MIN)
    per_share = np.array([(photo.width - 2 * cut[0]) / width, (photo.height - 2 * cut[1]) / height]) * side
    corner = np.array([left, top]) / side
    return [
        Face(
            float(score),
            ((box.reshape(2, 2) - corner) * per_share + cut).ravel(),
            (points - corner) * per_share + cut,
        )
        for score, box, points in zip(found.scores, found.boxes, found.keypoints, strict=True)
    ]


def _shrink_evenly(photo: Image.Image, factor_max: int) -> tuple[Image.Image, tuple[int, int]]:
    """The photo shrunk by a whole number near `factor_max`, and the pixels cut off at left and right, top and bottom.

    The boxes that are averaged must lie as far from the left edge as from the right one: counted from the left only, as
    Pillow does, a mirrored photo gives crops that are not mirrored (0.6 of 255 on average, measured).
    """
    for factor in range(factor_max, 1, -1):
        over = photo.width % factor, photo.height % factor
        if over[0] % 2 == 0 and over[1] % 2 == 0:
            x, y = over[0] // 2, over[1] // 2
            return photo.reduce(factor, box=(x, y, photo.width - x, photo.height - y)), (x, y)
    return photo, (0, 0)


def _overlap(one: Face, other: Face) -> bool:
    """Whether two boxes are the same face: intersection over union above `SAME_FACE_OVERLAP`."""
    left, top = np.maximum(one.box[:2], other.box[:2])
    right, bottom = np.minimum(one.box[2:], other.box[2:])
    shared = max(0.0, right - left) * max(0.0, bottom - top)
    areas = [float(np.prod(face.box[2:] - face.box[:2])) for face in (one, other)]
    return bool(shared > SAME_FACE_OVERLAP * (sum(areas) - shared))


def _same_eyes(one: Face, other: Face) -> bool:
    """Whether two second looks ended at the same pair of eyes."""
    between = [face.keypoints[[RIGHT_EYE, LEFT_EYE]].mean(axis=0) for face in (one, other)]
    return float(np.linalg.norm(between[0] - between[1])) < min(one.inter_eye_pixels, other.inter_eye_pixels)
