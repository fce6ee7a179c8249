"""Sections 4 and 6 of the contract, REST beside Predict: paths, verbs, versions, HTTP, CORS, status, metadata, counts."""

import gzip
import http.client
import json

import pytest

from tests.support.rest_calls import TIMEOUT_SECONDS, call, send_raw

pytestmark = pytest.mark.tensorflow
CONFIG = """
model_config_list {{
  config {{
    name: "toys" base_path: "{root}/toys" model_platform: "tensorflow"
    model_version_policy {{ specific {{ versions: 1 versions: 2 }} }}
    version_labels {{ key: "stable" value: 1 }}
  }}
}}
"""
BODY = '{"instances": [2]}'


@pytest.fixture(scope="module")
def port(serve, toy_models, tmp_path_factory):
    """REST port of a server with versions 1 (labelled `stable`) and 2 of `toys`, and Prometheus' page."""
    folder = tmp_path_factory.mktemp("rest-protocol")
    (folder / "models.config").write_text(CONFIG.format(root=toy_models))
    (folder / "monitoring.config").write_text("prometheus_config { enable: true }")
    with serve(
        f"--model_config_file={folder / 'models.config'}",
        "--allow_version_labels_for_unavailable_models=true",
        f"--monitoring_config_file={folder / 'monitoring.config'}",
    ) as server:
        yield server.rest_port


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/v1/models/toys:predict", 21.0),
        ("/v1/models/toys/versions/1:predict", 3.0),
        ("/v1/models/toys/versions/01:predict", 3.0),
        ("/v1/models/toys/labels/stable:predict", 3.0),
        ("/V1/MODELS/toys/Versions/2:predict", 21.0),
        ("/v1/models/t%6fys/labels/s%74able:predict", 3.0),
        ("/v1/models/toys:predict?key=value", 21.0),
    ],
)
def test_paths_lead_to_a_version(port, path, value):
    answer = call(port, "POST", path, BODY)
    assert (answer.status, json.loads(answer.body)) == (200, {"predictions": [value]})


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("POST", "/v1/models/nobody:predict", 404, "Servable not found for request: Latest(nobody)"),
        ("POST", "/v1/models/toys/versions/9:predict", 404, "Servable not found for request: Specific(toys, 9)"),
        ("POST", "/v1/models/toys/labels/no:predict", 400, "Unrecognized servable version label: no"),
        (
            "POST",
            "/v1/models/toys/versions/9223372036854775808:predict",
            400,
            "Failed to convert version: 9223372036854775808 to numeric.",
        ),
        (
            "GET",
            f"/v1/models/toys/versions/{'9' * 5000}",
            400,
            f"Failed to convert version: {'9' * 5000} to numeric.",
        ),
        ("POST", "/v1/models/toys:PREDICT", 400, "Malformed request: POST /v1/models/toys:PREDICT"),
        ("POST", "/v1/models/toys:explain", 400, "Malformed request: POST /v1/models/toys:explain"),
        ("POST", "/v1/models/toys", 400, "Malformed request: POST /v1/models/toys"),
        ("GET", "/v1/models/toys:predict", 400, "Malformed request: GET /v1/models/toys:predict"),
        ("GET", "/v1/models/toys/versions/x", 400, "Malformed request: GET /v1/models/toys/versions/x"),
        ("GET", "/v1/", 400, "Malformed request: GET /v1/"),
        ("PUT", "/v1/models/toys", 400, "Malformed request: PUT /v1/models/toys"),
        ("PATCH", "/v1/models/toys", 400, "Malformed request: PATCH /v1/models/toys"),
        ("DELETE", "/v1/models/toys", 400, "Malformed request: DELETE /v1/models/toys"),
        ("GET", "/v1/models", 400, "Missing model name in request."),
        ("GET", "/v1/models/nobody", 404, "Could not find any versions of model nobody"),
        ("GET", "/v1/models/toys/versions/7", 404, "Could not find version 7 of model toys"),
        ("GET", "/v1/models/nobody/metadata", 404, "Servable not found for request: Latest(nobody)"),
        ("GET", "/v1/models/toys/labels/x/metadata", 400, "Unrecognized servable version label: x"),
    ],
)
def test_what_a_path_cannot_mean_says_why(port, method, path, status, words):
    answer = call(port, method, path, BODY if method == "POST" else None)
    assert (answer.status, answer.error) == (status, words)
    assert answer.body == f'{{\n    "error": {json.dumps(words)}\n}}'.encode()


def test_a_body_is_read_before_its_model_is_looked_for(port):
    answer = call(port, "POST", "/v1/models/nobody:predict", "")
    assert (answer.status, answer.error) == (400, "JSON Parse error: The document is empty")


def test_head_is_refused_without_a_body(port):
    answer = call(port, "HEAD", "/v1/models/toys")
    assert (answer.status, answer.body) == (400, b"")


@pytest.mark.parametrize("path", ["/", "/v2/models/toys", "/favicon.ico", "/v1"])
def test_outside_the_api_is_a_page_that_says_404(port, path):
    answer = call(port, "GET", path)
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html")
    assert b"<TITLE>404 Not Found</TITLE>" in answer.body


def test_options_asks_for_an_origin(port):
    answer = call(port, "OPTIONS", "/v1/models/toys:predict", Origin="https://example.org")
    assert (answer.status, answer.body) == (200, b"")
    for headers in ({}, {"Origin": "example.org"}):
        answer = call(port, "OPTIONS", "/v1/models/toys:predict", **headers)
        assert (answer.status, answer.body) == (400, b"")
        assert answer.headers["content-type"].startswith("text/html")
    assert "access-control-allow-origin" not in answer.headers


def test_the_content_type_of_a_request_does_not_matter(port):
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "nonsense"):
        assert call(port, "POST", "/v1/models/toys:predict", BODY, Content_Type=content_type).status == 200


def test_bodies_may_be_compressed_and_answers_never_are(port):
    zipped = gzip.compress(BODY.encode())
    answer = call(
        port, "POST", "/v1/models/toys:predict", zipped, Content_Encoding="gzip", Accept_Encoding="gzip, deflate"
    )
    assert (answer.status, json.loads(answer.body)) == (200, {"predictions": [21.0]})
    assert "content-encoding" not in answer.headers


def test_bodies_may_come_in_chunks(port):
    head = (
        b"POST /v1/models/toys:predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    answer = send_raw(port, head + b'5\r\n{"ins\r\nd\r\ntances": [2]}\r\n0\r\n\r\n')
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b'"predictions": [21.0\n' in answer


def test_a_connection_is_kept_for_further_requests(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.connect()
        opened = connection.sock
        for body, status in ((BODY, 200), ("x", 400), (BODY, 200)):
            connection.request("POST", "/v1/models/toys:predict", body)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status
        assert connection.sock is opened
    finally:
        connection.close()


def test_status_lists_versions_in_protobufs_layout(port):
    answer = call(port, "GET", "/v1/models/toys/versions/1")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert json.loads(answer.body) == {
        "model_version_status": [
            {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        ]
    }
    assert answer.body.startswith(b'{\n "model_version_status": [\n  {\n   "version": "1",\n   "state": "AVAILABLE",\n')
    versions = [
        entry["version"] for entry in json.loads(call(port, "GET", "/v1/models/toys").body)["model_version_status"]
    ]
    assert versions == ["2", "1"]
    assert call(port, "GET", "/v1/models/toys/labels/anything").body == call(port, "GET", "/v1/models/toys").body


def test_metadata_holds_signature_def_twice(port):
    answer = call(port, "GET", "/v1/models/toys/labels/stable/metadata")
    metadata = json.loads(answer.body)
    assert metadata["model_spec"] == {"name": "toys", "signature_name": "", "version": "1"}
    x = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]["inputs"]["x"]
    assert (x["dtype"], x["tensor_shape"]) == ("DT_FLOAT", {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False})
    assert answer.body.startswith(b'{\n"model_spec":{\n "name": "toys",\n')
    assert call(port, "GET", "/v1/models/toys/labels/no/metadata").status == 400


def test_calls_are_counted_by_model_status_and_api(port):
    def samples():
        page = call(port, "GET", "/monitoring/prometheus/metrics")
        assert (page.status, page.headers["content-type"]) == (200, "text/plain")
        lines = [line.rpartition(" ") for line in page.body.decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in lines}

    count = ':tensorflow:serving:request_count{{model_name="toys",status="{}"}}'
    latency = ':tensorflow:serving:request_latency_count{{model_name="toys",API="{}",entrypoint="REST"}}'
    names = [count.format("OK"), count.format("INVALID_ARGUMENT"), latency.format("predict"), latency.format("")]
    before = samples()
    call(port, "POST", "/v1/models/toys:predict", BODY)
    call(port, "POST", "/v1/models/toys:predict", "x")
    call(port, "GET", "/v1/models/toys")
    after = samples()
    assert [after[name] - before.get(name, 0) for name in names] == [2, 1, 1, 1]


def test_any_site_may_ask_where_the_flag_says_so(serve, toy_models):
    flags = ("--model_name=toys", f"--model_base_path={toy_models / 'toys'}", "--rest_api_enable_cors_support=true")
    with serve(*flags, "--rest_api_num_threads=2", "--rest_api_timeout_in_ms=20000") as server:
        for method, path, status in (
            ("POST", "/v1/models/toys:predict", 200),
            ("GET", "/v1/models/nobody", 404),
            ("OPTIONS", "/v1/models/toys:predict", 200),
        ):
            answer = call(
                server.rest_port, method, path, BODY if method == "POST" else None, Origin="http://example.org"
            )
            assert answer.status == status
            assert answer.headers["access-control-allow-origin"] == "*"
            assert answer.headers["access-control-allow-methods"] == "POST, GET"
            assert answer.headers["access-control-allow-headers"] == "Content-Type"
