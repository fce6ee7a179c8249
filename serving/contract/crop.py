"""Photo bytes -> the crop a model sees. Training and gateway both call `make_crop`: there is no second preprocessing."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from serving.contract.alignment import align_eyes, warp
from serving.contract.blazeface import LEFT_EYE, RIGHT_EYE
from serving.contract.errors import NoFace
from serving.contract.jitter import jitter_crops
from serving.contract.photo import DEFAULT_LIMITS, LONG_SIDE_KEPT, PhotoLimits, decode_photo
from serving.contract.quality import (
    Quality,
    QualityLimits,
    check_faces,
    check_geometry,
    check_light_and_focus,
    measure_geometry,
    measure_light_and_focus,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from serving.contract.face import Face, FaceDetector
    from serving.contract.model import CropSpec

DEFAULT_QUALITY_LIMITS: Final = QualityLimits()


@dataclass(frozen=True, slots=True)
class StageSeconds:
    """Wall-clock seconds spent on one photo, by stage; `jitter` is 0 where no copies were made."""

    decode: float
    face: float
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class PreparedCrop:
    """A crop and what was measured while making it.

    Attributes:
        crop: uint8 RGB, shape (size, size, 3).
        quality: Measures of the face.
        timings: Seconds by stage.
        photo_format: "jpeg", "png" or "webp".
        width_pixels: Width of the photo, upright.
        height_pixels: Height of the photo, upright.
        copies: Jittered copies of the crop, uint8 [copies, size, size, 3]; none where nobody asked for them.
    """

    crop: NDArray[np.uint8]
    quality: Quality
    timings: StageSeconds
    photo_format: str
    width_pixels: int
    height_pixels: int
    copies: NDArray[np.uint8] = dataclasses.field(default_factory=lambda: np.empty((0, 0, 0, 3), np.uint8))

    @property
    def rows(self) -> NDArray[np.uint8]:
        """What a model is asked about: the crop, then its copies, uint8 [1 + copies, size, size, 3]."""
        return np.concatenate([self.crop[np.newaxis], self.copies]) if len(self.copies) else self.crop[np.newaxis]


def make_crop(
    photo: bytes,
    spec: CropSpec,
    detector: FaceDetector,
    limits: PhotoLimits = DEFAULT_LIMITS,
    quality_limits: QualityLimits = DEFAULT_QUALITY_LIMITS,
) -> PreparedCrop:
    """Make the crop that `spec` asks for.

    Args:
        photo: The bytes a client sent.
        spec: The crop of the model version's contract.
        detector: This thread's own detector; not used for `whole`.
        limits: Of the photo.
        quality_limits: Of the face.

    Raises:
        PhotoError: the photo cannot be read (`PhotoUnreadable`, ...) or no honest score can be given (`FaceError`).
    """
    started = time.perf_counter()
    decoded = decode_photo(photo, limits)
    decode_seconds = time.perf_counter() - started
    if spec.kind == "whole":
        crop, quality = _crop_whole(decoded.pixels, spec)
    else:
        faces = detector.detect(decoded.pixels)
        if not faces:
            raise NoFace
        check_faces(faces, quality_limits)
        face = faces[0]
        if face.inter_eye_pixels < spec.inter_eye_fraction * spec.size and decoded.shrunk:
            # The file has more pixels of this small face than were decoded: no reason to enlarge a blur.
            again = time.perf_counter()
            closer = decode_photo(photo, limits, long_side_kept=2 * LONG_SIDE_KEPT)
            decode_seconds += time.perf_counter() - again
            face = face.scaled(closer.pixels.shape[1] / decoded.pixels.shape[1])
            face = detector.look_again(closer.pixels, face) or face
            decoded = closer
        crop, quality = _crop_aligned(decoded.pixels, face, spec, quality_limits)
    check_light_and_focus(quality, quality_limits)
    return PreparedCrop(
        crop=crop,
        quality=quality,
        timings=StageSeconds(decode=decode_seconds, face=time.perf_counter() - started - decode_seconds),
        photo_format=decoded.format,
        width_pixels=decoded.width_pixels,
        height_pixels=decoded.height_pixels,
    )


def add_copies(prepared: PreparedCrop) -> PreparedCrop:
    """The same crop with its `serving.contract.jitter` copies, which a policy with abstention asks the model about."""
    started = time.perf_counter()
    copies = jitter_crops(prepared.crop[np.newaxis])[0]
    timings = dataclasses.replace(prepared.timings, jitter=time.perf_counter() - started)
    return dataclasses.replace(prepared, copies=copies, timings=timings)


def _crop_whole(pixels: NDArray[np.uint8], spec: CropSpec) -> tuple[NDArray[np.uint8], Quality]:
    """The whole photo as a square, as the paper did: proportions are not kept."""
    resized = Image.fromarray(pixels).resize((spec.size, spec.size), Image.Resampling.BILINEAR)
    crop = np.asarray(resized)
    return crop, measure_light_and_focus(crop)


def _crop_aligned(
    pixels: NDArray[np.uint8], face: Face, spec: CropSpec, quality_limits: QualityLimits
) -> tuple[NDArray[np.uint8], Quality]:
    """The face, levelled and centred; checked before anything is cut out."""
    alignment = align_eyes(
        face.keypoints[RIGHT_EYE],
        face.keypoints[LEFT_EYE],
        inter_eye_fraction=spec.inter_eye_fraction,
        eye_line_fraction=spec.eye_line_fraction,
    )
    geometry = measure_geometry(face, alignment, pixels.shape)
    check_geometry(geometry, quality_limits)
    crop = warp(pixels, alignment, spec.size)
    return crop, measure_light_and_focus(crop, geometry)


def crop_difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean and largest difference of two crops, in levels of 255; the golden tolerance is 0.5 and 8 (`Tolerances`).

    Raises:
        ValueError: the crops differ in shape.
    """
    if one.shape != other.shape:
        message = f"crops differ in shape: {one.shape} and {other.shape}"
        raise ValueError(message)
    levels = np.abs(one.astype(np.int16) - other.astype(np.int16))
    return float(levels.mean()), float(levels.max())
