"""The controller's questions, put to a real Prometheus that scrapes a real registry; and answers that are none."""

import time

import pytest
from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server

from monitoring.controller.controller import Controller
from monitoring.controller.errors import PrometheusAway
from monitoring.controller.places import Place
from monitoring.controller.prometheus import Prometheus
from monitoring.controller.source import PrometheusSource
from monitoring.declaring import gauge
from monitoring.image_metrics import ImageBins
from monitoring.metrics import MODEL_INFO
from monitoring.profile import ProfileReading, ProfileState
from monitoring.reference_metrics import ReferenceMetrics
from monitoring.subject_memory import SubjectMemory
from monitoring.subject_metrics import SubjectMetrics
from tests.support.fake_prometheus import FakePrometheus
from tests.support.gateway_process import wait_until
from tests.support.profiles import SEVERITY_COUNTS, make_profile
from tests.support.prometheus_process import PrometheusProcess


@pytest.fixture
def page():
    """A gateway's drift metrics, of version 7."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    gauge(MODEL_INFO, registry).labels("m", "7", "d", "e").set(1)
    profile = make_profile(7)
    ReferenceMetrics(registry).show("7", ProfileReading(ProfileState.LOADED, profile=profile))
    subjects = SubjectMetrics(registry, SubjectMemory(most=100))
    subjects.start_version("7")
    subjects.start_bins("7", ImageBins.of(profile))
    server, thread = start_http_server(0, "127.0.0.1", registry)
    yield server.server_port, subjects
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.needs_system("prometheus")
def test_it_reads_counts_references_and_processes_of_a_real_prometheus(page, tmp_path):
    port, subjects = page
    places = dict.fromkeys(("luminance", "contrast", "sharpness", "face_size"), "4")
    with PrometheusProcess(tmp_path, port) as process:
        source = PrometheusSource(Prometheus(f"http://127.0.0.1:{process.port}"), job="gateway")
        clock = time.time
        controller = Controller(source, clock)
        wait_until(lambda: process.query("symmetra_subject_severity_total"))
        assert controller.look()
        for _ in range(60):
            subjects.count("7", "0.4", places, None, "patient")
        wait_until(lambda: process.value('symmetra_photos_without_subject_total{model_version="7"}') == 60)
        assert controller.look()
        facts = source.facts(clock() - 60, clock())
    watch = controller.watches[Place("", "7")]
    assert watch.photos == 60
    assert watch.with_subject == 0
    assert watch.daily.since("severity", 0.0).tolist() == [0, 0, 0, 60, 0, 0, 0, 0, 0, 0]
    assert watch.daily.since("sharpness", 0.0)[3] == 60
    assert facts.pinned == {Place("", "7")}
    assert facts.processes == facts.gateways == {"": 1}
    reference = watch.followed["severity"].detector.reference
    assert reference.photos == sum(SEVERITY_COUNTS)
    assert set(watch.followed) == {"severity", *places}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"data": {"result": [{"metric": {}}]}}', b'{"data": {"result": 3}}', b"\xff"]
)
def test_what_is_no_answer_is_prometheus_away(body):
    with FakePrometheus() as fake:
        fake.body = body
        with pytest.raises(PrometheusAway):
            Prometheus(fake.url).query("x", 1.0)


def test_series_without_the_labels_that_gateways_give_are_no_answer():
    with FakePrometheus() as fake:
        fake.series = [{"metric": {"job": "gateway"}, "values": [[1, "2"]]}]
        source = PrometheusSource(Prometheus(fake.url), job="gateway")
        with pytest.raises(PrometheusAway):
            list(source.counters(None, 10.0))


def test_nobody_there_is_prometheus_away():
    with pytest.raises(PrometheusAway):
        Prometheus("http://127.0.0.1:9").query("x", 1.0)
