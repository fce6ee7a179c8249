"""People who are drawn, as many as a test wants: each always the same, with as many photos of one person as are asked for."""

from __future__ import annotations

import numpy as np

from training.synthetic.camera import encode_jpeg
from training.synthetic.drawing import draw_face
from training.synthetic.sampling import Subject, sample_photo, sample_subject

SEED = 20_261_128
PIXELS = 256


def person_of(number: int) -> Subject:
    """Looks, severity and label of one person."""
    return sample_subject(np.random.default_rng((SEED, number)))


def photo_of(number: int, shot: int = 0) -> bytes:
    """JPEG of that person, another one for each shot."""
    return encode_jpeg(
        draw_face(sample_photo(np.random.default_rng((SEED, number, shot)), person_of(number)), PIXELS), 90
    )


def nobody() -> bytes:
    """JPEG without a face in it."""
    return encode_jpeg(np.full((PIXELS, PIXELS, 3), 128, np.uint8), 90)
