"""Section 6 of the contract and its appendix: what Prometheus may scrape, where, and in which layout."""

import re
import shutil

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.server_calls import predict_request, sample, start
from tests.support.server_under_test import status_of

pytestmark = pytest.mark.tensorflow
PATH = "/monitoring/prometheus/metrics"
TYPES = {
    "batching_session:input_batch_size": "histogram",
    "batching_session:padding_size": "histogram",
    "batching_session:processed_batch_size": "histogram",
    "batching_session:queuing_latency": "histogram",
    "batching_session:wrapped_run_count": "counter",
    "mlmd_map": "gauge",
    "model_warmup_latency": "histogram",
    "model_warmup_records_read": "counter",
    "request_count": "counter",
    "request_example_count_total": "counter",
    "request_example_counts": "histogram",
    "request_latency": "histogram",
    "request_log_count": "counter",
    "runtime_latency": "histogram",
}


@pytest.fixture(scope="module")
def server(serve, batching_toys, tmp_path_factory):
    """`toys`, batched, whose version names an identity of its metadata."""
    root = tmp_path_factory.mktemp("metrics")
    shutil.copytree(batching_toys, root / "toys" / "1")
    (root / "toys" / "1" / "assets.extra").mkdir()
    (root / "toys" / "1" / "assets.extra" / "mlmd_uuid").write_text("an-identity")
    (root / "monitoring.config").write_text("prometheus_config { enable: true }")
    monitoring = f"--monitoring_config_file={root / 'monitoring.config'}"
    with serve("--model_name=toys", f"--model_base_path={root / 'toys'}", "--enable_batching", monitoring) as running:
        running.root = root
        running.predictions.Predict(predict_request("toys", x=np.float32([1, 2])))
        yield running


def value(server, name):
    return sample(server, f":tensorflow:serving:{name}", PATH)


@pytest.mark.parametrize("verb", ["GET", "POST", "PUT", "DELETE"])
def test_the_page_is_plain_text_for_any_verb(server, verb):
    status, content_type, page = server.rest(verb, PATH)
    assert (status, content_type) == (200, "text/plain")
    assert "# TYPE :tensorflow:serving:request_count counter\n" in page
    assert "# HELP" not in page


@pytest.mark.parametrize("path", ["/metrics", PATH + "/", "/monitoring"])
def test_it_stands_at_its_path_only(server, path):
    assert server.rest("GET", path)[0] == 404


def test_every_metric_of_the_server_has_its_type_whether_it_has_values_or_not(server):
    page = server.rest("GET", PATH)[2]
    types = dict(re.findall(r"^# TYPE :tensorflow:serving:(\S+) (\w+)$", page, re.MULTILINE))
    assert types == TYPES
    assert not [line for line in page.splitlines() if line.startswith(":tensorflow:serving:request_log_count")]


def test_prometheus_can_read_it(server):
    families = {family.name: family for family in text_string_to_metric_families(server.rest("GET", PATH)[2])}
    labels = {"model_name": "toys", "API": "Predict", "entrypoint": "GRPC"}
    latency = families[":tensorflow:serving:request_latency"].samples
    buckets = [found for found in latency if found.name.endswith("_bucket") and labels.items() <= found.labels.items()]
    assert [found.labels["le"] for found in buckets[:3]] == ["10", "18", "32.4"]
    assert buckets[-1].labels["le"] == "+Inf"
    assert len(buckets) == 34
    counts = [found.value for found in buckets]
    assert counts == sorted(counts)


@pytest.mark.parametrize(
    ("request_message", "labels"),
    [
        (predict_request("toys", x=np.float32([1])), 'model_name="toys",status="OK"'),
        (predict_request("toys", "sing", x=np.float32([1])), 'model_name="toys",status="FAILED_PRECONDITION"'),
        (predict_request("toys", y=np.float32([1])), 'model_name="toys",status="INVALID_ARGUMENT"'),
        (predict_request("toys", version=7, x=np.float32([1])), 'model_name="toys",status="NOT_FOUND"'),
        (predict_request("made-up", x=np.float32([1])), 'model_name="made-up",status="NOT_FOUND"'),
        (predict_request("", x=np.float32([1])), 'model_name="",status="INVALID_ARGUMENT"'),
    ],
)
def test_requests_are_counted_by_model_and_outcome(server, request_message, labels):
    name = f"request_count{{{labels}}}"
    before = value(server, name)
    # Asked for its code, a call does not raise: what it is told is another test's business.
    assert start(server, request_message).code().name in labels
    assert value(server, name) == before + 1


def test_only_success_counts_in_latencies(server):
    names = (
        'request_latency_count{model_name="toys",API="Predict",entrypoint="GRPC"}',
        'runtime_latency_count{model_name="toys",API="Predict",runtime="TF1"}',
    )
    before = [value(server, name) for name in names]
    assert status_of(lambda: server.predictions.Predict(predict_request("toys", "sing")))
    assert [value(server, name) for name in names] == before
    server.predictions.Predict(predict_request("toys", x=np.float32([1])))
    assert [value(server, name) for name in names] == [count + 1 for count in before]


def test_batching_is_counted_without_labels_or_with_an_empty_one(server):
    page = server.rest("GET", PATH)[2]
    prefix = ":tensorflow:serving:batching_session:"
    assert value(server, "batching_session:wrapped_run_count{}") >= 1
    assert re.search(rf'^{prefix}queuing_latency_bucket\{{thread_pool_name="",le="100"\}} \d+$', page, re.MULTILINE)
    assert re.search(rf'^{prefix}input_batch_size_bucket\{{le="8192"\}} \d+$', page, re.MULTILINE)
    assert re.search(rf'^{prefix}processed_batch_size_bucket\{{le="\+Inf"\}} \d+$', page, re.MULTILINE)
    assert re.search(rf'^{prefix}padding_size_count\{{execution_batch_size="\d+"\}} \d+$', page, re.MULTILINE)


def test_the_text_of_a_gauge_is_zero(server):
    assert 'mlmd_map{model_name="toys",version="1"} 0\n' in server.rest("GET", PATH)[2]


def test_loads_are_counted_by_path(server):
    labels = f'model_path="{server.root / "toys" / "1"}"'
    assert sample(server, f':tensorflow:cc:saved_model:load_attempt_count{{{labels},status="success"}}', PATH) == 1
    assert sample(server, f":tensorflow:cc:saved_model:load_latency{{{labels}}}", PATH) > 0


@pytest.mark.parametrize(("model", "status", "name"), [("toys", 200, "OK"), ("made-up-too", 404, "NOT_FOUND")])
def test_rest_calls_are_counted_too(server, model, status, name):
    counter = f'request_count{{model_name="{model}",status="{name}"}}'
    before = value(server, counter)
    assert server.rest("GET", f"/v1/models/{model}")[0] == status
    assert value(server, counter) == before + 1
