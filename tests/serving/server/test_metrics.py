"""Prometheus' text format, by TensorFlow Serving's names."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from serving.server.metrics import Counter, Histogram, ServerMetrics, exponential_bounds


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


def test_bounds_grow_as_theirs():
    assert exponential_bounds(10, 1.8, 4) == pytest.approx((10, 18, 32.4, 58.32))


def test_a_metric_without_values_still_says_its_type():
    page = ServerMetrics().exposition()
    assert "# TYPE :tensorflow:serving:request_count counter\n" in page
    assert "# TYPE :tensorflow:serving:batching_session:queuing_latency histogram\n" in page


def test_prometheus_can_read_the_page():
    metrics = ServerMetrics()
    metrics.request_count.increment("m", "OK")
    metrics.request_latency.observe(1234.5, "m", "Predict", "GRPC")
    families = {family.name: family for family in text_string_to_metric_families(metrics.exposition())}
    samples = families[":tensorflow:serving:request_latency"].samples
    assert {sample.value for sample in samples if sample.name.endswith("_sum")} == {1234.5}
