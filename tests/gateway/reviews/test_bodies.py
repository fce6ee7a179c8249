"""Bodies that are none: refused by name, before much is read of them, and never repeated."""

import json

import pytest

from gateway.records.tables import REVIEWS
from gateway.reviews.bodies import MAX_JSON_BYTES
from tests.support.reviews import rows

GOOD = json.dumps({"verdict": "agree"})


@pytest.fixture
def given(shared):
    return shared.screen().json["id"]


def send(gateway, given, data, content_type="application/json", **options):
    return gateway.client.put(f"/v1/screenings/{given}/review", data=data, content_type=content_type, **options)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/json5", "image/jpeg"],
)
def test_another_type_than_json_is_refused(shared, given, content_type):
    response = send(shared, given, GOOD, content_type)
    assert (response.status_code, response.json["code"]) == (415, "body_type_unsupported")


def test_a_compressed_body_is_refused(shared, given):
    response = send(shared, given, GOOD, headers={"Content-Encoding": "gzip"})
    assert response.json["code"] == "body_type_unsupported"


def test_a_charset_beside_the_type_is_taken(shared, given):
    assert send(shared, given, GOOD, "application/json; charset=utf-8").status_code == 200


@pytest.mark.parametrize(
    "data",
    [
        b"", b"null", b"[]", b"1", b'"agree"', b"{", GOOD.encode() + b"}", b'{"verdict": "agree", "verdict": "unsure"}',
        b"\xff\xfe{\x00}\x00", GOOD.encode("utf-16"), b'{"verdict": NaN', b"[" * 4000, b'{"a":' * 700, b"\xef\xbb\xbf{}", b"\x00",
    ],
)  # fmt: skip
def test_what_is_no_object_is_refused(shared, given, data):
    before = rows(shared, REVIEWS)
    response = send(shared, given, data)
    assert (response.status_code, response.json["code"]) == (400, "body_malformed")
    assert rows(shared, REVIEWS) == before


@pytest.mark.parametrize("announced", [True, False])
def test_a_huge_body_is_refused(shared, given, announced):
    data = b'{"verdict": "agree"}' + b" " * MAX_JSON_BYTES * 100
    options = {} if announced else {"environ_overrides": {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}}
    response = send(shared, given, data, **options)
    assert (response.status_code, response.json["code"]) == (413, "body_too_large")


def test_a_body_that_ends_early_is_told_as_such(shared, given):
    response = send(shared, given, GOOD, environ_overrides={"CONTENT_LENGTH": "1000"})
    assert (response.status_code, response.json["code"]) == (400, "upload_interrupted")


@pytest.mark.parametrize("key", ["", "x" * 129, "a b", "ä"])
def test_a_key_that_is_none_is_refused(shared, given, key):
    response = send(shared, given, GOOD, headers={"Idempotency-Key": key})
    assert (response.status_code, response.json["code"]) == (400, "parameter_invalid")
