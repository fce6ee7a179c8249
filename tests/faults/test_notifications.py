"""Ten faults in a running, watched site: each is exactly one notification, to whom it concerns, within its stated time.

Everything runs `FASTER` times faster than at a site (`tests.support.monitored_site`). `STATED` is what a site waits at most; a trial waits that
long, divided by that, and `MACHINE_SECONDS` for what no pace makes faster: looks, calls, processes.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from loadtests.scenarios.model_door import ModelDoor, other_weights
from serving.repository import ModelRepository, Statement
from serving.repository.promotion import write_first_config
from serving.repository.repository import SERVED_NAME
from tests.support.certificates import make_certificate
from tests.support.drawn_people import photo_of
from tests.support.gateway_process import wait_until
from tests.support.measured_profile import measure_reference
from tests.support.model_server_process import ModelServerProcess
from tests.support.monitored_site import FASTER, MonitoredSite
from tests.support.records import make_records
from tests.support.tiny_version import copy_tiny_repository

pytestmark = [
    pytest.mark.long,
    pytest.mark.needs_system("prometheus"),
    pytest.mark.needs_system("prometheus-alertmanager"),
]
RESULTS = Path(__file__).resolve().parents[2] / "monitoring" / "results" / "notifications.json"
MODEL = "depression_severity"
MACHINE_SECONDS = 20.0
REFERENCE_PEOPLE = range(500)
USUAL_PHOTOS, DARK_PHOTOS = 160, 400
PHOTOS_A_SECOND = 2.0
PHOTOS_A_DAY = PHOTOS_A_SECOND / FASTER * 86_400
QUIET_SECONDS = 25 * 60 / FASTER
"""After the notification: longer than the longest wait of any other alert that a fault could set off."""
PAGE = [("on-call", "page")]
BOTH = [("clinical-lead", "page"), ("on-call", "page")]
TICKET = [("tickets", "ticket")]


@dataclass(frozen=True)
class Expected:
    """Attributes: the alert, who is told, and how many minutes a site waits at most from the fault to the notification."""

    alert: str
    told: list[tuple[str, str]]
    minutes: float


STATED = {
    "swapped weights": Expected("WrongAnswers", BOTH, 4),
    "swapped thresholds": Expected("WrongAnswers", BOTH, 9),
    "changed resize": Expected("WrongAnswers", BOTH, 9),
    "stale version": Expected("VersionMismatch", TICKET, 20),
    "hung model": Expected("AvailabilityBurn", PAGE, 12),
    # At 5,760 photos a day: within the second update of 50 photos after the change. `drift plan` says what it is at a site's own traffic.
    "dark camera": Expected("DriftAlarm", [("clinical-lead", "clinical_lead")], 35),
    "dead records": Expected("RecordsNotKept", PAGE, 6),
    "full queue": Expected("AvailabilityBurn", PAGE, 12),
    "dead controller": Expected("MonitoringPartDown", TICKET, 20),
    "expired certificate": Expected("AvailabilityBurn", PAGE, 15),
}


def keep(fault, measured):
    """Write down what one fault showed, beside the others."""
    kept = json.loads(RESULTS.read_text())["faults"] if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps({"faults": dict(sorted({**kept, fault: measured}.items()))}, indent=1) + "\n")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The tiny version in the embedded model server."""
    models = ModelRepository(copy_tiny_repository(tmp_path_factory.mktemp("served") / "models"), MODEL)
    write_first_config(models, served_from=str(models.directory))
    with ModelServerProcess(f"--model_config_file={models.directory / SERVED_NAME}") as server:
        yield server


@pytest.fixture
def root(tmp_path):
    return copy_tiny_repository(tmp_path / "models")


@pytest.fixture
def photo(root):
    return (root / MODEL / "1" / "assets.extra" / "golden_photos" / "scored-0.jpg").read_bytes()


@pytest.fixture
def between(served):
    with ModelDoor(f"127.0.0.1:{served.port}") as server:
        yield server


def judge(site, fault, begin):
    """Do what breaks it, and hold what came against what is stated."""
    expected = STATED[fault]
    assert site.pager.notifications() == []
    began = time.monotonic()
    begin()
    limit_seconds = expected.minutes * 60 / FASTER + MACHINE_SECONDS
    told = {(receiver, (expected.alert,)) for receiver, _ in expected.told}
    in_time = site.pager.wait_for(lambda came: {(n.receiver, n.alerts) for n in came} >= told, limit_seconds)
    arrived = [round(n.at - began, 1) for n in site.pager.notifications("firing")]
    assert in_time, (site.pager.notifications(), site.firing(), site.query("ALERTS"))
    # Nothing may follow: an absence can only be waited for.
    site.pager.wait_for(
        lambda came: any(n.alerts != (expected.alert,) and n.receiver != "heartbeat" for n in came), QUIET_SECONDS
    )
    came = [(n.receiver, n.status, n.alerts) for n in site.pager.notifications()]
    wanted = [(receiver, "firing", (expected.alert,)) for receiver, _ in expected.told]
    assert sorted(came) == sorted(wanted), [
        (n.receiver, n.status, n.alerts, round(n.at - began, 1)) for n in site.pager.notifications()
    ]
    severities = {
        labels["severity"] for labels, _ in site.query(f'ALERTS{{alertname="{expected.alert}",alertstate="firing"}}')
    }
    assert severities == {severity for _, severity in expected.told}
    measured = {
        "alert": expected.alert,
        "severity": expected.told[0][1],
        "told": [receiver for receiver, _ in expected.told],
        "notifications_of_each_told": 1,
        "times_faster": FASTER,
        "stated_minutes_at_a_site": expected.minutes,
        "allowed_seconds_here": limit_seconds,
        "seconds_here": max(arrived),
    }
    keep(fault, measured)


def test_swapped_weights(tmp_path, root, between, photo):
    with MonitoredSite(tmp_path / "site", root, between.address) as site, site.patients(photo, a_second=2):
        site.wait_until_watched()
        judge(site, "swapped weights", lambda: setattr(between, "alter", other_weights))
        assert site.screen(photo) == 503  # it paused


def test_swapped_thresholds(tmp_path, root, between, photo):
    repository = ModelRepository(root, MODEL)
    policy = json.loads(repository.policy().to_json())
    policy["thresholds"] = {"none_max_ppm": 600_000, "mild_max_ppm": 900_000}

    def swap():
        (repository.directory / "policy.json").write_text(json.dumps(policy, sort_keys=True, indent=2) + "\n")

    with MonitoredSite(tmp_path / "site", root, between.address) as site, site.patients(photo, a_second=2):
        site.wait_until_watched()
        assert site.screen(photo) == 200
        judge(site, "swapped thresholds", swap)
        assert site.screen(photo) == 503


def test_changed_resize(tmp_path, root, between):
    with contextlib.ExitStack() as stack:
        site = stack.enter_context(MonitoredSite(tmp_path / "site", root, between.address))
        changed = stack.enter_context(site.new_gateway(root, program="tests.support.resized_gateway"))
        site.wait_until_watched()

        def roll_out():
            site.scrape("gateway", changed.metrics_port)
            site.door.upstream_ports = (changed.port,)

        judge(site, "changed resize", roll_out)


def test_stale_version(tmp_path, root, between):
    other = tmp_path / "other"
    shutil.copytree(root, other)
    repository = ModelRepository(other, MODEL)
    with repository.staging() as staging:
        shutil.copytree(other / MODEL / "1", staging.path, dirs_exist_ok=True)
        contract = staging.path / "assets.extra" / "contract.json"
        contract.write_text(json.dumps({**json.loads(contract.read_text()), "version": staging.version}))
        (staging.path / "manifest.json").unlink()
        repository.publish(staging)
    repository.approve(staging.version, Statement("a test", "the same network again", {}))
    repository.set_pin(staging.version)
    with contextlib.ExitStack() as stack:
        site = stack.enter_context(MonitoredSite(tmp_path / "site", root, between.address))
        ahead = stack.enter_context(site.new_gateway(other))
        site.wait_until_watched()
        ports = site.gateway.metrics_port, ahead.metrics_port
        judge(site, "stale version", lambda: site.scrape("gateway", *ports))


def test_hung_model(tmp_path, root, served, photo):
    address = f"127.0.0.1:{served.port}"
    with (
        MonitoredSite(tmp_path / "site", root, address, deadline_seconds=2) as site,
        site.patients(photo, a_second=2, clients=4),
    ):
        site.wait_until_watched()
        try:
            judge(site, "hung model", lambda: os.kill(served.process.pid, signal.SIGSTOP))
        finally:
            os.kill(served.process.pid, signal.SIGCONT)


def test_dark_camera(tmp_path, root, between):
    assert measure_reference(root, between.address, REFERENCE_PEOPLE) > len(REFERENCE_PEOPLE) / 2
    first = len(REFERENCE_PEOPLE)
    # Drawn and darkened before: what costs processor time here would be waited for there.
    usual = [photo_of(number) for number in range(first, first + USUAL_PHOTOS)]
    dark = [darker(photo_of(number)) for number in range(first + USUAL_PHOTOS, first + USUAL_PHOTOS + DARK_PHOTOS)]
    watching = (f"--per-day={PHOTOS_A_DAY:g}",)
    with (
        MonitoredSite(tmp_path / "site", root, between.address, controller=watching) as site,
        contextlib.ExitStack() as ward,
    ):
        site.wait_until_watched()
        # A controller that has just begun asks Prometheus for what was counted before, so nothing is sent until it is seen.
        wait_until(lambda: bool(site.query('up{job="drift-controller"} == 1')))
        taken = "sum(symmetra_drift_photos)"
        with people(site, usual):
            wait_until(lambda: any(value >= 100 for _, value in site.query(taken)), 300)
        assert site.query("symmetra_drift_alarm == 1") == []
        judge(site, "dark camera", lambda: ward.enter_context(people(site, dark)))
        # Whatever else moved with it (this model's answers did), the light alone is told from the reference's.
        ((_, height),) = site.query('symmetra_drift_alarm_height{tier="alarm"}')
        ((_, evidence),) = site.query('symmetra_drift_log_evidence{signal="luminance"}')
        assert evidence > height


def darker(photo):
    """The same face through a camera that lets in less light, as `make drift-demo` shows it."""
    with Image.open(io.BytesIO(photo)) as opened:
        pixels = ImageEnhance.Brightness(opened.convert("RGB")).enhance(0.6)
    kept = io.BytesIO()
    pixels.save(kept, "JPEG", quality=90)
    return kept.getvalue()


@contextlib.contextmanager
def people(site, photos):
    """Another person with each photo, until all have come or the block is over."""
    over = threading.Event()

    def come():
        for photo in photos:
            if over.wait(1 / PHOTOS_A_SECOND):
                return
            site.screen(photo)

    thread = threading.Thread(target=come, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.needs_system("postgres")
def test_dead_records(tmp_path, root, between, photo, postgresql):
    settings = make_records(tmp_path, url=postgresql.new_database())
    with MonitoredSite(tmp_path / "site", root, between.address, **settings) as site, site.patients(photo, a_second=2):
        site.wait_until_watched()
        try:
            judge(site, "dead records", postgresql.kill)
        finally:
            postgresql.start()


def test_full_queue(tmp_path, root, between, photo):
    settings = {"cores": 1, "max_in_flight": 1, "max_queue": 1}
    with MonitoredSite(tmp_path / "site", root, between.address, **settings) as site, contextlib.ExitStack() as crowd:
        site.wait_until_watched()
        between.delay_seconds = 0.3

        def come():
            crowd.enter_context(site.patients(photo, a_second=20, clients=10))

        judge(site, "full queue", come)


def test_dead_controller(tmp_path, root, between):
    with MonitoredSite(tmp_path / "site", root, between.address) as site:
        site.wait_until_watched()
        judge(site, "dead controller", lambda: os.kill(site.controller_pid, signal.SIGKILL))


def test_expired_certificate(tmp_path, root, between, photo):
    with MonitoredSite(tmp_path / "site", root, between.address) as site, site.patients(photo, a_second=1):
        make_certificate(site.folder, "over", "authority", days=-1)
        site.wait_until_watched()
        judge(
            site,
            "expired certificate",
            lambda: site.door.show(site.folder / "over.pem", site.folder / "over.key"),
        )
