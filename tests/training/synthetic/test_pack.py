import io

import pytest
from PIL import Image

from serving.contract.crop import make_crop
from serving.contract.errors import PhotoError
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec
from training.synthetic.pack import ANSWERED, load_pack
from training.synthetic.pack_build import make_pack, make_twelve_megapixels

PACK = load_pack()
LARGEST_PACK_BYTES = 2_500_000


@pytest.fixture(scope="module")
def detector():
    return FaceDetector()


def outcome_of(content: bytes, detector: FaceDetector) -> str:
    try:
        make_crop(content, CropSpec(), detector)
    except PhotoError as error:
        return error.code
    return ANSWERED


@pytest.mark.parametrize("photo", PACK, ids=lambda photo: photo.name)
def test_every_file_meets_its_expectation(photo, detector):
    assert outcome_of(photo.content, detector) == photo.expected


def test_the_pack_covers_every_reason_a_photo_can_be_refused_for_but_its_file_size():
    codes = {error.code for error in every_kind(PhotoError)} - {"photo_error", "face_error", "photo_too_large"}
    assert {photo.expected for photo in PACK} == codes | {ANSWERED}


def test_the_pack_holds_every_format_and_is_small():
    media_types = {photo.media_type for photo in PACK if photo.expected == ANSWERED}
    assert media_types == {"image/jpeg", "image/png", "image/webp"}
    assert sum(len(photo.content) for photo in PACK) < LARGEST_PACK_BYTES


def test_the_stored_files_are_what_the_generator_makes_today():
    # Lossless files are compared by pixels, so that another zlib does not matter.
    made = dict(make_pack())
    assert [photo.name for photo in made] == [photo.name for photo in PACK]
    for photo, content in made.items():
        stored = next(other for other in PACK if other.name == photo.name)
        assert photo == stored
        if photo.media_type != "image/png":
            assert content == stored.content, photo.name


def test_a_twelve_megapixel_photo_can_be_made(detector):
    content = make_twelve_megapixels()
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (4000, 3000)
    assert outcome_of(content, detector) == ANSWERED


def every_kind(error: type[PhotoError]) -> set[type[PhotoError]]:
    return {error}.union(*(every_kind(child) for child in error.__subclasses__()))
