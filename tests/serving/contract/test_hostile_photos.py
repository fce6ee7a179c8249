"""Every hostile or odd upload is refused with its own code, and nothing else ever escapes."""

from __future__ import annotations

import pytest

from serving.contract.crop import make_crop
from serving.contract.errors import PhotoError
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec
from tests.support.hostile_photos import refused_photos


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


def test_the_corpus_has_two_hundred_uploads_each_unlike_the_others() -> None:
    photos = {photo for photo, _ in refused_photos().values()}
    assert len(photos) == len(refused_photos()) >= 200


@pytest.mark.parametrize("name", refused_photos())
def test_a_hostile_upload_is_refused_by_name(name: str, detector: FaceDetector) -> None:
    photo, code = refused_photos()[name]
    with pytest.raises(PhotoError) as caught:
        make_crop(photo, CropSpec(), detector)
    assert caught.value.code == code
    assert str(caught.value)
    assert caught.value.advice
