"""Photo bytes -> the crop a model sees."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from serving.contract.crop import make_crop
from serving.contract.errors import NoFace
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec


def as_jpeg(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=92)
    return stream.getvalue()


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


def test_a_face_becomes_an_aligned_crop(detector: FaceDetector) -> None:
    prepared = make_crop(as_jpeg(data.astronaut()), CropSpec(), detector)
    assert prepared.crop.shape == (128, 128, 3)
    assert prepared.crop.dtype == np.uint8


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket"])
def test_a_photo_without_a_face_is_named_so(name: str, detector: FaceDetector) -> None:
    with pytest.raises(NoFace):
        make_crop(as_jpeg(getattr(data, name)()), CropSpec(), detector)
