"""When a face is not good enough for an honest score, and what may never be a reason: the skin."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image, ImageFilter

from serving.contract.alignment import Alignment, align_eyes, warp
from serving.contract.errors import (
    FaceCutOff,
    FaceError,
    FaceTooSmall,
    FaceTurned,
    SeveralFaces,
    TooBlurred,
    TooBright,
    TooDark,
)
from serving.contract.face import Face, FaceDetector
from serving.contract.quality import (
    Quality,
    QualityLimits,
    check_faces,
    check_geometry,
    check_light_and_focus,
    measure_geometry,
    measure_light_and_focus,
)
from tests.support.drawing import PLAIN_VIEW, drawn_pixels, parameters_of
from training.synthetic.drawing import draw_face

LIMITS = QualityLimits()
GOOD = Quality(
    luminance=130,
    shadows=70,
    highlights=190,
    contrast=30,
    clipped_share=0.0,
    sharpness=0.4,
    face_fraction=0.4,
    inter_eye_pixels=60,
    detector_score=0.9,
)


def face_of_width(width: float) -> Face:
    return Face(0.9, np.array([0.0, 0.0, width, width]), np.zeros((6, 2)))


def keypoints(nose_x: float) -> np.ndarray:
    return np.array([[40, 50], [60, 50], [nose_x, 60], [50, 70], [25, 52], [75, 52]], dtype=float)


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


def aligned(pixels: np.ndarray, detector: FaceDetector) -> tuple[np.ndarray, Quality]:
    face = detector.detect(pixels)[0]
    square = align_eyes(*face.keypoints[:2], inter_eye_fraction=0.34, eye_line_fraction=0.36)
    return warp(pixels, square, 128), measure_geometry(face, square, pixels.shape)


@pytest.mark.parametrize(
    ("field", "limit", "error"),
    [
        ("outside_share", LIMITS.outside_share_max, FaceCutOff),
        ("inter_eye_pixels", -LIMITS.inter_eye_pixels_min, FaceTooSmall),
        ("turn", LIMITS.turn_max, FaceTurned),
        ("highlights", -LIMITS.highlights_min, TooDark),
        ("shadows", LIMITS.shadows_max, TooBright),
        ("clipped_share", LIMITS.clipped_share_max, TooBright),
        ("contrast", -LIMITS.contrast_min, TooBlurred),
        ("sharpness", -LIMITS.sharpness_min, TooBlurred),
    ],
)
def test_every_limit_is_inclusive_and_has_its_reason(field: str, limit: float, error: type[FaceError]) -> None:
    def check(value: float) -> None:
        quality = dataclasses.replace(GOOD, **{field: value})
        check_geometry(quality, LIMITS)
        check_light_and_focus(quality, LIMITS)

    check(abs(limit))
    beyond = np.nextafter(abs(limit), np.inf if limit > 0 else -np.inf)
    with pytest.raises(error):
        check(float(beyond))


def test_a_second_face_counts_from_half_the_width_of_the_first() -> None:
    check_faces((face_of_width(100),), LIMITS)
    check_faces((face_of_width(100), face_of_width(49.9)), LIMITS)
    with pytest.raises(SeveralFaces):
        check_faces((face_of_width(100), face_of_width(50)), LIMITS)


def test_the_size_of_a_face_that_is_too_small_is_told() -> None:
    with pytest.raises(FaceTooSmall, match="12 pixels between the eyes, 24 are needed"):
        check_geometry(dataclasses.replace(GOOD, inter_eye_pixels=12.3), LIMITS)


def test_measures_are_plain_numbers_by_name() -> None:
    measures = GOOD.as_dict()
    assert json.loads(json.dumps(measures)) == measures
    assert all(isinstance(value, (int, float)) for value in measures.values())


def test_geometry_is_measured_in_the_photo() -> None:
    face = Face(0.8, np.array([20.0, 30.0, 80.0, 90.0]), keypoints(nose_x=50))
    square = align_eyes(*face.keypoints[:2], inter_eye_fraction=0.34, eye_line_fraction=0.36)
    quality = measure_geometry(face, square, (100, 120, 3))
    assert quality.face_fraction == 0.5
    assert quality.inter_eye_pixels == 20
    assert quality.detector_score == 0.8
    assert quality.turn == 0
    assert quality.roll_degrees == 0
    assert quality.outside_share == 0


@pytest.mark.parametrize(("nose_x", "turn"), [(50, 0.0), (62.5, 0.5), (37.5, 0.5), (75, 1.0), (90, 1.6)])
def test_the_turn_is_where_the_nose_is_between_the_ears(nose_x: float, turn: float) -> None:
    face = Face(0.8, np.zeros(4), keypoints(nose_x))
    assert measure_geometry(face, Alignment(0, 0, 10, 0), (100, 100, 3)).turn == pytest.approx(turn)


def test_ears_in_one_place_are_a_turned_face() -> None:
    face = Face(0.8, np.zeros(4), np.zeros((6, 2)))
    quality = measure_geometry(face, Alignment(0, 0, 10, 0), (100, 100, 3))
    with pytest.raises(FaceTurned):
        check_geometry(dataclasses.replace(GOOD, turn=quality.turn), LIMITS)


def test_the_turn_grows_with_the_head_and_thirty_degrees_still_pass(detector: FaceDetector) -> None:
    for person in range(6):
        turns = [aligned(drawn_pixels(person, yaw_degrees=yaw), detector)[1].turn for yaw in (0.0, 15.0, 30.0)]
        assert turns == sorted(turns)
        assert turns[0] <= 0.15
        assert turns[2] <= LIMITS.turn_max


@pytest.mark.parametrize("depth", [0.0, 0.25, 0.5, 0.75, 0.9, 1.0])
def test_no_skin_tone_is_too_dark_or_too_bright(depth: float, detector: FaceDetector) -> None:
    for person in range(6):
        parameters = parameters_of(person)
        drawn = dataclasses.replace(
            parameters,
            identity=dataclasses.replace(parameters.identity, skin_depth=depth),
            view=dataclasses.replace(parameters.view, **PLAIN_VIEW),
        )
        quality = measure_light_and_focus(*aligned(draw_face(drawn), detector))
        check_light_and_focus(quality, LIMITS)
        assert quality.highlights >= 1.5 * LIMITS.highlights_min
        assert quality.shadows <= 0.8 * LIMITS.shadows_max


def exposed(pixels: np.ndarray, factor: float) -> np.ndarray:
    """As if the shutter had been open `factor` times as long."""
    return np.clip(((pixels / 255) ** 2.2 * factor) ** (1 / 2.2) * 255, 0, 255).astype(np.uint8)


def test_too_little_light_is_too_dark_and_too_much_too_bright(detector: FaceDetector) -> None:
    for person in range(6):
        crop, geometry = aligned(drawn_pixels(person), detector)
        with pytest.raises(TooDark):
            check_light_and_focus(measure_light_and_focus(exposed(crop, 0.01), geometry), LIMITS)
        with pytest.raises(TooBright):
            check_light_and_focus(measure_light_and_focus(exposed(crop, 60), geometry), LIMITS)


def test_sharpness_falls_with_blur_until_it_is_refused(detector: FaceDetector) -> None:
    for person in range(6):
        crop, geometry = aligned(drawn_pixels(person), detector)
        blurred = [np.asarray(Image.fromarray(crop).filter(ImageFilter.GaussianBlur(sigma))) for sigma in (0, 1, 2, 4)]
        sharpness = [measure_light_and_focus(picture, geometry).sharpness for picture in blurred]
        assert sharpness == sorted(sharpness, reverse=True)
        assert sharpness[0] >= 2 * LIMITS.sharpness_min
        with pytest.raises(TooBlurred):
            check_light_and_focus(measure_light_and_focus(blurred[3], geometry), LIMITS)


def test_rounding_is_not_taken_for_detail() -> None:
    ramp = np.tile(np.linspace(100, 140, 128), (128, 1))
    crop = np.repeat(np.round(ramp).astype(np.uint8)[..., None], 3, axis=-1)
    assert measure_light_and_focus(crop, GOOD).sharpness <= 0.5 * LIMITS.sharpness_min


def test_only_the_face_is_measured_in_an_aligned_crop(detector: FaceDetector) -> None:
    crop, geometry = aligned(drawn_pixels(3), detector)
    framed = crop.copy()
    framed[:10], framed[:, :10], framed[:, -10:] = 255, 255, 0
    assert measure_light_and_focus(framed, geometry) == measure_light_and_focus(crop, geometry)
    assert measure_light_and_focus(framed) != measure_light_and_focus(crop)


def test_an_even_surface_has_no_sharpness() -> None:
    assert measure_light_and_focus(np.full((64, 64, 3), 90, np.uint8)).sharpness == 0
