"""Spans for a collector: one per request and stage, nothing of anybody in them, and nothing at all where none is set."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gateway.spans.exporter import SpanExporter
from gateway.spans.otlp import encode_requests
from gateway.tracing import ObservedRequest, Stage, Trace, note_stage, noted_stages
from serving.contract.errors import NoFace
from tests.support.gateway import FakeGateway, multipart
from tests.support.gateway_process import wait_until

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SECONDS = 1_000_000_000


class Kept:
    """Takes what a collector would be told."""

    def __init__(self):
        self.requests = []

    def take(self, request):
        self.requests.append(request)

    def spans(self):
        body = encode_requests(self.requests, service="s", version="1")
        return body["resourceSpans"][0]["scopeSpans"][0]["spans"]


class Collector(ThreadingHTTPServer):
    """Keeps the bodies of exports."""

    daemon_threads = True

    def __init__(self, status=200):
        self.bodies, self.paths = [], []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.paths.append((self.path, self.headers["Content-Type"]))
                collector.bodies.append(json.loads(body))
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                """Say nothing."""

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self._thread.join()
        self.server_close()


@pytest.fixture
def kept():
    return Kept()


@pytest.fixture
def gateway(tmp_path, kept):
    return FakeGateway(tmp_path, spans=kept)


def observed(number=0, stages=()):
    trace = Trace(f"{number + 1:032x}", f"{number + 1:016x}", 1)
    return ObservedRequest(trace, "POST", "/v1/screenings", 200, None, "patient", 5 * SECONDS, 6 * SECONDS, stages)


def test_a_screening_is_one_span_with_one_for_each_stage_inside_it(gateway, kept):
    gateway.screen(headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    whole, *stages = kept.spans()
    assert (whole["traceId"], whole["parentSpanId"], whole["name"], whole["kind"]) == (
        TRACE, PARENT, "POST /v1/screenings", 2,
    )  # fmt: skip
    assert [stage["name"] for stage in stages] == ["upload", "queue", "decode", "face", "predict"]
    assert {stage["parentSpanId"] for stage in stages} == {whole["spanId"]}
    assert {stage["traceId"] for stage in stages} == {TRACE}
    assert len({span["spanId"] for span in kept.spans()}) == len(stages) + 1
    for span in stages:
        begin, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
        assert int(whole["startTimeUnixNano"]) <= begin <= end <= int(whole["endTimeUnixNano"])


def test_stages_that_are_told_of_together_follow_each_other():
    stages = (Stage("decode", 10 * SECONDS, 1.0), Stage("face", 12 * SECONDS, 2.0))
    request = ObservedRequest(Trace("1" * 32, "2" * 16, 1), "POST", "/", 200, None, "patient", 8 * SECONDS, 13 * SECONDS, stages)  # fmt: skip
    body = encode_requests([request], service="s", version="1")
    _, decode, face = body["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert (decode["startTimeUnixNano"], decode["endTimeUnixNano"]) == (str(9 * SECONDS), str(10 * SECONDS))
    assert (face["startTimeUnixNano"], face["endTimeUnixNano"]) == (str(10 * SECONDS), str(12 * SECONDS))


def test_a_trace_that_begins_here_is_recorded_and_one_that_its_caller_does_not_record_is_not(gateway, kept):
    gateway.screen()
    assert kept.requests[0].trace.flags == 1
    assert kept.requests[0].trace.parent_id == ""
    gateway.screen(headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
    assert len(kept.requests) == 1


def test_probes_are_not_recorded(gateway, kept):
    gateway.client.get("/healthz")
    assert kept.requests == []


def test_a_refusal_has_its_code_and_a_failure_is_one(gateway, kept):
    gateway.crops.error = NoFace()
    gateway.screen()
    gateway.crops.error = RuntimeError("zq-secret")
    gateway.screen()
    refused, failed = (span for span in kept.spans() if span["kind"] == 2)
    assert {"key": "error.type", "value": {"stringValue": "no_face"}} in refused["attributes"]
    assert (refused["status"], failed["status"]) == ({}, {"code": 2})
    assert "zq-secret" not in json.dumps(kept.spans())


def test_nothing_of_anybody_is_in_a_span(gateway, kept):
    body, content_type = multipart(
        ("subject", None, b"zq-subject"), ("photo", "zq-name.jpg", b"zq-photo"), ("zq-field", None, b"zq-value")
    )
    headers = {
        "X-Request-Id": "cd9870bb-95be-4a4b-8885-ce875a3b763c",
        "User-Agent": "zq-agent",
        "Idempotency-Key": "zq-key",
    }
    gateway.client.post("/v1/screenings?zq=zq", data=body, content_type=content_type, headers=headers)
    gateway.client.open("/zq-path/zq", method="ZQ")
    gateway.client.get("/v1/screenings/zq-id")
    said = json.dumps(kept.spans())
    assert len(kept.requests) == 3
    for marker in ("zq", "ZQ", "cd9870bb", "severity", "band", "127.0.0.1"):
        assert marker not in said


def test_where_no_collector_is_set_nothing_is_noted(tmp_path):
    gateway = FakeGateway(tmp_path)
    response = gateway.screen()
    assert response.headers["traceresponse"].endswith("-00")
    note_stage("decode", 1.0)
    assert noted_stages() is None


def test_spans_arrive_at_a_collector_in_batches(gateway):
    with Collector() as collector:
        exporter = SpanExporter(collector.url, "1.2", gateway.metrics, batch_seconds=0.01)
        for number in range(3):
            exporter.take(observed(number, (Stage("decode", 6 * SECONDS, 0.5),)))
        exporter.start()
        wait_until(lambda: gateway.metric("symmetra_spans_total", result="exported") == 6)
        exporter.close()
    assert collector.paths == [("/v1/traces", "application/json")]
    (sent,) = collector.bodies[0]["resourceSpans"]
    assert {"key": "service.name", "value": {"stringValue": "symmetra-gateway"}} in sent["resource"]["attributes"]
    assert len(sent["scopeSpans"][0]["spans"]) == 6


def test_a_collector_that_is_away_or_fails_costs_its_spans_and_nothing_else(gateway):
    with Collector(status=503) as failing:
        for url in ("http://127.0.0.1:9", failing.url):
            exporter = SpanExporter(url, "1", gateway.metrics, batch_seconds=0.01)
            exporter.start()
            exporter.take(observed())
            exporter.close()
    assert gateway.metric("symmetra_spans_total", result="failed") == 2


def test_what_finds_no_room_is_dropped_and_counted_and_nobody_waits(gateway):
    exporter = SpanExporter("http://127.0.0.1:9", "1", gateway.metrics, max_waiting=2)
    for number in range(5):
        exporter.take(observed(number))
    assert gateway.metric("symmetra_spans_total", result="dropped") == 3
