"""What the paths answer; the model server's page is passed on, and is never waited for in vain."""

import http.client
import json
import math
import socket
import subprocess

import pytest

from serving.probe.device import Device, DeviceReport
from serving.probe.exposition import CONTENT_TYPE, write_exposition
from serving.probe.http_api import HttpApi, HttpServer
from serving.probe.observation import Outcome
from serving.probe.prober import Findings
from serving.probe.readiness import Readiness
from serving.probe.server_metrics import MetricsSource
from serving.wire.golden_check import GoldenResult

PAGE = '# TYPE :tensorflow:serving:request_count counter\n:tensorflow:serving:request_count{model_name="m",status="OK"} 3\n'
GOLDEN = GoldenResult(2, 1.5e-6, 1e-3, 0, polarity_reversed=False)
FOUND = Findings(
    Readiness(ready=True, reason="largest difference 1.5e-06", confirmed=(3, "d")),
    3,
    GOLDEN,
    0.25,
    1_700_000_000.5,
    dict.fromkeys(Outcome, 0) | {Outcome.RIGHT: 7},
    DeviceReport(Device.GPU, Device.CPU, "the server holds no GPU open"),
)


def samples(page):
    lines = [line for line in page.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_readiness_says_why():
    status, _, body = HttpApi(lambda: FOUND, lambda: "").answer("/readyz")
    assert status == 200
    assert json.loads(body) == {
        "ready": True,
        "busy": False,
        "reason": "largest difference 1.5e-06",
        "pinned_version": 3,
        "device": {"asked": "gpu", "used": "cpu"},
    }
    status, _, body = HttpApi(Findings, lambda: "").answer("/readyz")
    assert status == 503
    assert json.loads(body)["reason"] == "not asked yet"


def test_health_does_not_depend_on_the_model():
    assert HttpApi(Findings, lambda: "").answer("/healthz")[0] == 200


def test_every_other_path_is_not_found():
    api = HttpApi(Findings, lambda: "")
    assert {api.answer(path)[0] for path in ("/", "/readyz/", "/v1/models/m", "/metrics/../v1")} == {404}


def test_the_servers_own_page_is_passed_on_word_for_word_before_the_probes():
    status, content_type, body = HttpApi(lambda: FOUND, lambda: PAGE).answer("/metrics?name=x")
    assert (status, content_type) == (200, CONTENT_TYPE)
    assert body.startswith(PAGE)
    assert body == PAGE + write_exposition(FOUND, server_metrics_up=True)


def test_every_finding_is_on_the_page():
    found = samples(write_exposition(FOUND, server_metrics_up=True))
    assert found == {
        "symmetra_probe_ready": 1,
        "symmetra_probe_busy": 0,
        "symmetra_probe_pinned_version": 3,
        "symmetra_probe_golden_largest_difference": 1.5e-6,
        "symmetra_probe_golden_tolerance": 1e-3,
        "symmetra_probe_golden_bands_moved": 0,
        "symmetra_probe_golden_seconds": 0.25,
        "symmetra_probe_golden_crops": 2,
        "symmetra_probe_last_success_timestamp_seconds": 1_700_000_000.5,
        "symmetra_probe_gpu_missing": 1,
        "symmetra_probe_server_metrics_up": 1,
        **{f'symmetra_probe_looks_total{{outcome="{outcome}"}}': 7 * (outcome == "right") for outcome in Outcome},
        **{f'symmetra_probe_device{{asked="gpu",used="{used}"}}': used == "cpu" for used in Device},
    }


def test_before_the_first_look_every_series_is_there():
    found = samples(write_exposition(Findings(), server_metrics_up=False))
    assert found.keys() == {
        name.replace('asked="gpu"', 'asked="cpu"') for name in samples(write_exposition(FOUND, server_metrics_up=True))
    }
    assert math.isnan(found["symmetra_probe_golden_largest_difference"])
    assert found["symmetra_probe_last_success_timestamp_seconds"] == 0


@pytest.mark.needs_system("promtool")
def test_prometheus_own_linter_accepts_the_probes_part():
    page = write_exposition(FOUND, server_metrics_up=True)
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def serve():
    """Starts the HTTP server on a free port; closed at the end."""
    started = []

    def start(api):
        server = HttpServer(api, "127.0.0.1", 0)
        started.append(server)
        return server.port

    yield start
    for server in started:
        server.close()


def ask(port, method, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_head_answers_as_get_without_a_body_and_nothing_can_be_posted(serve):
    port = serve(HttpApi(lambda: FOUND, lambda: PAGE))
    status, headers, body = ask(port, "HEAD", "/metrics")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) == len(ask(port, "GET", "/metrics")[2])
    assert "Python" not in headers["Server"]
    assert ask(port, "POST", "/readyz")[0] == 501


def test_readiness_is_answered_while_the_servers_page_hangs(serve):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = MetricsSource("127.0.0.1", silent.getsockname()[1])
        port = serve(HttpApi(lambda: FOUND, lambda: source.fetch(30.0)))
        with socket.create_connection(("127.0.0.1", port)) as scraper:
            scraper.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            asked, _ = silent.accept()
            with asked:
                assert ask(port, "GET", "/readyz")[0] == 200


def test_a_server_without_a_page_leaves_the_probes_own(serve):
    def answer(port):
        return samples(ask(port, "GET", "/metrics")[2].decode())

    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = MetricsSource("127.0.0.1", silent.getsockname()[1])
        found = answer(serve(HttpApi(lambda: FOUND, lambda: source.fetch(0.05))))
    assert (found["symmetra_probe_server_metrics_up"], found["symmetra_probe_ready"]) == (0, 1)
    gone = MetricsSource("127.0.0.1", source.port)
    assert answer(serve(HttpApi(lambda: FOUND, lambda: gone.fetch(1.0))))["symmetra_probe_server_metrics_up"] == 0


def test_an_error_of_the_server_is_no_page_and_an_end_of_line_is_mended(serve):
    class Pages(HttpApi):
        def answer(self, path):
            return (200, CONTENT_TYPE, "a 1") if path == "/good" else super().answer(path)

    port = serve(Pages(lambda: FOUND, lambda: ""))
    assert MetricsSource("127.0.0.1", port, "/good").fetch(5.0) == "a 1\n"
    assert MetricsSource("127.0.0.1", port, "/missing").fetch(5.0) == ""


def test_clients_that_say_nothing_keep_nobody_else_waiting(serve):
    port = serve(HttpApi(lambda: FOUND, lambda: PAGE))
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    try:
        # One after the other they would take 5 s each, and this call gives up after 10.
        assert ask(port, "GET", "/readyz")[0] == 200
    finally:
        for connection in idle:
            connection.close()
