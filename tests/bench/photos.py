"""The photos of the benchmark: drawn, so that anybody can have the same ones."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from training.synthetic.drawing import draw_face
from training.synthetic.sampling import sample_photo, sample_subject

WEBCAM_BYTES = 80_000
SEED = 11


@dataclass(frozen=True)
class BenchPhotos:
    webcam: bytes
    """640x480 JPEG of about 80 KB, the size DESIGN's budgets are stated for."""
    phone: bytes
    """4000x3000 JPEG: 12 megapixels."""


def make_photos() -> BenchPhotos:
    """The same face in both sizes; sensor noise brings the small one to its size in bytes."""
    rng = np.random.default_rng(SEED)
    parameters = sample_photo(rng, sample_subject(rng))
    face = Image.fromarray(draw_face(parameters, height_pixels=480, width_pixels=640))
    large = face.resize((4000, 3000), Image.Resampling.BICUBIC)
    return BenchPhotos(webcam=_noisy_jpeg(face, WEBCAM_BYTES), phone=_jpeg(large, quality=90))


def _noisy_jpeg(picture: Image.Image, wanted_bytes: int) -> bytes:
    pixels = np.asarray(picture, np.float32)
    grain = np.random.default_rng(SEED).normal(0.0, 1.0, pixels.shape)
    for strength in np.arange(0.0, 30.0, 0.5):
        photo = _jpeg(Image.fromarray(np.clip(pixels + strength * grain, 0, 255).astype(np.uint8)), quality=88)
        if len(photo) >= wanted_bytes:
            return photo
    message = "no amount of grain makes the photo large enough"
    raise RuntimeError(message)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
