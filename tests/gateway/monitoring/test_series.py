"""No caller adds a series, and the page of one gateway stays within what a site was told."""

import logging
import random
import string
import subprocess
from urllib.parse import quote

import pytest
from prometheus_client import GCCollector, PlatformCollector, ProcessCollector, generate_latest

from monitoring.metrics import SERIES_BUDGET
from serving.contract import errors as contract_errors
from serving.contract.errors import PhotoError
from tests.support.gateway import VERSION, FakeGateway, multipart
from tests.support.profiles import publish_with_profile

JUNK_REQUESTS, HEADERS_EACH = 2_000, 4
"""With whatever else is junk in a request, its path, query, method, subject or file name, ten thousand junk inputs and more."""
HEADERS = (
    "X-Traffic", "X-Symmetra-Traffic", "Idempotency-Key", "traceparent", "tracestate", "X-Model-Version", "X-Notice-Version", "User-Agent",
    "X-Forwarded-For", "Accept-Language", "Authorization", "Cookie", "X-Model",
)  # fmt: skip
CHARACTERS = string.ascii_letters + string.digits + "._:-~%/ äß漢\u202e\x7f'\"{}\\"
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "BREW")


@pytest.fixture
def gateway(tmp_path):
    """With all that the page of a real process has."""
    found = FakeGateway(tmp_path)
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=found.registry)
    publish_with_profile(found.repository)
    assert found.client.get("/v1/models").status_code == 200
    return found


def series(gateway):
    lines = generate_latest(gateway.registry).decode().splitlines()
    # A real process has no `_created` series (`gateway.wsgi`); switching them off here would do so for every other test.
    return {line.rpartition(" ")[0] for line in lines if not line.startswith("#") and "_created" not in line}


class Junk:
    """Requests that nobody should send."""

    def __init__(self, gateway):
        self.gateway, self.random = gateway, random.Random("junk")
        self.photo_errors = [
            each
            for each in vars(contract_errors).values()
            if isinstance(each, type) and issubclass(each, PhotoError) and not each.__subclasses__()
        ]

    def word(self, characters=CHARACTERS, most=40):
        return "".join(self.random.choice(characters) for _ in range(self.random.randint(1, most)))

    def header(self):
        return self.word(string.ascii_letters + string.digits + "._:-~%/'\"{}\\ ").strip() or "x"

    def path(self):
        return {"path": "/" + quote(self.word(), safe=""), "method": self.random.choice(METHODS)}

    def known_path(self):
        path = self.random.choice(
            [
                "/",
                "/v1/screenings",
                "/v1/models",
                "/healthz",
                "/v1/screenings/" + quote(self.word(), safe=""),
                "/problems/v1/" + quote(self.word(), safe=""),
            ]
        )
        return {
            "path": path,
            "method": self.random.choice(METHODS),
            "query_string": {self.word(): self.word(), "model": self.word()},
        }

    def subject(self):
        headers = {
            "X-Subject": self.random.choice([self.header(), self.word(string.ascii_letters)]),
            "X-Request-Id": self.header(),
        }
        return {
            "path": "/v1/screenings",
            "method": "POST",
            "data": b"photo",
            "content_type": "image/jpeg",
            "headers": headers,
        }

    def bad_photo(self):
        self.gateway.crops.error = self.random.choice(self.photo_errors)()
        name = self.word(string.ascii_letters + string.digits + "äß漢 ") + ".jpg"
        body, content_type = multipart(("photo", name, b"x"), (self.word(string.ascii_letters), None, b"y"))
        return {
            "path": self.random.choice(["/", "/v1/screenings"]),
            "method": "POST",
            "data": body,
            "content_type": content_type,
        }

    def model(self):
        self.gateway.predictor.p_no_depression = self.random.choice([0.0, 0.3, 1.0, float("nan"), -1.0, 7.0])
        self.gateway.crops.error = None
        return {"path": "/v1/screenings", "method": "POST", "data": b"photo", "content_type": "image/png"}

    def send(self):
        kind = self.random.choice([self.path, self.known_path, self.subject, self.bad_photo, self.model])
        request = kind()
        headers = {name: self.header() for name in self.random.sample(HEADERS, HEADERS_EACH)}
        return self.gateway.client.open(**request | {"headers": headers | request.get("headers", {})}).status_code


@pytest.fixture
def silence():
    """Thousands of log lines say nothing here, and take longer than the requests."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("silence")
def test_ten_thousand_junk_inputs_add_no_series(gateway):
    before = series(gateway)
    junk = Junk(gateway)
    statuses = {junk.send() for _ in range(JUNK_REQUESTS)}
    assert series(gateway) == before
    assert {200, 400, 404, 405, 422, 500} <= statuses
    outcomes = [
        sample
        for metric in gateway.registry.collect()
        for sample in metric.samples
        if sample.name == "symmetra_http_requests_total"
    ]
    assert sum(sample.value for sample in outcomes) == JUNK_REQUESTS + 1


def test_a_page_stays_within_the_budget_with_a_pinned_and_a_former_version_and_a_shadow(gateway):
    gateway.metrics.model.start_version(str(VERSION + 7))
    publish_with_profile(gateway.repository, VERSION + 1)
    assert gateway.client.get("/v1/models").status_code == 200
    text = generate_latest(gateway.registry).decode()
    assert f'symmetra_image_quality_total{{bin="1",model_version="{VERSION}"' in text
    assert f'symmetra_image_quality_total{{bin="1",model_version="{VERSION + 1}"' in text
    found = len(series(gateway))
    assert 0.8 * SERIES_BUDGET <= found <= SERIES_BUDGET, found


@pytest.mark.needs_system("promtool")
def test_prometheus_own_linter_accepts_the_page(gateway):
    gateway.screen(headers={"X-Subject": "ada"})
    page = generate_latest(gateway.registry).decode()
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
