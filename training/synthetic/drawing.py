"""`draw_face`: from parameters to pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.synthetic.background import draw_background
from training.synthetic.body import draw_body, draw_ears
from training.synthetic.brows import draw_brow
from training.synthetic.camera import expose
from training.synthetic.cheeks import draw_cheek
from training.synthetic.eyes import draw_eye, draw_glints
from training.synthetic.frame import Frame, make_frame
from training.synthetic.glasses import draw_glasses
from training.synthetic.hair import draw_hair_behind, draw_hair_front, hair_colour
from training.synthetic.head import (
    Sketch,
    chin_height,
    edge_shadow,
    head_mask,
    head_radius,
    light_head,
    shape_head,
    skin_colour,
)
from training.synthetic.mouth import draw_mouth
from training.synthetic.nose import draw_nose
from training.synthetic.parameters import FaceParameters
from training.synthetic.raster import Picture, add_light, paint, scale
from training.synthetic.skin import draw_age, draw_beard, draw_skin

SMALLEST_PIXELS = 64


def draw_face(
    parameters: FaceParameters, height_pixels: int = 256, width_pixels: int | None = None
) -> NDArray[np.uint8]:
    """Draw one photo. The same parameters always give the same pixels.

    Args:
        parameters: who, how, and what the face shows.
        height_pixels: at least 64.
        width_pixels: as the height unless told.

    Returns:
        uint8 RGB, shape (height_pixels, width_pixels, 3).

    Raises:
        ValueError: a side under 64 pixels.
    """
    width_pixels = height_pixels if width_pixels is None else width_pixels
    if min(height_pixels, width_pixels) < SMALLEST_PIXELS:
        message = f"a face cannot be drawn in {width_pixels} x {height_pixels} pixels; use at least {SMALLEST_PIXELS}"
        raise ValueError(message)
    return draw_people((parameters,), height_pixels, width_pixels)


def draw_people(people: Sequence[FaceParameters], height_pixels: int, width_pixels: int) -> NDArray[np.uint8]:
    """Draw several people into one photo, the first one's background and camera; later ones stand in front."""
    first = people[0]
    picture = draw_background(make_frame(first, height_pixels, width_pixels), first)
    for person in people:
        draw_person(picture, make_frame(person, height_pixels, width_pixels), person)
    return expose(picture, first.view)


def draw_person(picture: Picture, frame: Frame, parameters: FaceParameters) -> None:
    """Draw the person over the picture, from back to front."""
    skin = skin_colour(parameters.identity)
    draw_hair_behind(picture, frame, parameters)
    draw_body(picture, frame, parameters, skin)
    draw_ears(picture, frame, parameters, skin)
    sketch = _draw_head(picture, frame, parameters)
    draw_glints(sketch, picture)
    draw_hair_front(picture, frame, parameters)
    draw_glasses(picture, frame, parameters)


def _draw_head(picture: Picture, frame: Frame, parameters: FaceParameters) -> Sketch:
    identity = parameters.identity
    wide, chin = identity.face_width + 0.12, chin_height(identity)
    window = frame.window(-wide, wide, -1.95, chin + 0.05)
    shape = frame.shape
    sketch = Sketch(
        frame=frame,
        parameters=parameters,
        albedo=np.zeros((3, *shape), dtype=np.float32),
        relief=np.zeros(shape, dtype=np.float32),
        openness=np.ones(shape, dtype=np.float32),
        skin=skin_colour(identity),
    )
    squared, distance = head_radius(frame, window, identity)
    shape_head(sketch, window, squared)
    draw_skin(sketch, window)
    draw_age(sketch)
    draw_nose(sketch)
    hair = hair_colour(identity)
    draw_beard(sketch, hair)
    draw_mouth(sketch)
    for side in (-1.0, 1.0):
        draw_cheek(sketch, side)
        draw_eye(sketch, side)
        draw_brow(sketch, side, scale(hair, 0.7))
    light = light_head(sketch, window)
    light[:3] *= 1.0 - edge_shadow(squared)
    lit = np.stack([sketch.albedo[channel][window] * light[channel] for channel in range(3)])
    paint(picture, window, head_mask(frame, distance), lit)
    add_light(picture, window, light[3] * head_mask(frame, distance))
    return sketch
