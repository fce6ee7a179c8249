"""What watches the local stack: the committed routes with our own receiver, what Prometheus scrapes, and what a person is told."""

import dataclasses
import io
import json
import subprocess
import urllib.request
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from serving.contract.profile import Reliability
from serving.local.alertmanager import COMMITTED, local_config
from serving.local.drift_demo import Face, Forecast, choose, odds_of_high, photo_bytes, read_controller
from serving.local.evidence_picture import Trial, draw
from serving.local.notices import Notices
from serving.local.ports import PortInvalid, WatchedPorts
from serving.local.prometheus import watched_config

ALERT = {
    "status": "firing",
    "labels": {"alertname": "DriftAlarm", "severity": "clinical_lead"},
    "annotations": {
        "summary": "It moved.",
        "description": "By much.",
        "runbook_url": "monitoring/RUNBOOK.md#driftalarm",
    },
}


def post(port, receiver, *alerts):
    body = json.dumps({"alerts": alerts}).encode()
    urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/{receiver}", body), timeout=10).close()


def test_every_receiver_of_the_routes_is_ours_and_no_address_of_a_site_is_left():
    text = local_config(COMMITTED.read_text(), 9999, times_faster=60)
    settings = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    assert "hospital.example" not in "\n".join(settings)
    for name in ("on-call", "clinical-lead", "tickets", "heartbeat"):
        assert f'url: "http://127.0.0.1:9999/{name}"' in text


@pytest.mark.needs_system("amtool")
@pytest.mark.parametrize("times_faster", [1, 60])
def test_amtool_takes_the_local_configuration(tmp_path, times_faster):
    (tmp_path / "alertmanager.yml").write_text(local_config(COMMITTED.read_text(), 9999, times_faster))
    checked = subprocess.run(
        ["amtool", "check-config", tmp_path / "alertmanager.yml"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_notifications_are_told_in_words_and_the_heartbeat_once():
    told = []
    with Notices(told.append) as notices:
        post(notices.port, "heartbeat", ALERT)
        post(notices.port, "heartbeat", ALERT)
        post(notices.port, "clinical-lead", ALERT)
        post(notices.port, "clinical-lead", ALERT | {"status": "resolved"})
    assert [line for line in told if "alive" in line] == told[:1]
    assert told[1:] == [
        "to clinical-lead: DriftAlarm (clinical_lead)",
        "    It moved.",
        "    By much.",
        "    what to do: monitoring/RUNBOOK.md#driftalarm",
        "to clinical-lead: over: DriftAlarm (clinical_lead)",
        "    It moved.",
    ]


@pytest.mark.parametrize("alertmanager", [True, False])
def test_prometheus_scrapes_both_gateways_and_all_that_watches(alertmanager):
    config = json.loads(watched_config(WatchedPorts(), Path("/rules"), scrape_seconds=1.5, alertmanager=alertmanager))
    jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]}
    assert jobs["gateway"] == ["127.0.0.1:9108", "127.0.0.1:9107"]
    assert {"model-server", "drift-controller", "sentinel", "prometheus"} <= set(jobs)
    assert ("alertmanager" in jobs) == ("alerting" in config) == alertmanager
    assert config["global"]["scrape_interval"] == "1500ms"
    assert config["rule_files"] == ["/rules/*.rules.yaml"]


def test_ports_of_what_watches_are_set_and_kept_apart_as_the_others_are():
    assert WatchedPorts.from_environment({"SYMMETRA_SENTINEL_PORT": "9999"}).sentinel_port == 9999
    with pytest.raises(PortInvalid, match="SYMMETRA_SENTINEL_PORT"):
        WatchedPorts.from_environment({"SYMMETRA_SENTINEL_PORT": "9090"})
    ports = [getattr(WatchedPorts(), field.name) for field in dataclasses.fields(WatchedPorts)]
    assert len(set(ports)) == len(ports)


def test_the_page_of_the_controller_is_read_without_the_place():
    page = 'symmetra_drift_log_evidence{model_version="3",signal="all",site=""} 2.5\nsymmetra_drift_photos{model_version="3",site=""} 50.0\n# x\n'
    assert read_controller(page) == {'symmetra_drift_log_evidence{signal="all"}': 2.5, "symmetra_drift_photos": 50.0}


def test_prevalence_sends_nine_of_ten_of_the_group():
    faces = [Face(Path(f"{number}.jpg"), depressed=number % 2 == 0) for number in range(200)]
    chosen = choose(faces, "prevalence")
    assert len(chosen) == 110
    assert sum(face.depressed for face in chosen) == 99
    assert choose(faces, "blur") == faces


def test_a_darker_camera_is_darker_a_blurred_one_is_flatter_and_others_leave_the_file_alone(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.effect_noise((64, 64), 60).convert("RGB").save(path, quality=95)

    def measured(shift):
        return ImageStat.Stat(Image.open(io.BytesIO(photo_bytes(path, shift))).convert("L"))

    assert measured("darker").mean[0] == pytest.approx(0.6 * measured("").mean[0], rel=0.05)
    assert measured("blur").stddev[0] < 0.5 * measured("").stddev[0]
    assert photo_bytes(path, "prevalence") == path.read_bytes()


TRIAL = Trial("a darker <camera>", [(50, -0.5), (100, 0.2), (150, 9.0)], 8.2, 100, 150, "luminance")


def test_the_picture_is_whole_and_says_what_happened():
    root = ET.fromstring(draw(TRIAL))  # noqa: S314 - our own text
    text = " ".join(root.itertext())
    assert "Alarm 50 photos after the change; what moved most: luminance." in text
    assert "demo model" in text
    assert "a darker <camera>" in text


def test_a_picture_without_an_alarm_says_so():
    text = draw(dataclasses.replace(TRIAL, alarm_at=None, evidence=TRIAL.evidence[:2], changed_at=50))
    assert "No alarm within 50 photos after the change." in text


def test_a_picture_of_a_false_alarm_calls_it_one():
    assert "A false alarm, after 100 photos and before any change" in draw(dataclasses.replace(TRIAL, alarm_at=100))


def test_odds_of_high_answers_follow_from_how_well_the_version_tells_the_groups_apart():
    blind = Reliability((0.2, 0.8), (0.5, 0.5), (100, 100))
    assert odds_of_high(blind) == pytest.approx(1.0)
    # Of 100 ill 80 get a high answer, of 100 well 20: with nine of ten ill 74 of 100 do, where 50 did.
    good = Reliability((0.2, 0.8), (0.2, 0.8), (100, 100))
    assert odds_of_high(good) == pytest.approx(0.74 / 0.26)


def test_a_forecast_says_when_no_alarm_is_to_be_expected():
    never, soon = Forecast(1.4, None, None, 100_000), Forecast(2.8, 150, 400, 100_000)
    assert not never.expects(5_000)
    assert "do not expect an alarm" in never.sentence()
    assert soon.expects(300)
    assert not soon.expects(100)
    assert "150 photos" in soon.sentence()
