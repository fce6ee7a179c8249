import io
import math

import numpy as np
import pytest

from gateway.errors import (
    DeadlinePassed,
    ModelVersionMismatch,
    ModelVersionMissing,
    PredictorRejected,
    PredictorTimeout,
    PredictorUnavailable,
    QueueFull,
)
from gateway.languages import ENGLISH
from serving.contract.errors import NoFace, PhotoTooLarge, PhotoUnreadable, PhotoUnsupported
from serving.contract.model import Evidence
from serving.contract.policy import Policy
from serving.contract.severity import Thresholds
from tests.support.access import add_key, beyond_loopback
from tests.support.gateway import DIGEST, LIMITS, FakeGateway, make_contract, multipart, write_pin, write_policy


def test_an_answer_carries_everything_needed_to_judge_it(gateway):
    gateway.predictor.p_no_depression = 0.25
    response = gateway.screen()
    assert response.status_code == 200
    assert response.content_type == "application/json"
    answer = response.json
    assert answer["band"] == "high"
    assert answer["severity_ppm"] == 750_000
    assert answer["severity_percent"] == 75.0
    assert answer["p_no_depression"] == 0.25
    assert answer["id"] == response.headers["X-Request-Id"]
    assert answer["model"] == {
        "name": "depression_severity",
        "version": 3,
        "digest": DIGEST,
        "evidence": "demo",
        "knows_nothing": False,
        "holdout": {"auroc": 0.86, "accuracy": 0.78},
        "limits": list(LIMITS),
    }
    assert answer["policy"] == {
        "number": 1,
        "digest": Policy().digest,
        "thresholds": {"none_max_ppm": 300_000, "mild_max_ppm": 600_000},
    }
    assert answer["preprocessing_version"] == "crop-1"
    assert answer["notice"] == [ENGLISH.demo_notice, ENGLISH.notice]
    assert set(answer["timings_seconds"]) == {"upload", "queue", "decode", "face", "predict", "total"}
    assert all(isinstance(value, float) for value in answer["quality"].values())


def test_the_photo_reaches_the_crop_byte_for_byte_raw_and_in_a_form(gateway):
    photo = bytes(range(256)) * 3000
    form, content_type = multipart(("photo", "face.jpg", photo))
    assert gateway.screen(photo).status_code == 200
    assert gateway.screen(form, content_type).status_code == 200
    assert gateway.crops.photos == [photo, photo]


def ulp_neighbours(value):
    return np.nextafter(value, value.dtype.type(0)), value, np.nextafter(value, value.dtype.type(1))


BOUNDARIES = [
    (p, band, ppm)
    for kind in (np.float32, np.float64)
    for group in (
        [(p, "none", 300_000) for p in ulp_neighbours(kind(0.7))],
        [(p, "mild", 600_000) for p in ulp_neighbours(kind(0.4))],
        [(kind(0.7 + 1e-6), "none", 299_999), (kind(0.7 - 1e-6), "mild", 300_001)],
        [(kind(0.4 + 1e-6), "mild", 599_999), (kind(0.4 - 1e-6), "high", 600_001)],
        [(kind(0), "high", 1_000_000), (kind(-0.0), "high", 1_000_000), (kind(1), "none", 0)],
    )
    for p, band, ppm in group
]


@pytest.mark.parametrize(("p", "band", "ppm"), BOUNDARIES, ids=repr)
def test_band_edges_hold_through_http(gateway, p, band, ppm):
    gateway.predictor.p_no_depression = p
    answer = gateway.screen().json
    assert (answer["band"], answer["severity_ppm"]) == (band, ppm)
    assert answer["p_no_depression"] == float(p)


@pytest.mark.parametrize("p", [math.nan, math.inf, -math.inf, 1.0000001, -1e-9, np.nextafter(1.0, 2.0)])
def test_what_is_no_probability_is_an_error_and_never_a_band(gateway, p):
    gateway.predictor.p_no_depression = p
    response = gateway.screen()
    assert response.status_code == 500
    assert response.json["code"] == "model_answer_invalid"
    assert "band" not in response.json
    assert gateway.metric("symmetra_model_answers_invalid_total", model_version="3") == 1
    bins = [line for line in gateway.exposition().splitlines() if line.startswith("symmetra_severity_total")]
    assert bins
    assert all(line.endswith(" 0.0") for line in bins)


def test_a_version_that_knows_nothing_says_so_in_every_answer(tmp_path):
    gateway = FakeGateway(tmp_path, contract={"knows_nothing": True, "evidence": Evidence.RESEARCH})
    assert gateway.screen().json["notice"] == [ENGLISH.knows_nothing_notice, ENGLISH.notice]
    assert gateway.screen().json["model"]["knows_nothing"] is True


def test_a_new_pin_and_policy_count_from_the_next_photo_on(gateway):
    gateway.predictor.p_no_depression = 0.5
    assert gateway.screen().json["band"] == "mild"
    write_pin(gateway.repository, make_contract(version=4))
    write_policy(gateway.repository, Policy(number=2, thresholds=Thresholds(100_000, 400_000)))
    answer = gateway.screen().json
    assert (answer["band"], answer["model"]["version"], answer["policy"]["number"]) == ("high", 4, 2)


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (NoFace(), 422, None),
        (PhotoUnreadable(), 422, None),
        (PhotoUnsupported(), 415, None),
        (PhotoTooLarge(), 413, None),
        (DeadlinePassed(), 503, "1"),
        (QueueFull(), 503, "1"),
    ],
)
def test_a_photo_that_gets_no_score_is_told_why(gateway, error, status, retry):
    gateway.crops.error = error
    response = gateway.screen()
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert response.headers.get("Retry-After") == retry
    problem = response.json
    assert problem["type"] == f"urn:symmetra:problem:v1:{error.code}"
    assert (problem["detail"], problem["advice"]) == (str(error), error.advice)
    assert problem["instance"] == f"urn:uuid:{response.headers['X-Request-Id']}"
    assert gateway.metric("symmetra_screenings_total", outcome=error.code, traffic="patient") == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PredictorUnavailable(), 503),
        (PredictorTimeout(), 504),
        (ModelVersionMissing(), 503),
        (ModelVersionMismatch("version 9 answered"), 502),
        (PredictorRejected(), 500),
        (RuntimeError("unforeseen"), 500),
    ],
)
def test_a_model_that_fails_is_told_by_name(gateway, error, status):
    gateway.predictor.error = error
    response = gateway.screen()
    assert response.status_code == status
    code = getattr(error, "code", "internal_error")
    assert response.json["code"] == code
    assert gateway.metric("symmetra_screenings_total", outcome=code, traffic="patient") == 1


def test_without_a_model_in_service_no_photo_is_even_looked_at(gateway):
    (gateway.repository.directory / "pin.json").unlink()
    response = gateway.screen()
    assert (response.status_code, response.json["code"]) == (503, "model_not_pinned")
    assert gateway.crops.photos == []


def test_a_demo_model_is_not_served_beyond_loopback_unless_insisted_on(tmp_path):
    settings = beyond_loopback(tmp_path)
    key = {"X-API-Key": add_key(settings["api_keys_file"], name="another")}
    outside = FakeGateway(tmp_path / "a", **settings)
    assert outside.screen(headers=key).json["code"] == "demo_model_refused"
    insisting = FakeGateway(tmp_path / "b", allow_demo_model=True, **settings)
    assert insisting.screen(headers=key).status_code == 200
    validated = FakeGateway(tmp_path / "c", contract={"evidence": Evidence.SITE_VALIDATED}, **settings)
    assert validated.screen(headers=key).status_code == 200


def test_requests_without_one_photo_are_the_callers_fault(gateway):
    body, content_type = multipart(("photo", "a", b"1"), ("photo", "b", b"2"))
    assert gateway.screen(body, content_type).json["code"] == "too_many_parts"
    assert gateway.screen(*multipart()).json["code"] == "photo_missing"
    assert gateway.screen(b"a=b", "application/x-www-form-urlencoded").json["code"] == "upload_type_unsupported"
    assert gateway.screen(bytes(11 * 2**20)).json["code"] == "photo_too_large"
    assert gateway.crops.photos == []


def test_severity_is_counted_in_bins_that_end_where_the_bands_end(gateway):
    for p, edge, band in (
        (0.7, "0.3", "none"),
        (0.7 - 1e-6, "0.4", "mild"),
        (0.4, "0.6", "mild"),
        (0.0, "1.0", "high"),
    ):
        gateway.predictor.p_no_depression = p
        gateway.screen()
        assert gateway.metric("symmetra_severity_total", model_version="3", bin=edge, traffic="patient") == 1
        assert gateway.metric("symmetra_bands_total", model_version="3", band=band, traffic="patient") >= 1


def test_every_stage_is_timed(gateway):
    gateway.screen()
    for stage in ("upload", "queue", "decode", "face", "predict", "total"):
        assert gateway.metric("symmetra_stage_seconds_count", stage=stage, traffic="patient") == 1


def test_models_lists_the_version_in_service(gateway):
    (model,) = gateway.client.get("/v1/models").json["models"]
    assert (model["version"], model["digest"], model["evidence"]) == (3, DIGEST, "demo")
    assert model["limits"] == list(LIMITS)


def test_the_version_that_is_pinned_when_the_photo_is_there_answers(gateway):
    class SlowUpload(io.BytesIO):
        def readinto(self, buffer):
            write_pin(gateway.repository, make_contract(version=4))
            return super().readinto(buffer)

    answer = gateway.screen(None, input_stream=SlowUpload(b"photo"), content_length=5)
    assert answer.json["model"]["version"] == 4
