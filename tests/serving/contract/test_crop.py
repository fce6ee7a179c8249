"""Photo bytes -> the crop a model sees, or the reason why there is none."""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageFilter
from skimage import data

from serving.contract import crop as crop_module
from serving.contract.crop import crop_difference, make_crop
from serving.contract.errors import (
    FaceCutOff,
    FaceTooSmall,
    FaceTurned,
    NoFace,
    PhotoError,
    PhotoTooManyPixels,
    SeveralFaces,
    TooBlurred,
    TooBright,
    TooDark,
)
from serving.contract.face import FaceDetector
from serving.contract.model import CropSpec, Tolerances
from serving.contract.photo import PhotoLimits
from serving.contract.quality import QualityLimits
from tests.support.drawing import drawn_as_sampled, drawn_eyes, drawn_pixels
from tests.support.orientations import STORED, stored_as
from tests.support.photo_bytes import encode, insert_jpeg_segment
from tests.support.shared_photos import portrait_files

SPEC = CropSpec()
TOLERANCES = Tolerances()
PEOPLE = range(10)


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


def resized(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))


def on_grey(pixels: np.ndarray, height: int, width: int, top: int, left: int) -> np.ndarray:
    canvas = np.full((height, width, 3), 110, np.uint8)
    canvas[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return canvas


def assert_golden(one: np.ndarray, other: np.ndarray) -> None:
    mean, largest = crop_difference(one, other)
    assert mean <= TOLERANCES.crop_mean_levels
    assert largest <= TOLERANCES.crop_largest_levels


def test_a_face_becomes_an_aligned_crop(detector: FaceDetector) -> None:
    prepared = make_crop(encode(data.astronaut(), "JPEG", quality=92), SPEC, detector)
    assert prepared.crop.shape == (128, 128, 3)
    assert prepared.crop.dtype == np.uint8
    assert prepared.photo_format == "jpeg"
    assert (prepared.width_pixels, prepared.height_pixels) == (512, 512)
    assert prepared.timings.decode > 0
    assert prepared.timings.face > 0


def test_the_eyes_lie_where_the_contract_says(detector: FaceDetector) -> None:
    for spec in (SPEC, CropSpec(size=96, inter_eye_fraction=0.28, eye_line_fraction=0.42)):
        wanted = np.array([0.5 - spec.inter_eye_fraction / 2, 0.5 + spec.inter_eye_fraction / 2])
        for person in PEOPLE:
            crop = make_crop(encode(drawn_pixels(person), "PNG"), spec, detector).crop
            framed = on_grey(crop, 2 * spec.size, 2 * spec.size, spec.size // 2, spec.size // 2)
            eyes = (detector.detect(framed)[0].keypoints[:2] - spec.size // 2) / spec.size
            np.testing.assert_allclose(eyes[:, 0], wanted, atol=0.025)
            np.testing.assert_allclose(eyes[:, 1], spec.eye_line_fraction, atol=0.025)


def test_tilt_size_and_place_of_the_face_hardly_change_the_crop(detector: FaceDetector) -> None:
    for person in PEOPLE[:4]:
        plain = make_crop(encode(drawn_pixels(person, 512), "PNG"), SPEC, detector)
        photo = Image.fromarray(drawn_pixels(person, 512)).rotate(
            17, Image.Resampling.BICUBIC, fillcolor=(110, 110, 110)
        )
        moved = make_crop(
            encode(on_grey(resized(np.asarray(photo), 400, 400), 480, 640, 60, 200), "PNG"), SPEC, detector
        )
        assert moved.quality.roll_degrees == pytest.approx(plain.quality.roll_degrees - 17, abs=3)
        oval = np.hypot(*np.meshgrid(np.linspace(-1, 1, 128), np.linspace(-1, 1, 128))) < 0.6
        assert np.abs(moved.crop.astype(int) - plain.crop)[oval].mean() <= 8


@pytest.mark.parametrize("form", ["PNG", "WEBP", "JPEG"])
def test_all_eight_orientations_give_the_same_crop(form: str, detector: FaceDetector) -> None:
    crops = [make_crop(stored_as(drawn_pixels(2), orientation, form), SPEC, detector).crop for orientation in STORED]
    for crop in crops[1:]:
        if form == "JPEG":
            # A turned picture is compressed to other pixels, a level apart, and the eyes move by a tenth of a pixel.
            assert crop_difference(crop, crops[0])[0] <= 4
        else:
            np.testing.assert_array_equal(crop, crops[0])


def test_a_mirrored_photo_gives_the_mirrored_crop(detector: FaceDetector) -> None:
    for person in PEOPLE[:4]:
        for size in (256, 660):
            photo = drawn_pixels(person) if size == 256 else resized(drawn_pixels(person), size, size)
            plain, mirrored = (
                make_crop(encode(pixels, "PNG"), SPEC, detector).crop for pixels in (photo, photo[:, ::-1])
            )
            assert_golden(mirrored[:, ::-1], plain)


def test_the_crop_does_not_depend_on_the_lossless_format(detector: FaceDetector) -> None:
    photo = drawn_pixels(4)
    crops = [
        make_crop(content, SPEC, detector).crop
        for content in (
            encode(photo, "PNG"),
            encode(photo, "WEBP", lossless=True),
            encode(np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)]), "PNG"),
        )
    ]
    for crop in crops[1:]:
        np.testing.assert_array_equal(crop, crops[0])


def test_metadata_changes_nothing(detector: FaceDetector) -> None:
    photo = encode(drawn_pixels(4), "JPEG")
    plain = make_crop(photo, SPEC, detector).crop
    np.testing.assert_array_equal(make_crop(insert_jpeg_segment(photo, 0xFE, b"a comment"), SPEC, detector).crop, plain)


def test_the_same_photo_gives_the_same_bytes_in_every_thread() -> None:
    photos = [encode(drawn_pixels(person), "JPEG") for person in range(6)]

    def work(share: list[bytes]) -> list[bytes]:
        own = FaceDetector()
        return [make_crop(photo, SPEC, own).crop.tobytes() for photo in share]

    with ThreadPoolExecutor(3) as pool:
        first, *others = pool.map(work, [photos] * 3)
    assert all(other == first for other in others)


def test_quality_is_measured_and_can_be_written_down(detector: FaceDetector) -> None:
    for person in PEOPLE:
        quality = make_crop(encode(drawn_as_sampled(person), "JPEG"), SPEC, detector).quality
        eyes = drawn_eyes(person)
        assert quality.inter_eye_pixels == pytest.approx(float(np.linalg.norm(eyes[1] - eyes[0])), rel=0.1)
        assert 0.3 < quality.face_fraction < 0.8
        assert 0.5 < quality.detector_score < 1
        assert all(np.isfinite(value) for value in quality.as_dict().values())
        json.dumps(quality.as_dict())


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket", "text", "coins"])
def test_a_photo_without_a_face_is_named_so(name: str, detector: FaceDetector) -> None:
    with pytest.raises(NoFace):
        make_crop(encode(getattr(data, name)(), "PNG"), SPEC, detector)


@pytest.mark.parametrize("name", ["astronaut", "camera"])
def test_photos_of_real_people_give_a_crop(name: str, detector: FaceDetector) -> None:
    for form, options in (("PNG", {}), ("JPEG", {"quality": 85})):
        assert make_crop(encode(getattr(data, name)(), form, **options), SPEC, detector).crop.shape == (128, 128, 3)


@pytest.mark.needs_portraits
def test_portraits_give_crops(detector: FaceDetector) -> None:
    made = 0
    for file in portrait_files():
        try:
            made += make_crop(file.read_bytes(), SPEC, detector).crop.shape == (128, 128, 3)
        except PhotoError as error:
            print(file.name, error.code)
    assert made >= 59


FACE = drawn_pixels(2)
REASONS = {
    "two people": (np.concatenate([FACE, drawn_pixels(3)], axis=1), SeveralFaces),
    "three people": (np.concatenate([FACE, drawn_pixels(3), drawn_pixels(4)], axis=1), SeveralFaces),
    "far away": (on_grey(resized(FACE, 80, 80), 480, 640, 100, 200), FaceTooSmall),
    "few pixels": (resized(FACE, 90, 90), FaceTooSmall),
    "left half": (FACE[:, :140], FaceCutOff),
    "right half": (FACE[:, 100:], FaceCutOff),
    "mouth below the edge": (FACE[:150], FaceCutOff),
    "dark": ((FACE * 0.12).astype(np.uint8), TooDark),
    "bright": (np.clip(FACE * 0.25 + 200, 0, 255).astype(np.uint8), TooBright),
    "out of focus": (np.asarray(Image.fromarray(FACE).filter(ImageFilter.GaussianBlur(6))), TooBlurred),
    "hazy": ((FACE * 0.15 + 100).astype(np.uint8), TooBlurred),
}


@pytest.mark.parametrize("name", REASONS)
def test_each_reason_for_no_score_has_its_name(name: str, detector: FaceDetector) -> None:
    pixels, error = REASONS[name]
    with pytest.raises(error):
        make_crop(encode(pixels, "PNG"), SPEC, detector)


def test_the_turn_is_refused_where_the_site_says_so(detector: FaceDetector) -> None:
    turned = encode(drawn_pixels(2, yaw_degrees=30.0), "PNG")
    assert make_crop(turned, SPEC, detector).quality.turn > 0.2
    with pytest.raises(FaceTurned):
        make_crop(turned, SPEC, detector, quality_limits=QualityLimits(turn_max=0.2))


def test_a_bystander_far_behind_is_passed_over(detector: FaceDetector) -> None:
    pair = on_grey(resized(FACE, 480, 480), 480, 640, 0, 0)
    pair[40:136, 530:626] = resized(drawn_pixels(3), 96, 96)
    alone = on_grey(resized(FACE, 480, 480), 480, 640, 0, 0)
    one, other = (make_crop(encode(pixels, "PNG"), SPEC, detector) for pixels in (pair, alone))
    assert one.quality.inter_eye_pixels == pytest.approx(other.quality.inter_eye_pixels, rel=0.03)
    assert crop_difference(one.crop, other.crop)[0] <= 8


def test_a_small_face_in_a_large_photo_is_decoded_larger(
    detector: FaceDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = on_grey(resized(drawn_pixels(2, 512), 520, 520), 3_000, 4_000, 1_200, 1_600)
    photo = encode(large, "JPEG", quality=90)
    close = make_crop(photo, SPEC, detector)
    assert close.quality.inter_eye_pixels > 55
    assert (close.width_pixels, close.height_pixels) == (4_000, 3_000)
    monkeypatch.setattr(crop_module, "LONG_SIDE_KEPT", crop_module.LONG_SIDE_KEPT // 2)
    far = make_crop(photo, SPEC, detector)
    assert far.quality.inter_eye_pixels < 45
    assert close.quality.sharpness > far.quality.sharpness


def test_a_photo_may_be_used_whole_as_the_paper_did() -> None:
    photo = drawn_pixels(2)
    prepared = make_crop(encode(photo[:, :200], "PNG"), CropSpec(kind="whole", size=64), detector=None)
    reference = np.asarray(Image.fromarray(photo[:, :200]).resize((64, 64), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(prepared.crop, reference)
    assert prepared.quality.contrast > 0
    assert prepared.quality.inter_eye_pixels == prepared.quality.detector_score == prepared.quality.face_fraction == 0


@pytest.mark.parametrize(("level", "error"), [(0, TooDark), (255, TooBright), (128, TooBlurred)])
def test_a_whole_photo_with_nothing_on_it_is_refused(level: int, error: type[PhotoError]) -> None:
    empty = np.full((64, 64, 3), level, np.uint8)
    with pytest.raises(error):
        make_crop(encode(empty, "PNG"), CropSpec(kind="whole"), detector=None)


def test_limits_reach_the_decoder(detector: FaceDetector) -> None:
    with pytest.raises(PhotoTooManyPixels):
        make_crop(encode(FACE, "PNG"), SPEC, detector, limits=PhotoLimits(max_other_pixels=1_000))


def test_crops_are_compared_in_levels() -> None:
    one = np.zeros((4, 4, 3), np.uint8)
    other = one.copy()
    other[0, 0, 0] = 48
    assert crop_difference(one, other) == crop_difference(other, one) == (1.0, 48.0)
    assert crop_difference(one, one) == (0.0, 0.0)
    with pytest.raises(ValueError, match="shape"):
        crop_difference(one, other[:2])


def test_what_a_crop_carries_is_fixed(detector: FaceDetector) -> None:
    prepared = make_crop(encode(FACE, "PNG"), SPEC, detector)
    with pytest.raises(dataclasses.FrozenInstanceError):
        prepared.crop = None
