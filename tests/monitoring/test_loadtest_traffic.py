"""Photos of a load test: no series of patients changes by them, whatever comes of each photo.

The short test compares a gateway's whole page of metrics before and after. The campaign asks for 80 % of what a gateway answers at most, for an hour, at a site's own pace with everything that watches it: SYMMETRA_LOADTEST_MINUTES=2 tries it; from twenty minutes on it writes
monitoring/results/loadtest_traffic.json, which says how long it was.
"""

import http.client
import itertools
import json
import os
import platform
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.access.scopes import Scope
from serving.local.watching import SCRAPE_SECONDS, Pace
from serving.repository import ModelRepository
from tests.support.access import add_key
from tests.support.drawn_people import nobody, photo_of
from tests.support.gateway import VERSION
from tests.support.gateway_process import PROJECT, GatewayProcess
from tests.support.profiles import publish_with_profile
from tests.support.scraping import read_samples
from tests.support.stub_model_server import StubModelServer
from tests.support.tiny_version import copy_tiny_repository
from tests.support.watched_stack import WatchedStack

RESULTS = PROJECT / "monitoring" / "results" / "loadtest_traffic.json"
WORTH_KEEPING_MINUTES = 20.0
MINUTES = float(os.environ.get("SYMMETRA_LOADTEST_MINUTES", "60"))
SHARE = 0.8
CALLERS = 8
CAPACITY_SECONDS = 45.0
PATIENT = 'traffic="patient"'
OF_THE_PROCESS = {
    "symmetra_access_refused_total",
    "symmetra_http_requests_total",
    "symmetra_in_flight",
    "symmetra_model_calls_total",
    "symmetra_model_circuit",
    "symmetra_model_state",
    "symmetra_queue_length",
    "symmetra_sentinel_looks_total",
    "symmetra_shed_total",
    "symmetra_upload_memory_bytes",
}
"""Families that say nothing of a class of traffic, so they move with any: none is in an objective or in drift."""


def changed(before, after):
    """Series that are not what they were, or were not there, or are gone; those of Python and of the process apart."""
    found = {series for series in before.keys() | after.keys() if before.get(series) != after.get(series)}
    return {series for series in found if not series.startswith(("process_", "python_"))}


def of_others(series):
    """Those that a load test may not move."""
    return {
        each for each in series if 'traffic="loadtest"' not in each and each.partition("{")[0] not in OF_THE_PROCESS
    }


@pytest.fixture
def gateway(tmp_path):
    repository = ModelRepository(tmp_path)
    repository.directory.mkdir(parents=True)
    publish_with_profile(repository)
    keys = tmp_path / "keys.json"
    load_key = add_key(keys, Scope.SCREEN, name="load", traffic=("loadtest",))
    patient_key = add_key(keys, Scope.SCREEN, name="ward")
    with StubModelServer(VERSION) as stub, GatewayProcess(tmp_path, stub.address, api_keys_file=keys) as found:
        found.stub, found.load_key, found.patient_key = stub, load_key, patient_key
        yield found


def send(gateway, key, photo, **headers):
    given = {"X-API-Key": key, "Content-Type": "image/jpeg", **headers}
    return gateway.request("POST", "/v1/screenings", photo, given)[0]


def test_no_series_of_patients_changes_by_photos_of_a_load_test(gateway):
    face = photo_of(1)
    before = read_samples(gateway.metrics())
    load = lambda photo, **headers: send(gateway, gateway.load_key, photo, **headers)  # noqa: E731 - one word for it
    asked = [
        load(face),
        load(face, **{"X-Subject": "somebody"}),
        load(face, **{"Idempotency-Key": "once"}),
        load(face, **{"Idempotency-Key": "once"}),
        load(face, **{"X-Traffic-Class": "loadtest"}),
        load(nobody()),
        load(b"not a photo"),
        load(b""),
    ]
    gateway.stub.p_no_depression = float("nan")
    asked.append(load(face))
    gateway.stub.p_no_depression = 0.5
    assert asked[:5] == [200] * 5
    assert all(status >= 400 for status in asked[5:])
    after = read_samples(gateway.metrics())
    moved = changed(before, after)
    assert of_others(moved) - invalid_answers(moved) == set()
    families = {each.partition("{")[0] for each in moved if 'traffic="loadtest"' in each}
    assert {"symmetra_screenings_total", "symmetra_severity_total", "symmetra_bands_total"} <= families
    assert {"symmetra_image_quality_total", "symmetra_stage_seconds_count"} <= families
    assert send(gateway, gateway.patient_key, face) == 200
    assert of_others(changed(after, read_samples(gateway.metrics()))), "the comparison can fail"


def test_a_load_test_that_says_it_is_a_patient_is_not_let_in_and_is_in_no_objective_and_no_drift(gateway):
    before = read_samples(gateway.metrics())
    assert send(gateway, gateway.load_key, photo_of(1), **{"X-Traffic-Class": "patient"}) == 403
    moved = of_others(changed(before, read_samples(gateway.metrics())))
    # Whoever is not let in has no class; the time of the request alone is told, as a patient's (METRICS.md).
    assert {each.partition("{")[0].rpartition("_")[0] for each in moved} <= {"symmetra_http_request_seconds"}


def invalid_answers(series):
    """The model's own fault, whoever asked."""
    return {each for each in series if each.startswith("symmetra_model_answers_invalid_total")}


class Load:
    """Photos of a load test to the gateway that asks for keys: as many as it takes, or so many a second.

    Args:
        stack: Where to.
        key: Of a load test.
        rate: Photos a second; None for each caller's next as soon as it has its answer.
    """

    def __init__(self, stack, key, rate=None):
        self.stack, self.key, self.rate = stack, key, rate
        self.statuses, self.late_seconds = Counter(), 0.0
        self._photos = [photo_of(number) for number in range(20)]
        self._numbers, self._over, self._lock = itertools.count(), threading.Event(), threading.Lock()

    def run(self, seconds):
        """For so long."""
        began = time.monotonic()
        with ThreadPoolExecutor(CALLERS) as callers:
            asking = [callers.submit(self._ask, began) for _ in range(CALLERS)]
            try:
                self._watch(began + seconds)
            finally:
                self._over.set()
            for each in asking:
                each.result(60)
        return time.monotonic() - began

    def _watch(self, until):
        while time.monotonic() < until:
            assert self.stack.group.first_ended() is None, self.stack.group.first_ended()
            self._over.wait(min(1.0, until - time.monotonic()))

    def _ask(self, began):
        while not self._over.is_set():
            number = next(self._numbers)
            if self.rate is not None:
                due = began + number / self.rate
                if self._over.wait(max(0.0, due - time.monotonic())):
                    return
                self.late_seconds = max(self.late_seconds, time.monotonic() - due)
            try:
                status = self.stack.screen(
                    self._photos[number % len(self._photos)],
                    second=True,
                    key=self.key,
                    traffic="loadtest",
                    subject=f"s-{number % 500}",
                )
            except (OSError, http.client.HTTPException) as error:
                status = type(error).__name__
            with self._lock:
                self.statuses[status] += 1


def look_back(stack, began):
    """What Prometheus recorded of it."""
    ended, prometheus = time.time(), stack.prometheus
    prometheus.moment = ended
    all_of_it = f"[{ended - began:.0f}s]"

    def alert_seconds(state):
        return prometheus.alert_seconds(state, start=began, end=ended, step_seconds=SCRAPE_SECONDS)

    # Raw, because what is made of ranges has lost the name of the metric.
    kept = prometheus.query(f'{{__name__=~"symmetra_.+",{PATIENT}}}{all_of_it}')
    return {
        "series_of_patients_that_prometheus_saw": len(kept),
        "series_of_patients_that_prometheus_saw_change": sum(len({value for _, value in row["values"]}) > 1 for row in kept),
        "drift_photos": sum(prometheus.values("symmetra_drift_photos", "model_version").values()),
        "alerts_pending_seconds": alert_seconds("pending"),
        "alerts_firing_seconds": alert_seconds("firing"),
        "notifications": [line for line in stack.told if line.startswith("to ")],
    }  # fmt: skip


@pytest.mark.long
@pytest.mark.needs_system("prometheus")
@pytest.mark.needs_system("prometheus-alertmanager")
def test_an_hour_of_load_at_four_fifths_changes_no_series_of_patients(tmp_path):
    copy_tiny_repository(tmp_path / "models")
    with WatchedStack(tmp_path, Pace()) as stack:
        key = add_key(stack.stack.watching / "keys.json", Scope.SCREEN, name="load", traffic=("loadtest",))
        stack.wait_until_watched()
        most = Load(stack, key)
        seconds = most.run(CAPACITY_SECONDS)
        most_a_second = most.statuses[200] / seconds
        before, began = read_samples(stack.second_page()), time.time()
        load = Load(stack, key, SHARE * most_a_second)
        seconds = load.run(MINUTES * 60)
        moved = changed(before, read_samples(stack.second_page()))
        seen = look_back(stack, began)
    found = {
        "schema": "symmetra.loadtest_traffic/1",
        "about": "tests/monitoring/test_loadtest_traffic.py: a load test alone asks one gateway; everything that watches runs at a site's own pace.",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "callers": CALLERS,
        "minutes": round(seconds / 60, 1),
        "most_photos_a_second": round(most_a_second, 1),
        "photos_a_second_asked_for": round(load.rate, 1),
        "photos_a_second_answered": round(load.statuses[200] / seconds, 1),
        "photos_by_status": {str(status): count for status, count in load.statuses.items()},
        "longest_behind_the_timetable_seconds": round(load.late_seconds, 1),
        "series_that_may_not_change": len(of_others(before)),
        "of_them_changed": sorted(of_others(moved)),
        **seen,
    }
    print(json.dumps(found, indent=1))
    assert found["of_them_changed"] == []
    assert seen["series_of_patients_that_prometheus_saw"] > 100
    assert seen["series_of_patients_that_prometheus_saw_change"] == 0
    assert seen["alerts_firing_seconds"] == {}
    assert seen["drift_photos"] == 0
    assert load.statuses[200] > 0.5 * load.rate * seconds, "or there was no load"
    if MINUTES >= WORTH_KEEPING_MINUTES:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")
