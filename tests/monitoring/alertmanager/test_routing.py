"""Who is told what: the committed configuration, by amtool and by a real Alertmanager."""

import re
import subprocess
from pathlib import Path

import pytest

from loadtests.scenarios.pager import Pager
from monitoring.objectives import read_objectives
from monitoring.rules.drift_alerts import drift_alerts
from monitoring.rules.writing import RULES_FOLDER, generated_alerts
from tests.support.alertmanager_process import CONFIG, AlertmanagerProcess, config_for

RUNBOOK = Path(__file__).resolve().parents[3] / "monitoring" / "RUNBOOK.md"
FASTER = 60.0
"""A group of pages waits half a second in place of 30 s."""
SECONDS = 30.0


def labels(name, severity, **more):
    return {"alertname": name, "severity": severity, **more}


def amtool(*arguments):
    return subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.needs_system("amtool")
def test_configuration_is_valid():
    checked = amtool("check-config", str(CONFIG))
    assert checked.returncode == 0, checked.stderr


@pytest.mark.needs_system("amtool")
@pytest.mark.parametrize(
    ("alert", "receivers"),
    [
        (labels("AvailabilityBurn", "page"), ["on-call"]),
        (labels("Saturated", "ticket"), ["tickets"]),
        (labels("DriftAlarm", "clinical_lead"), ["clinical-lead"]),
        (labels("WrongAnswers", "page"), ["clinical-lead", "on-call"]),
        (labels("DeadMansSwitch", "page"), ["heartbeat"]),
        (labels("SomethingElse", "unheard_of"), ["tickets"]),
    ],
)
def test_each_severity_has_its_receiver(alert, receivers):
    words = [f"{name}={value}" for name, value in alert.items()]
    routed = amtool("config", "routes", "test", f"--config.file={CONFIG}", *words)
    assert routed.returncode == 0, routed.stderr
    assert routed.stdout.strip().split(",") == receivers


@pytest.mark.needs_system("amtool")
def test_every_alert_reaches_whoever_its_severity_names():
    receiver_of = {"page": "on-call", "ticket": "tickets", "clinical_lead": "clinical-lead"}
    apart = {"WrongAnswers": "clinical-lead,on-call", "DeadMansSwitch": "heartbeat"}
    for alert in (*generated_alerts(read_objectives()), *drift_alerts()):
        words = [f"alertname={alert.name}", f"severity={alert.severity}"]
        routed = amtool("config", "routes", "test", f"--config.file={CONFIG}", *words)
        assert routed.stdout.strip() == apart.get(alert.name, receiver_of[alert.severity]), alert.name


def test_at_most_six_alerts_page():
    pages = [alert.name for alert in generated_alerts(read_objectives()) if alert.severity == "page"]
    assert len(pages) <= 6
    assert "severity: page" not in "".join(
        path.read_text() for path in RULES_FOLDER.glob("*.rules.yaml") if path.name == "drift.rules.yaml"
    )


def test_no_address_of_anybody_is_in_it():
    hosts = set(re.findall(r"(?://|@|smarthost: \")([\w.-]+)", CONFIG.read_text()))
    assert hosts
    assert {host for host in hosts if not host.endswith(".example")} == set()


def test_every_alert_that_an_inhibition_names_exists():
    headings = re.findall(r"^## (\w+)$", RUNBOOK.read_text(), flags=re.MULTILINE)
    patterns = re.findall(r'alertname =~? "([^"]+)"', CONFIG.read_text())
    assert patterns
    for pattern in "|".join(patterns).split("|"):
        assert any(re.fullmatch(pattern, heading) for heading in headings), pattern


def test_what_is_tried_faster_is_the_committed_configuration_otherwise():
    tried = config_for(1234, FASTER)
    assert tried.count("- source_matchers") == CONFIG.read_text().count("- source_matchers")
    assert tried.count("- matchers") == CONFIG.read_text().count("- matchers")
    assert "group_wait: 500ms" in tried
    assert "smtp_smarthost" not in tried


@pytest.mark.needs_system("prometheus-alertmanager")
@pytest.mark.parametrize(
    ("fired", "told"),
    [
        # one fault, and what it drags along
        (
            [
                labels("AllReplicasDown", "page"),
                labels("AvailabilityBurn", "page"),
                labels("LatencyBurn", "page"),
                labels("ReplicaDown", "ticket"),
            ],
            [("on-call", ("AllReplicasDown",))],
        ),
        (
            [
                labels("WrongAnswers", "page"),
                labels("AvailabilityBurn", "page"),
                labels("DriftAlarm", "clinical_lead", model_version="7"),
                labels("HighBandShareJump", "clinical_lead", model_version="7"),
            ],
            [("clinical-lead", ("WrongAnswers",)), ("on-call", ("WrongAnswers",))],
        ),
        ([labels("RecordsNotKept", "page"), labels("AvailabilityBurn", "page")], [("on-call", ("RecordsNotKept",))]),
        (
            [labels("AvailabilityBurn", "page"), labels("LatencyBurn", "page"), labels("Saturated", "ticket")],
            [("on-call", ("AvailabilityBurn",))],
        ),
        (
            [
                labels("MonitoringPartDown", "ticket", job="drift-controller"),
                labels("DriftBlind", "clinical_lead", model_version="7"),
            ],
            [("tickets", ("MonitoringPartDown",))],
        ),
        # one alert of several versions is one notification
        (
            [labels("DriftAlarm", "clinical_lead", model_version=version) for version in ("7", "8", "9")],
            [("clinical-lead", ("DriftAlarm",))],
        ),
        # a part that is down hides nothing of another
        (
            [labels("MonitoringPartDown", "ticket", job="sentinel"), labels("DriftBlind", "clinical_lead")],
            [("clinical-lead", ("DriftBlind",)), ("tickets", ("MonitoringPartDown",))],
        ),
    ],
)
def test_one_fault_is_one_notification(fired, told, tmp_path):
    with (
        Pager() as receiver,
        AlertmanagerProcess(tmp_path, receiver.port, times_faster=FASTER) as alertmanager,
    ):
        # The last one to come of this round says that all groups of the round have been told, or never will be.
        alertmanager.fire(*fired)
        assert receiver.wait_for(lambda came: {(n.receiver, n.alerts) for n in came} >= set(told), SECONDS)
        alertmanager.fire(labels("LastOfAll", "unheard_of"))
        assert receiver.wait_for(lambda came: any("LastOfAll" in n.alerts for n in came), SECONDS)
        came = [(n.receiver, n.alerts) for n in receiver.notifications("firing") if "LastOfAll" not in n.alerts]
        assert sorted(came) == sorted(told)
