"""Drawn faces for the witnesses inside a version: nobody's, and the same for every version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from serving.contract.crop import make_crop
from serving.contract.errors import PhotoError
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec
from training.synthetic.camera import encode_jpeg
from training.synthetic.drawing import draw_face
from training.synthetic.label_model import SubjectLatent, sample_cues
from training.synthetic.parameters import FaceParameters
from training.synthetic.sampling import sample_identity, sample_view

if TYPE_CHECKING:
    from numpy.typing import NDArray

DRAWING_SEED = 20_240_521
"""Fixed, so that two versions start from the same faces and differ only where their answers differ."""
SEVERITY_STEPS = 8
PHOTO_PIXELS = 320
JPEG_QUALITY = 92


def draw_photo(number: int, size_pixels: int = PHOTO_PIXELS) -> bytes:
    """A JPEG of the person with this number; severity runs from 0 to 1 over each `SEVERITY_STEPS` numbers."""
    looks, view, cues = np.random.default_rng((DRAWING_SEED, number)).spawn(3)
    severity = (number % SEVERITY_STEPS) / (SEVERITY_STEPS - 1)
    latent = SubjectLatent(severity, round(severity), 1 if number % 2 else -1, (0.0, 0.0, 0.0, 0.0))
    parameters = FaceParameters(sample_identity(looks), sample_view(view), sample_cues(latent, cues))
    return encode_jpeg(draw_face(parameters, size_pixels), JPEG_QUALITY)


def draw_crops(count: int, spec: CropSpec | None = None) -> NDArray[np.uint8]:
    """Crops of `count` drawn people, uint8 [<= count, size, size, 3]: faces that the quality limits refuse are left out."""
    detector, crops = FaceDetector(), []
    for number in range(count):
        try:
            crops.append(make_crop(draw_photo(number), spec or CropSpec(), detector).crop)
        except PhotoError:
            continue
    return np.stack(crops)
