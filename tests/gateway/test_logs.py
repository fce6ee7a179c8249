import io
import json
import logging

import pytest

from gateway.logs import FIELDS, JsonLines, log_event
from tests.support.gateway import multipart

MARKERS = ("zqname", "zqexif", "zqtoken", "zqquery", "zqagent", "zqfield", "zqcookie", "zqpart", "zqmethod")


@pytest.fixture
def log():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    ours = logging.getLogger("symmetra")
    before = root.handlers, root.level, ours.level
    root.handlers, root.level = [handler], logging.DEBUG
    ours.setLevel(logging.DEBUG)
    yield stream
    root.handlers, root.level = before[:2]
    ours.setLevel(before[2])


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_allowed_fields_only(log):
    log_event("photo seen", {"status": 200, "filename": "zqname", "band": "high", "severity_ppm": 1})
    (line,) = lines(log)
    assert line["event"] == "photo seen"
    assert line["status"] == 200
    assert set(line) == {"time", "level", "logger", "event", "status"}


def test_other_libraries_messages_and_arguments_are_not_repeated(log):
    logging.getLogger("somelib").warning("saw %s", "zqtoken")
    logging.getLogger("somelib").warning("saw zqtoken")
    logging.getLogger("gunicorn.error").warning("bad request line %s", "zqtoken")
    assert "zqtoken" not in log.getvalue()
    assert [line["event"] for line in lines(log)] == ["library message", "library message", "bad request line %s"]


def test_an_error_is_its_class_and_places_and_not_its_words(log):
    try:
        try:
            raise KeyError("zqname")
        except KeyError as cause:
            raise ValueError("zqtoken") from cause
    except ValueError as error:
        log_event("problem", {}, error=error)
    (line,) = lines(log)
    assert line["error"] == ["ValueError", "KeyError"]
    assert "test_logs.py" in line["where"][0]
    assert "zq" not in log.getvalue()


def test_a_request_is_logged_by_route_with_its_id(log, gateway):
    response = gateway.screen()
    (line,) = [line for line in lines(log) if line["event"] == "request"]
    assert line["request_id"] == response.headers["X-Request-Id"]
    assert (line["route"], line["status"], line["code"]) == ("/v1/screenings", 200, None)
    assert line["duration_seconds"] > 0


def test_successful_probes_are_not_logged_as_news(log, gateway):
    gateway.client.get("/healthz")
    assert [line["level"] for line in lines(log) if line["event"] == "request"] == ["debug"]


@pytest.mark.parametrize("failure", [None, RuntimeError("zqexif")])
@pytest.mark.parametrize("path", ["/v1/screenings", "/", "/zqquery/zqname"])
def test_planted_markers_show_up_nowhere(log, gateway, failure, path):
    photo = b"\xff\xd8\xff\xe1zqexif" + bytes(1000)
    gateway.predictor.error = failure
    headers = {
        "Authorization": "Bearer zqtoken",
        "User-Agent": "zqagent",
        "Cookie": "a=zqcookie",
        "Accept": "text/html",
    }
    form, content_type = multipart(("zqpart", None, b"zqfield"), ("photo", "zqname.jpg", photo))
    answers = [
        gateway.client.post(f"{path}?patient=zqquery", data=form, content_type=content_type, headers=headers),
        gateway.client.post(path, data=photo, content_type="image/zqpart", headers=headers),
        gateway.client.post(path, data=b"zqfield", content_type="text/zqpart", headers=headers),
        gateway.client.open(path, method="ZQMETHOD", headers=headers),
    ]
    everything = log.getvalue() + gateway.exposition() + "".join(a.text + str(a.headers) for a in answers)
    assert len(lines(log)) >= 4
    assert not [marker for marker in MARKERS if marker in everything.lower()]


def test_no_field_that_may_be_logged_is_about_a_person():
    personal = {
        "band",
        "severity_ppm",
        "severity_percent",
        "p_no_depression",
        "filename",
        "subject",
        "quality",
        "address",
    }
    assert not personal & set(FIELDS)
