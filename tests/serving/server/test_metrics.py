"""Prometheus' text format, by TensorFlow Serving's names."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from serving.server.metrics import (
    MAX_STRANGE_NAME_CHARACTERS,
    MAX_STRANGE_NAMES,
    Counter,
    Histogram,
    ServerMetrics,
    StrangeNames,
    exponential_bounds,
)


def test_counters_count_per_label():
    counter = Counter(":a:count", ("model_name", "status"))
    counter.increment("m", "OK")
    counter.increment("m", "OK")
    counter.increment('quote"back\\slash\nline', "OK")
    assert counter.exposition() == [
        "# TYPE :a:count counter",
        ':a:count{model_name="m",status="OK"} 2',
        ':a:count{model_name="quote\\"back\\\\slash\\nline",status="OK"} 1',
    ]


def test_histograms_are_cumulative():
    histogram = Histogram(":a:latency", (), (1, 10))
    for value in (0.5, 1, 5, 100):
        histogram.observe(value)
    assert histogram.exposition() == [
        "# TYPE :a:latency histogram",
        ':a:latency_bucket{le="1"} 1',
        ':a:latency_bucket{le="10"} 3',
        ':a:latency_bucket{le="+Inf"} 4',
        ":a:latency_sum{} 106.5",
        ":a:latency_count{} 4",
    ]


def test_made_up_names_are_labels_until_there_are_too_many():
    names = StrangeNames()
    assert names.label("n" * (MAX_STRANGE_NAME_CHARACTERS + 1)) == ""
    first = [f"n{index}" for index in range(MAX_STRANGE_NAMES)]
    assert [names.label(name) for name in first] == first
    assert names.label("one more") == ""
    assert names.label("n0") == "n0"


def test_bounds_grow_as_theirs():
    assert exponential_bounds(10, 1.8, 4) == pytest.approx((10, 18, 32.4, 58.32))


def test_a_metric_without_values_still_says_its_type():
    page = ServerMetrics().exposition()
    assert "# TYPE :tensorflow:serving:request_count counter\n" in page
    assert "# TYPE :tensorflow:serving:batching_session:queuing_latency histogram\n" in page


def test_the_page_has_every_metric_of_their_server_sorted_and_without_help():
    lines = ServerMetrics().exposition().splitlines()
    serving = [line.removeprefix("# TYPE :tensorflow:serving:") for line in lines if "tensorflow:serving" in line]
    assert serving == [
        "batching_session:input_batch_size histogram",
        "batching_session:padding_size histogram",
        "batching_session:processed_batch_size histogram",
        "batching_session:queuing_latency histogram",
        "batching_session:wrapped_run_count counter",
        "mlmd_map gauge",
        "model_warmup_latency histogram",
        "model_warmup_records_read counter",
        "request_count counter",
        "request_example_count_total counter",
        "request_example_counts histogram",
        "request_latency histogram",
        "request_log_count counter",
        "runtime_latency histogram",
    ]
    assert lines == sorted(lines)
    assert all(line.startswith("# TYPE ") for line in lines)


def test_a_sum_is_not_rounded():
    histogram = Histogram(":a:latency", (), (1,))
    for value in (12345678, 0.25):
        histogram.observe(value)
    assert ":a:latency_sum{} 12345678.25" in histogram.exposition()


def test_prometheus_can_read_the_page():
    metrics = ServerMetrics()
    metrics.request_count.increment("m", "OK")
    metrics.request_latency.observe(1234.5, "m", "Predict", "GRPC")
    families = {family.name: family for family in text_string_to_metric_families(metrics.exposition())}
    samples = families[":tensorflow:serving:request_latency"].samples
    assert {sample.value for sample in samples if sample.name.endswith("_sum")} == {1234.5}
