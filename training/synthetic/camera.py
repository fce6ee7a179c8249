"""The camera: exposure, blur, noise, black and white, and JPEG."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.synthetic.parameters import View
from training.synthetic.raster import Picture, Plane


def expose(picture: Picture, view: View) -> NDArray[np.uint8]:
    """Linear light to display values, with the view's exposure, blur, noise and grey.

    Returns:
        uint8 RGB, shape (height, width, 3).
    """
    shorter = min(picture.shape[1:])
    rng = np.random.default_rng(view.texture_seed)
    planes: Picture = np.sqrt(np.clip(picture * view.exposure, 0.0, 1.0))
    # A soft shoulder, so that bright skin does not burn out.
    planes = planes * (1.10 - 0.10 * planes * planes)
    sigma = view.blur_pixels * shorter / 256.0
    if sigma > 0.2:
        planes = np.stack([blur(plane, sigma) for plane in planes])
    if view.grey:
        grey = planes[0] * 0.299 + planes[1] * 0.587 + planes[2] * 0.114
        planes = np.broadcast_to(grey, planes.shape)
    levels = planes * 255.0
    if view.noise_levels > 0.0:
        # Uniform noise costs a fifth of normal noise, and after JPEG nobody can tell.
        grain = rng.random(picture.shape[1:], dtype=np.float32) - 0.5
        levels = levels + grain * (view.noise_levels * 3.46)
    return np.ascontiguousarray(np.clip(levels + 0.5, 0.0, 255.0).astype(np.uint8).transpose(1, 2, 0))


def blur(plane: Plane, sigma: float) -> Plane:
    """Gaussian blur with repeated edges; sigma in pixels."""
    reach = max(1, int(2.5 * sigma + 0.5))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        padding = [(reach, reach) if axis == i else (0, 0) for i in (0, 1)]
        padded = np.pad(plane, padding, mode="edge")
        length = plane.shape[axis]
        parts = [
            (padded[offset : offset + length] if axis == 0 else padded[:, offset : offset + length]) * float(weight)
            for offset, weight in enumerate(weights)
        ]
        plane = np.sum(parts, axis=0, dtype=np.float32)
    return plane


def encode_jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    """JPEG file content of the pixels."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
