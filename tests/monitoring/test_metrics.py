import math
import re

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from monitoring.metrics import (
    CIRCUIT_STATES,
    DECLARATIONS,
    LATENCY_BUCKETS_SECONDS,
    OTHER,
    SEVERITY_BINS,
    STAGES,
    STATUSES,
    TRAFFIC_CLASSES,
    Metrics,
    severity_bin,
)


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def metrics(registry):
    return Metrics(registry, routes=("/", "/x"), outcomes=("answered", "no_face"))


def exposition(registry):
    return generate_latest(registry).decode()


def series(registry):
    return {line.rsplit(" ", 1)[0] for line in exposition(registry).splitlines() if not line.startswith("#")}


def test_every_declared_metric_exists_with_its_kind_and_help_and_no_other(metrics):
    found = dict(re.findall(r"^# TYPE (\S+) (\S+)$", exposition(metrics.registry), flags=re.MULTILINE))
    declared = {each.name + ("_total" if each.kind == "counter" else ""): each.kind for each in DECLARATIONS}
    found = {name: kind for name, kind in found.items() if not name.endswith("_created")}
    assert found == declared
    assert all(each.help.endswith(".") for each in DECLARATIONS)


def test_names_end_in_their_unit_and_labels_are_words():
    for each in DECLARATIONS:
        assert re.fullmatch(r"symmetra_[a-z_]+", each.name)
        assert not each.name.endswith("_total")
        if each.kind == "histogram":
            assert each.name.endswith("_seconds")
            assert list(each.buckets) == sorted(each.buckets)


def test_closed_sets_are_there_with_zero_from_the_start(metrics):
    text = exposition(metrics.registry)
    for status in (*STATUSES, OTHER):
        assert f'symmetra_http_requests_total{{route="/x",status="{status}"}} 0.0' in text
    for stage in STAGES:
        for traffic in TRAFFIC_CLASSES:
            assert f'symmetra_stage_seconds_count{{stage="{stage}",traffic="{traffic}"}} 0.0' in text
    assert 'symmetra_screenings_total{outcome="no_face",traffic="sentinel"} 0.0' in text


def test_a_version_starts_with_zero_when_it_comes_into_service_and_keeps_its_counts(registry, metrics):
    metrics.set_model("m", 1, "d1", "demo")
    metrics.count_answer(1, 650_000, "high", "patient")
    metrics.set_model("m", 2, "d2", "demo")
    metrics.set_model("m", 1, "d1", "demo")
    read = registry.get_sample_value
    for edge in SEVERITY_BINS:
        assert read("symmetra_severity_total", {"model_version": "2", "bin": edge, "traffic": "patient"}) == 0
    assert read("symmetra_severity_total", {"model_version": "1", "bin": "0.7", "traffic": "patient"}) == 1
    assert read("symmetra_bands_total", {"model_version": "1", "band": "high", "traffic": "patient"}) == 1
    assert exposition(registry).count("symmetra_model_info{") == 1


@pytest.mark.parametrize(
    ("ppm", "edge"),
    [(0, "0.1"), (1, "0.1"), (100_000, "0.1"), (100_001, "0.2"), (300_000, "0.3"), (300_001, "0.4"), (600_000, "0.6"),
     (600_001, "0.7"), (999_999, "1.0"), (1_000_000, "1.0")],
)  # fmt: skip
def test_bins_end_where_the_bands_end(ppm, edge):
    assert severity_bin(ppm) == edge


def test_every_bin_can_be_reached_and_holds_its_share():
    counts = dict.fromkeys(SEVERITY_BINS, 0)
    for ppm in range(1, 1_000_001, 1000):
        counts[severity_bin(ppm)] += 1
    assert set(counts.values()) == {100}


@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf, -0.001])
def test_a_poisoned_duration_is_dropped_and_counted(registry, metrics, poison):
    metrics.observe_stage("total", poison, "patient")
    labels = {"stage": "total", "traffic": "patient"}
    assert registry.get_sample_value("symmetra_stage_seconds_sum", labels) == 0
    assert registry.get_sample_value("symmetra_stage_seconds_count", labels) == 0
    assert registry.get_sample_value("symmetra_non_finite_observations_total") == 1


def test_unknown_values_become_other_and_add_no_series(registry, metrics):
    before = series(registry)
    for number in range(1000):
        metrics.count_request(f"/path/{number}", number + 1000)
        metrics.count_screening(f"code_{number}", "patient")
    assert series(registry) == before
    assert registry.get_sample_value("symmetra_http_requests_total", {"route": OTHER, "status": OTHER}) == 1000


def test_two_registries_do_not_share_anything(metrics):
    other = CollectorRegistry()
    Metrics(other, routes=("/",), outcomes=("answered",)).count_request("/", 200)
    assert metrics.registry.get_sample_value("symmetra_http_requests_total", {"route": "/", "status": "200"}) == 0


def test_buckets_have_edges_where_objectives_are_set():
    assert {0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0} <= set(LATENCY_BUCKETS_SECONDS)


def test_the_circuit_is_in_one_state_at_a_time(registry, metrics):
    for state in CIRCUIT_STATES:
        metrics.model.set_circuit(state)
        found = {each: registry.get_sample_value("symmetra_model_circuit", {"state": each}) for each in CIRCUIT_STATES}
        assert found == {each: float(each == state) for each in CIRCUIT_STATES}


@pytest.mark.parametrize(
    ("difference", "edge"),
    [(0.0, "0.001"), (0.001, "0.001"), (0.0011, "0.003"), (0.3, "0.3"), (0.31, "1.0"), (1.0, "1.0")],
)
def test_a_shadow_answer_counts_by_agreement_and_by_how_far_it_is(registry, metrics, difference, edge):
    metrics.count_shadow_answer(agrees=False, band="high", difference=difference, traffic="patient")
    labels = {"result": "disagree", "band": "high", "traffic": "patient"}
    assert registry.get_sample_value("symmetra_shadow_answers_total", labels) == 1
    assert registry.get_sample_value("symmetra_shadow_differences_total", {"bin": edge, "traffic": "patient"}) == 1
