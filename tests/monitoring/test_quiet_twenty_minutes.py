"""Twenty real minutes of a site at which nothing is wrong, at a site's own pace: nobody may be told anything.

What the simulated null (`tests/monitoring/controller/test_null_behaviour.py`) leaves out is real here: model server, two gateways, the
sentinel, the drift controller, Prometheus with the committed rules, Alertmanager with the committed routes, and photos of people who are
drawn, three of each, one in eight with a photo without a face before them. One gateway is restarted on the way.

SYMMETRA_QUIET_MINUTES=3 tries it in less; only a run of twenty minutes or more is written to monitoring/results/quiet_twenty_minutes.json.
"""

import json
import os
import platform
import threading
import time
from collections import Counter

import numpy as np
import psutil
import pytest

from monitoring.metrics import SERIES_BUDGET
from monitoring.rules.writing import RULES_FOLDER
from serving.local.ports import WatchedPorts, find_free_port
from serving.local.processes import ProcessGroup, http_answers
from serving.local.stack import Interpreters, model_server_address, start_model_server
from serving.local.watching import SCRAPE_SECONDS, Pace
from tests.support.drawn_people import nobody, photo_of
from tests.support.gateway_process import PROJECT
from tests.support.measured_profile import measure_reference
from tests.support.tiny_version import copy_tiny_repository
from tests.support.watched_stack import WatchedStack

pytestmark = [
    pytest.mark.long,
    pytest.mark.needs_system("prometheus"),
    pytest.mark.needs_system("prometheus-alertmanager"),
]
RESULTS = PROJECT / "monitoring" / "results" / "quiet_twenty_minutes.json"
WHOLE_MINUTES = 20.0
MINUTES = float(os.environ.get("SYMMETRA_QUIET_MINUTES", WHOLE_MINUTES))
REFERENCE_PEOPLE = range(600)
SECONDS_BETWEEN_PEOPLE = 1.5
PHOTOS_OF_A_PERSON = 3
RETAKEN = 8
"""One of so many people is first photographed without a face in the picture."""
ANSWERED, REFUSED = 200, 422


class Ward:
    """People who come one after another, each to one gateway after the other, as an ingress sends them to those that are ready."""

    def __init__(self, stack):
        self.stack, self.statuses, self.people, self.sent_on = stack, Counter(), 0, 0
        self.late_seconds = 0.0
        """The longest that somebody began behind the timetable."""
        self._over = threading.Event()
        self._turn = 0
        self._thread = threading.Thread(target=self._work, name="ward")

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join(120)

    def _work(self):
        began = time.monotonic()
        while True:
            due = began + self.people * SECONDS_BETWEEN_PEOPLE
            if self._over.wait(max(0.0, due - time.monotonic())):
                return
            self.late_seconds = max(self.late_seconds, time.monotonic() - due)
            self._photograph(self.people)
            self.people += 1

    def _photograph(self, number):
        subject = f"person-{number}"
        if number % RETAKEN == 0:
            self._send(nobody(), subject)
        for shot in range(PHOTOS_OF_A_PERSON):
            self._send(photo_of(len(REFERENCE_PEOPLE) + number, shot), subject)

    def _send(self, photo, subject):
        self._turn += 1
        second = bool(self._turn % 2)
        if not self._is_ready(second=second):
            second, self.sent_on = not second, self.sent_on + 1
        try:
            self.statuses[self.stack.screen(photo, second=second, subject=subject)] += 1
        except OSError as error:
            self.statuses[type(error).__name__] += 1

    def _is_ready(self, *, second):
        ports = self.stack.ports
        return http_answers(f"http://127.0.0.1:{ports.second_gateway_port if second else ports.port}/readyz")


@pytest.fixture
def folder(tmp_path):
    """A repository whose reference was measured on other people of the same kind."""
    root = copy_tiny_repository(tmp_path / "models")
    ports = WatchedPorts(model_server_port=find_free_port(), model_server_rest_port=find_free_port())
    with ProcessGroup(tmp_path / "logs") as group:
        start_model_server(group, Interpreters.this_one().serving, root, ports)
        assert measure_reference(root, model_server_address(ports), REFERENCE_PEOPLE) > len(REFERENCE_PEOPLE) / 2
    return tmp_path


def test_nobody_is_told_anything_while_nothing_is_wrong(folder):
    with WatchedStack(folder, Pace()) as stack:
        rules = stack.stack.watching / "rules"
        assert {path.name: path.read_text() for path in rules.iterdir()} == {
            path.name: path.read_text() for path in RULES_FOLDER.glob("*.rules.yaml")
        }
        stack.wait_until_watched()
        began = time.time()
        with Ward(stack) as ward:
            wait(stack, began + MINUTES * 60 / 3)
            stack.stop_first_gateway()
            wait(stack, time.time() + SCRAPE_SECONDS, but="gateway")
            stack.start_first_gateway()
            wait(stack, began + MINUTES * 60)
        seen = look_back(stack, ward, began)
    print(json.dumps(seen, indent=1))
    hold(seen, ward)
    if MINUTES >= WHOLE_MINUTES:
        RESULTS.write_text(json.dumps(seen, indent=1) + "\n")


def wait(stack, until, but=None):
    """Until a moment, while every part but one runs: an absence can only be waited for."""
    while time.time() < until:
        ended = stack.group.first_ended()
        assert ended is None or (but and ended.startswith(f"{but} ")), ended
        time.sleep(1)


def look_back(stack, ward, began):
    """What the run showed, most of it as Prometheus recorded it."""
    ended = time.time()
    prometheus = stack.prometheus
    prometheus.moment = ended
    all_of_it = f"[{ended - began:.0f}s]"
    gateways = 'job="gateway"'

    def alert_seconds(state):
        return prometheus.alert_seconds(state, start=began, end=ended, step_seconds=SCRAPE_SECONDS)

    durations = [
        float(value)
        for row in prometheus.query(f"scrape_duration_seconds{{{gateways}}}{all_of_it}")
        for _, value in row["values"]
    ]
    series = prometheus.values(f"max_over_time(scrape_samples_scraped{{{gateways}}}{all_of_it})", "instance")
    counted = prometheus.values(
        f'sum by (outcome) (increase(symmetra_screenings_total{{traffic="patient"}}{all_of_it})) > 0', "outcome"
    )
    alarm = prometheus.values("symmetra_drift_alarm", "tier")
    return {
        "schema": "symmetra.quiet_run/1",
        "about": "tests/monitoring/test_quiet_twenty_minutes.py: real parts at a site's own pace; people are drawn.",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "prometheus": prometheus.api("status/buildinfo")["version"],
        "minutes": round((ended - began) / 60, 1),
        "people": ward.people,
        "photos_by_status": {str(status): count for status, count in sorted(ward.statuses.items(), key=str)},
        "photos_sent_to_the_other_gateway": ward.sent_on,
        "longest_behind_the_timetable_seconds": round(ward.late_seconds, 1),
        "gateways": len(series),
        "gateway_restarts": int(sum(prometheus.values(f"changes(process_start_time_seconds{{{gateways}}}{all_of_it})", "instance").values())),
        "prometheus_increase_by_outcome": {outcome: round(count, 1) for (outcome,), count in counted.items()},
        "alerts_pending_seconds": alert_seconds("pending"),
        "alerts_firing_seconds": alert_seconds("firing"),
        "notifications": [line for line in stack.told if line.startswith("to ")],
        "heartbeat_came": any(line.startswith("monitoring is alive") for line in stack.told),
        "sentinel_looks": {name: count for (name,), count in prometheus.values("symmetra_blackbox_looks_total > 0", "result").items()},
        "drift_photos": sum(prometheus.values("symmetra_drift_photos", "model_version").values()),
        "drift_state": [state for (state,) in prometheus.values("symmetra_drift_state == 1", "state")],
        "drift_log_evidence": {name: round(level, 2) for (name,), level in prometheus.values("symmetra_drift_log_evidence", "signal").items()},
        "drift_log_heights": {tier: round(level, 2) for (tier,), level in prometheus.values("symmetra_drift_alarm_height", "tier").items()},
        "drift_tiers_reached": [tier for (tier,), reached in alarm.items() if reached],
        "series_of_a_gateway": max(int(count) for count in series.values()),
        "scrapes_of_gateways": len(durations),
        "scrape_seconds": {name: round(float(np.quantile(durations, share)), 4) for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))},
        "controller_resident_mebibytes": round(psutil.Process(stack.pid("drift-controller")).memory_info().rss / 2**20, 1),
    }  # fmt: skip


def hold(seen, ward):
    assert set(ward.statuses) == {ANSWERED, REFUSED}, seen["photos_by_status"]
    assert seen["alerts_firing_seconds"] == {}
    assert seen["notifications"] == []
    assert seen["heartbeat_came"], "or nothing would have been told whatever happened"
    assert (seen["gateways"], seen["gateway_restarts"]) == (2, 1)
    assert set(seen["sentinel_looks"]) == {"right"}
    assert seen["drift_photos"] > 0
    assert seen["drift_tiers_reached"] == []
    assert seen["series_of_a_gateway"] <= SERIES_BUDGET
