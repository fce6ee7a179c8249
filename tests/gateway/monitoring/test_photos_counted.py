"""What the whole application counts of a photo, from the request to the page of the metrics."""

import math
import re

import pytest

from gateway.pin import PinReader
from gateway.references import RETRY_SECONDS, References
from monitoring.image_metrics import IMAGE_BINS, STATISTICS
from monitoring.profile import ProfileState
from monitoring.severity_bins import SEVERITY_BINS
from tests.support.gateway import VERSION, FakeGateway
from tests.support.profiles import publish, publish_with_profile

HALF = "0.5"
"""Severity of the fake model's answer, and of every measure of the fake crop."""


@pytest.fixture
def gateway(tmp_path):
    found = FakeGateway(tmp_path)
    publish_with_profile(found.repository)
    return found


def total(gateway, name, **labels):
    wanted = {"model_version": str(VERSION), **labels}
    samples = [sample for metric in gateway.registry.collect() for sample in metric.samples if sample.name == name]
    return sum(sample.value for sample in samples if wanted.items() <= sample.labels.items())


def state(gateway):
    return [each for each in ProfileState if total(gateway, "symmetra_reference_state", state=each.value)]


def screen(gateway, subject=None, **options):
    headers = {} if subject is None else {"X-Subject": subject}
    return gateway.screen(headers=headers, **options)


def test_an_answered_photo_counts_by_every_measure_and_by_its_person(gateway):
    for subject in ("ada", "ada", "bob", None):
        assert screen(gateway, subject).status_code == 200
    for statistic in STATISTICS:
        assert total(gateway, "symmetra_image_quality_total", statistic=statistic, traffic="patient") == 4
        assert total(gateway, "symmetra_subject_image_quality_total", statistic=statistic) == 3
    assert total(gateway, "symmetra_severity_total", bin=HALF, traffic="patient") == 4
    assert total(gateway, "symmetra_subject_severity_total", bin=HALF) == 3
    assert total(gateway, "symmetra_photos_without_subject_total") == 1
    assert total(gateway, "symmetra_subject_photos_left_out_total", reason="repeat") == 1
    # Half in every measure: below all edges of luminance and contrast, above all of sharpness but two and of the face but none.
    assert total(gateway, "symmetra_image_quality_total", statistic="luminance", bin="1") == 4
    assert total(gateway, "symmetra_image_quality_total", statistic="face_size", bin="10") == 4


def test_neither_a_subject_nor_its_digest_is_in_the_metrics(gateway):
    screen(gateway, "zq-subject-17")
    text = gateway.exposition()
    assert "zq-subject" not in text
    assert not re.search(r"(?<![0-9a-f.])[0-9a-f]{20}", text.replace(total_digest(text), ""))


def total_digest(text):
    """The version's own digest, which the metrics name."""
    return re.search(r'digest="([0-9a-f]+)"', text)[1]


def test_a_repeated_request_counts_once(gateway):
    for _ in range(2):
        gateway.client.post(
            "/v1/screenings", data=b"x", content_type="image/jpeg", headers={"Idempotency-Key": "k", "X-Subject": "ada"}
        )
    assert total(gateway, "symmetra_image_quality_total", statistic="contrast") == 1
    assert total(gateway, "symmetra_subject_photos_left_out_total", reason="repeat") == 0


@pytest.mark.parametrize("p", [math.nan, math.inf, -0.01, 1.01])
def test_an_answer_that_is_no_probability_moves_no_distribution(gateway, p):
    """drift.md, 5d (ix): no effect on what the detector sees, and every one of them is counted."""
    gateway.predictor.p_no_depression = p
    for _ in range(7):
        assert screen(gateway, "ada").status_code in (500, 502)
    assert total(gateway, "symmetra_model_answers_invalid_total") == 7
    for name in ("severity", "bands", "image_quality", "subject_severity", "subject_image_quality"):
        assert total(gateway, f"symmetra_{name}_total") == 0
    gateway.predictor.p_no_depression = 0.5
    assert screen(gateway, "ada").status_code == 200
    assert total(gateway, "symmetra_subject_severity_total") == 1, "the failures are not a person's first photo"


def test_a_version_without_a_profile_answers_and_says_that_nothing_can_be_compared(tmp_path):
    gateway = FakeGateway(tmp_path)
    publish(gateway.repository)
    assert screen(gateway).status_code == 200
    assert state(gateway) == [ProfileState.MISSING]
    assert total(gateway, "symmetra_severity_total") == total(gateway, "symmetra_subject_severity_total") == 1
    assert "symmetra_image_quality_total{" not in gateway.exposition()


def test_a_version_whose_files_are_elsewhere_answers(tmp_path):
    gateway = FakeGateway(tmp_path)
    assert screen(gateway).status_code == 200
    assert state(gateway) == [ProfileState.UNREADABLE]


def test_a_profile_that_does_not_fit_its_digest_is_refused_and_answers_go_on(gateway):
    path = gateway.repository.version_path(VERSION) / "assets.extra" / "profile.json"
    path.write_text(path.read_text().replace('"ece": 0.01', '"ece": 0.02'))
    assert screen(gateway).status_code == 200
    assert state(gateway) == [ProfileState.REFUSED]


def test_a_profile_whose_files_arrive_late_is_found_without_a_restart(gateway):
    seconds = [1000.0]
    references = References(gateway.repository, gateway.metrics, clock=lambda: seconds[0])
    model = PinReader(gateway.repository, allow_demo=True, on_change=lambda _: None).current()
    hidden = gateway.repository.directory / "hidden"
    gateway.repository.version_path(VERSION).rename(hidden)
    references.follow(model)
    assert state(gateway) == [ProfileState.UNREADABLE]
    hidden.rename(gateway.repository.directory / str(VERSION))
    references.follow(model)
    assert state(gateway) == [ProfileState.UNREADABLE], "a look costs reads, so it is not taken for every photo"
    seconds[0] += RETRY_SECONDS
    references.follow(model)
    assert state(gateway) == [ProfileState.LOADED]
    (hidden.parent / str(VERSION)).rename(hidden)
    seconds[0] += RETRY_SECONDS
    references.follow(model)
    assert state(gateway) == [ProfileState.LOADED], "a version never changes, so what was read once is known"


def test_a_new_version_starts_with_zero_and_its_own_bins(gateway):
    screen(gateway, "ada")
    publish_with_profile(gateway.repository, VERSION + 1)
    gateway.client.get("/v1/models")
    labels = {"model_version": str(VERSION + 1), "traffic": "patient"}
    for name in IMAGE_BINS:
        assert gateway.metric("symmetra_image_quality_total", statistic="luminance", bin=name, **labels) == 0
    for name in SEVERITY_BINS:
        assert gateway.metric("symmetra_subject_severity_total", model_version=str(VERSION + 1), bin=name) == 0
    assert total(gateway, "symmetra_subject_severity_total") == 1


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [("POST", "/v1/screenings", "screening"), ("POST", "/", "screening"), ("GET", "/", "page"), ("GET", "/v1/models", "api"),
     ("GET", "/healthz", "probe"), ("GET", "/nowhere", "other"), ("GET", "/openapi.json", "other")],
)  # fmt: skip
def test_every_request_is_timed_by_what_it_is_for(gateway, method, path, kind):
    gateway.client.open(path, method=method, data=b"x" if method == "POST" else None, content_type="image/jpeg")
    timed = {
        each: gateway.metric("symmetra_http_request_seconds_count", kind=each, traffic="patient")
        for each in ("screening", "page", "api", "probe", "other")
    }
    assert timed == {each: float(each == kind) for each in timed}
