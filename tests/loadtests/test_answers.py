"""The answer to a photo is looked at, not only its status."""

import json

import pytest

from gateway.problems import all_codes
from loadtests.photos import PackPhoto, RightAnswer
from loadtests.users.answers import SHED_CODES, THROTTLED_CODE, judge_photo
from loadtests.users.http_exchange import Response

FACE = PackPhoto("a.jpg", "image/jpeg", "webcam", None, 1.0, {"3": RightAnswer((290_000, 310_000), ("none", "mild"))})
BAD = PackPhoto("b.jpg", "image/jpeg", "bad", "no_face", 1.0)
RIGHT = {"band": "none", "abstained": False, "severity_ppm": 300_000, "model": {"version": 3}}


def judged(photo: PackPhoto, status: int, content: object) -> str:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return judge_photo(photo, Response(status, "application/json", body)).outcome


@pytest.mark.parametrize(
    ("photo", "status", "content", "outcome"),
    [
        (FACE, 200, RIGHT, "answered"),
        (FACE, 200, RIGHT | {"band": "mild"}, "answered"),
        (FACE, 200, RIGHT | {"band": "high"}, "wrong"),
        (FACE, 200, RIGHT | {"severity_ppm": 310_001}, "wrong"),
        (FACE, 200, RIGHT | {"band": None, "abstained": True}, "wrong"),
        (FACE, 200, RIGHT | {"model": {"version": 4}}, "answered"),
        (FACE, 200, RIGHT | {"model": {"version": 4}, "band": None, "abstained": True}, "abstained"),
        (FACE, 200, {}, "failed"),
        (FACE, 200, b"<html>", "failed"),
        (FACE, 200, b"[]", "failed"),
        (FACE, 422, {"code": "no_face"}, "wrong"),
        (FACE, 503, {"code": "gateway_overloaded"}, "shed"),
        (FACE, 503, {"code": "screening_paused"}, "failed"),
        (FACE, 429, {"code": "client_rate_exceeded"}, "throttled"),
        (FACE, 500, {"code": "internal"}, "failed"),
        (FACE, 401, {"code": "credential_missing"}, "failed"),
        (BAD, 422, {"code": "no_face"}, "refused_photo"),
        (BAD, 422, {"code": "too_dark"}, "wrong"),
        (BAD, 200, RIGHT, "wrong"),
        (BAD, 503, {"code": "model_busy"}, "shed"),
    ],
)
def test_what_becomes_of_a_photo(photo: PackPhoto, status: int, content: object, outcome: str) -> None:
    assert judged(photo, status, content) == outcome


def test_answers_of_a_version_that_the_pack_does_not_know_are_counted_as_unchecked() -> None:
    body = json.dumps(RIGHT | {"model": {"version": 4}}).encode()
    said = judge_photo(FACE, Response(200, "application/json", body)).said
    assert said is not None
    assert (said.checked, said.model_version, said.expected_band) == (False, "4", None)


def test_the_gateways_codes_are_those_that_are_told_apart() -> None:
    assert {*SHED_CODES, THROTTLED_CODE} <= set(all_codes())
