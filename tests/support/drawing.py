"""Drawn faces as pixels, with any part of the view changed, and where their eyes truly are."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from training.synthetic.drawing import draw_face
from training.synthetic.sampling import sample_photo, sample_subject

if TYPE_CHECKING:
    from training.synthetic.parameters import FaceParameters

PLAIN_VIEW = {
    "yaw_degrees": 0.0,
    "pitch_degrees": 0.0,
    "roll_degrees": 0.0,
    "blur_pixels": 0.0,
    "noise_levels": 0.0,
    "grey": False,
    "centre_x": 0.5,
    "centre_y": 0.45,
    "inter_eye": 0.24,
}


@lru_cache
def parameters_of(seed: int) -> FaceParameters:
    """One drawn person in one photo."""
    rng = np.random.default_rng(seed)
    return sample_photo(rng, sample_subject(rng))


@lru_cache
def drawn_pixels(seed: int, size: int = 256, **view: float) -> np.ndarray:
    """The drawn person `seed` seen plainly, apart from what `view` says; uint8, shape (size, size, 3), not writable."""
    parameters = parameters_of(seed)
    changed = dataclasses.replace(parameters.view, **PLAIN_VIEW | view)
    pixels = draw_face(dataclasses.replace(parameters, view=changed), size)
    pixels.flags.writeable = False
    return pixels


@lru_cache
def drawn_as_sampled(seed: int, size: int = 256) -> np.ndarray:
    """The drawn person `seed` with all the nuisance that the generator draws; not writable."""
    pixels = draw_face(parameters_of(seed), size)
    pixels.flags.writeable = False
    return pixels


def drawn_eyes(seed: int, size: int = 256) -> np.ndarray:
    """Where the generator put the eyes in `drawn_as_sampled`: right then left, x and y in pixels."""
    view = parameters_of(seed).view
    tilt = np.radians(view.roll_degrees)
    half = view.inter_eye * size / 2 * np.array([np.cos(tilt), np.sin(tilt)])
    middle = np.array([view.centre_x, view.centre_y]) * size
    return np.stack([middle - half, middle + half])
