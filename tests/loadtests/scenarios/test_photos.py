"""The photos of a scenario: each face once, changed as a camera changes them, or more of those with high severities."""

import io
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from loadtests.errors import ScenarioFailed
from loadtests.scenarios.drifts import check_refused
from loadtests.scenarios.judging import Sending
from loadtests.scenarios.photos import DARKER, HIGHER, PatientPhotos, bad_photos
from loadtests.scenarios.preparing import with_severities
from serving.local.drift_demo import Face

PEOPLE = 30


@pytest.fixture
def faces(tmp_path):
    faces = []
    for number in range(PEOPLE):
        path = tmp_path / f"{number}.jpg"
        Image.new("RGB", (32, 32), (200, 200, 200)).save(path, comment=str(number))
        faces.append(Face(path, depressed=False))
    return faces


def number_of(photo):
    return int(Image.open(io.BytesIO(photo)).info["comment"])


def test_every_face_comes_once_before_any_comes_again(faces):
    photos = PatientPhotos(faces, frozenset())
    assert [number_of(photos.take()) for _ in range(PEOPLE)] == list(range(PEOPLE))


def test_a_darker_camera_is_darker_from_the_next_photo_on(faces):
    photos = PatientPhotos(faces, frozenset())
    light = photos.take()
    photos.kind = DARKER
    means = [ImageStat.Stat(Image.open(io.BytesIO(photo)).convert("L")).mean[0] for photo in (light, photos.take())]
    assert means[1] == pytest.approx(0.6 * means[0], rel=0.02)


def test_prevalence_sends_nine_of_ten_of_the_higher_third(faces):
    photos = PatientPhotos(faces, frozenset(faces[:10]))
    photos.kind = HIGHER
    sent = Counter(number_of(photos.take()) < 10 for _ in range(100))
    assert sent == {True: 90, False: 10}


def test_the_higher_third_is_of_those_who_got_an_answer(faces):
    severities = [None if number < 3 else 1_000 * number for number in range(PEOPLE)]
    prepared = with_severities(Path("models"), faces, severities)
    assert prepared.faces == tuple(faces[3:])
    assert prepared.higher == frozenset(faces[-9:])


def test_a_version_that_answers_hardly_anybody_is_refused(faces):
    with pytest.raises(ScenarioFailed, match="answered 3 of 30 drawn faces"):
        with_severities(Path("models"), faces, [1] * 3 + [None] * 27)


def test_bad_photos_are_bad_in_four_ways(faces):
    photos = bad_photos(faces[0].path.read_bytes())
    assert len({photo for photo, _ in photos}) == 4


@pytest.mark.parametrize(
    ("by_status", "is_kept"),
    [
        ({"422": 3, "415": 1}, True),
        ({"422": 3, "200": 1}, False),
        ({"422": 3, "503": 2}, False),
        ({"422": 3, "none": 1}, False),
        ({"429": 4}, False),
        ({}, False),
    ],
)
def test_a_burst_is_one_where_every_photo_was_refused_for_itself(by_status, is_kept):
    assert check_refused(Sending(4, 0, by_status)).is_kept == is_kept
