"""Regions of an aligned crop."""

import numpy as np
import pytest

from serving.contract.model import CropSpec
from serving.contract.regions import coverage, regions_of

SPECS = [CropSpec(), CropSpec(inter_eye_fraction=0.5, eye_line_fraction=0.3), CropSpec(kind="whole")]


@pytest.mark.parametrize("spec", SPECS)
def test_regions_lie_inside_the_crop_and_are_mirror_symmetric(spec):
    for region in regions_of(spec):
        assert 0 <= region.left < 0.5 < region.right <= 1
        assert region.left == pytest.approx(1 - region.right)
        assert 0 <= region.top < region.bottom <= 1
        covered = coverage(region, 32)
        np.testing.assert_array_equal(covered, covered[:, ::-1])
        assert covered.sum() / 32**2 == pytest.approx((region.right - region.left) * (region.bottom - region.top))


def test_regions_follow_the_face_from_brows_to_jaw():
    spec = CropSpec()
    found = {region.name: region for region in regions_of(spec)}
    assert list(found) == ["eyes", "brows", "mouth", "jaw"]
    assert found["brows"].bottom <= found["eyes"].top < spec.eye_line_fraction < found["eyes"].bottom
    assert found["eyes"].bottom < found["mouth"].top < found["mouth"].bottom <= found["jaw"].top
    assert found["eyes"].left < 0.5 - spec.inter_eye_fraction / 2


def test_whole_photo_has_one_region_because_nothing_was_aligned():
    assert [region.name for region in regions_of(CropSpec(kind="whole"))] == ["photo"]
