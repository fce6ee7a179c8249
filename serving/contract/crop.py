"""Photo bytes -> the crop a model sees. Training and gateway both call `make_crop`: there is no second preprocessing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from serving.contract.alignment import align_eyes, warp
from serving.contract.blazeface import LEFT_EYE, RIGHT_EYE
from serving.contract.errors import FaceTooSmall, NoFace
from serving.contract.photo import DEFAULT_LIMITS, PhotoLimits, decode_photo
from serving.contract.quality import Quality, QualityLimits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from serving.contract.face import FaceDetector
    from serving.contract.model import CropSpec

DEFAULT_QUALITY_LIMITS: Final = QualityLimits()


@dataclass(frozen=True, slots=True)
class StageSeconds:
    """Wall-clock seconds spent on one photo, by stage."""

    decode: float
    face: float


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
    """

    crop: NDArray[np.uint8]
    quality: Quality
    timings: StageSeconds
    photo_format: str
    width_pixels: int
    height_pixels: int


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
    decoded_at = time.perf_counter()
    pixels = decoded.pixels
    if spec.kind == "whole":
        resized = Image.fromarray(pixels).resize((spec.size, spec.size), Image.Resampling.BILINEAR)
        crop, score, inter_eye, roll = np.asarray(resized), 0.0, 0.0, 0.0
    else:
        faces = detector.detect(pixels)
        if not faces:
            raise NoFace
        face = detector.refine(pixels, faces[0])
        if face.inter_eye_pixels < quality_limits.inter_eye_pixels_min:
            raise FaceTooSmall
        alignment = align_eyes(
            face.keypoints[RIGHT_EYE],
            face.keypoints[LEFT_EYE],
            inter_eye_fraction=spec.inter_eye_fraction,
            eye_line_fraction=spec.eye_line_fraction,
        )
        crop = warp(pixels, alignment, spec.size)
        score, inter_eye, roll = face.score, face.inter_eye_pixels, alignment.roll_degrees
    luma = crop.astype(np.float64) @ (0.299, 0.587, 0.114)
    quality = Quality(
        luminance=float(luma.mean()),
        contrast=float(luma.std()),
        sharpness=float(np.abs(np.diff(luma, axis=1)).mean()),
        face_fraction=0.0,
        inter_eye_pixels=inter_eye,
        detector_score=score,
        turn=0.0,
        roll_degrees=roll,
    )
    timings = StageSeconds(decode=decoded_at - started, face=time.perf_counter() - decoded_at)
    return PreparedCrop(crop, quality, timings, decoded.format, decoded.width_pixels, decoded.height_pixels)


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
