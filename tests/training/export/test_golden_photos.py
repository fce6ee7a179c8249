"""What must be refused depends on what the crop is."""

import pytest

from serving.contract.crop import make_crop
from serving.contract.errors import PhotoError
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec
from training.export.golden_photos import draw_refused


@pytest.mark.parametrize(
    ("kind", "codes"), [("aligned", ("face_too_small", "no_face")), ("whole", ("too_dark", "too_blurred"))]
)
def test_each_crop_has_two_photos_that_it_refuses_for_the_reason_that_is_stated(kind, codes):
    spec, detector = CropSpec(kind=kind), FaceDetector()
    refused = draw_refused(spec)
    assert tuple(code for _, code in refused) == codes
    for photo, code in refused:
        with pytest.raises(PhotoError) as found:
            make_crop(photo, spec, detector)
        assert found.value.code == code
