"""What holds for every answer, whatever was asked."""

import pytest

from gateway.access.routes import TEMPLATES
from gateway.errors import PredictorUnavailable
from tests.support.gateway import FakeGateway, make_contract, write_pin

REQUESTS = [
    ("GET", "/"), ("POST", "/"), ("GET", "/nowhere"), ("GET", "/v1/screenings"), ("DELETE", "/v1/models"), ("GET", "/healthz"),
    ("GET", "/readyz"), ("GET", "/readyz/model"), ("GET", "/v1/models"), ("GET", "/static/page.css"), ("GET", "/static/none"),
    ("GET", "/static/../app.py"), ("BREW", "/"), ("OPTIONS", "/v1/screenings"), ("HEAD", "/"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), REQUESTS)
@pytest.mark.parametrize("accept", ["application/json", "text/html,*/*;q=0.8"])
def test_security_headers_and_an_id_are_on_every_answer(gateway, method, path, accept):
    response = gateway.client.open(path, method=method, headers={"Accept": accept}, buffered=True)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Request-Id"]
    kept = path.startswith("/static/") and response.status_code == 200
    assert response.headers["Cache-Control"] == ("no-cache" if kept else "no-store")
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_errors_have_one_shape(gateway, method, path):
    response = gateway.client.open(path, method=method, headers={"Accept": "application/json"}, buffered=True)
    if response.status_code >= 400:
        assert response.content_type == "application/problem+json"
        assert set(response.json) == {"type", "title", "status", "detail", "instance", "code", "advice"}
        assert response.json["status"] == response.status_code


def test_a_wrong_method_names_the_right_ones(gateway):
    response = gateway.client.get("/v1/screenings")
    assert (response.status_code, response.json["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"] == "OPTIONS, POST"


def test_no_answer_holds_a_stack_trace_or_the_error_itself(gateway):
    gateway.predictor.error = RuntimeError("zq-inside")
    for accept in ("application/json", "text/html"):
        for path in ("/v1/screenings", "/"):
            response = gateway.client.post(
                path, data=b"x", content_type="image/png", headers={"Accept": accept}, buffered=True
            )
            assert response.status_code == 500
            assert "zq-inside" not in response.text
            assert "Traceback" not in response.text


def test_healthz_is_about_the_process_alone(gateway):
    (gateway.repository.directory / "pin.json").unlink()
    gateway.predictor.error = PredictorUnavailable()
    assert gateway.client.get("/healthz").json == {"status": "alive"}


def test_readyz_stays_200_when_the_model_is_away_and_readyz_model_does_not(gateway, monkeypatch):
    monkeypatch.setattr("gateway.health.SHARED_SECONDS", 0.0)
    assert gateway.client.get("/readyz/model").status_code == 200
    gateway.predictor.error = PredictorUnavailable()
    assert gateway.client.get("/readyz").status_code == 200
    response = gateway.client.get("/readyz/model")
    assert (response.status_code, response.json["code"]) == (503, "model_unavailable")
    (gateway.repository.directory / "pin.json").unlink()
    assert gateway.client.get("/readyz").json == {"status": "ready", "model": "model_not_pinned", "paused": None}
    assert gateway.client.get("/readyz/model").json["code"] == "model_not_pinned"
    write_pin(gateway.repository, make_contract())
    gateway.predictor.error = None
    assert gateway.client.get("/readyz/model").json["model"]["version"] == 3


def test_the_metrics_know_every_route_and_nothing_else(gateway):
    assert {rule.rule for rule in gateway.app.url_map.iter_rules()} <= set(TEMPLATES)


def test_requests_are_counted_by_route_and_status(gateway):
    gateway.client.get("/healthz")
    gateway.client.get("/nowhere")
    gateway.screen()
    assert gateway.metric("symmetra_http_requests_total", route="/healthz", status="200") == 1
    assert gateway.metric("symmetra_http_requests_total", route="other", status="404") == 1
    assert gateway.metric("symmetra_http_requests_total", route="/v1/screenings", status="200") == 1


def test_junk_from_clients_adds_no_series(gateway):
    gateway.screen()
    gateway.client.get("/nowhere")
    before = {line.rsplit(" ", 1)[0] for line in gateway.exposition().splitlines()}
    for number in range(200):
        gateway.client.open(f"/junk/{number}?q={number}", method=f"M{number}", headers={"X-Traffic": f"t{number}"})
        gateway.screen(b"x", f"image/junk{number}", headers={"Traffic": f"t{number}", "User-Agent": f"a{number}"})
        gateway.metrics.count_request(f"/route{number}", 600 + number)
        gateway.metrics.count_screening(f"outcome{number}", "patient")
        gateway.metrics.count_request("/", 200 + number)
    after = {line.rsplit(" ", 1)[0] for line in gateway.exposition().splitlines()}
    assert after == before


def test_gauges_return_to_zero(gateway):
    gateway.screen()
    for name in ("symmetra_in_flight", "symmetra_queue_length", "symmetra_upload_memory_bytes"):
        assert gateway.metric(name) == 0


def test_the_model_in_service_is_in_the_metrics(tmp_path):
    gateway = FakeGateway(tmp_path)
    gateway.client.get("/readyz")
    write_pin(gateway.repository, make_contract(version=4))
    gateway.client.get("/readyz")
    lines = [line for line in gateway.exposition().splitlines() if line.startswith("symmetra_model_info{")]
    assert len(lines) == 1
    assert 'model_version="4"' in lines[0]


def test_a_model_that_may_not_be_asked_any_more_leaves_the_metrics(tmp_path):
    gateway = FakeGateway(tmp_path)
    gateway.client.get("/readyz")
    assert "symmetra_model_info{" in gateway.exposition()
    (gateway.repository.directory / "pin.json").write_text("{}")
    gateway.client.get("/readyz")
    assert "symmetra_model_info{" not in gateway.exposition()


@pytest.mark.parametrize("path", ["/", "/v1/models", "/healthz", "/readyz", "/openapi.json", "/reference", "/nowhere"])
def test_head_is_get_without_a_body(gateway, path):
    got, headed = gateway.client.get(path), gateway.client.head(path)
    assert (headed.status_code, headed.content_type) == (got.status_code, got.content_type)
    assert headed.data == b""
