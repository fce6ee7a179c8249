"""Scraping, rules, routes, dashboards: as the cluster gets them, not as they lie in monitoring/."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.manifests.objects import find, of_kind, workloads
from tests.support.manifests.renders import KUBERNETES, ROOT, combine

pytestmark = pytest.mark.needs_tool()
JOBS = {"gateway", "model-server", "drift-controller", "sentinel"}
MEBIBYTE = 1024 * 1024


def rule_groups(objects):
    return [group for each in of_kind(objects, "PrometheusRule") for group in each["spec"]["groups"]]


def alerts(objects):
    return [rule for group in rule_groups(objects) for rule in group["rules"] if "alert" in rule]


@pytest.mark.point(28)
def test_both_ways_to_scrape_find_the_same_jobs_under_the_same_names():
    objects = combine("prometheus-operator")
    services = of_kind(objects, "Service")
    named = set()
    for monitor in of_kind(objects, "ServiceMonitor"):
        assert monitor["spec"]["jobLabel"] == "app.kubernetes.io/component"
        assert "namespaceSelector" not in monitor["spec"]
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        chosen = [each for each in services if wanted <= each["metadata"]["labels"].items()]
        named |= {each["metadata"]["labels"]["app.kubernetes.io/component"] for each in chosen}
    assert named == JOBS
    config = yaml.safe_load(find(combine("prometheus"), "ConfigMap", "prometheus-config")["data"]["prometheus.yml"])
    assert {job["job_name"] for job in config["scrape_configs"]} >= JOBS


@pytest.mark.point(28)
def test_plain_prometheus_looks_at_ports_of_services_that_are_there_and_needs_no_right():
    objects = combine("prometheus")
    config = yaml.safe_load(find(objects, "ConfigMap", "prometheus-config")["data"]["prometheus.yml"])
    assert "kubernetes_sd_configs" not in yaml.safe_dump(config)
    looked_at = [entry for job in config["scrape_configs"] for entry in job.get("dns_sd_configs", [])]
    looked_at += [entry for each in config["alerting"]["alertmanagers"] for entry in each["dns_sd_configs"]]
    for entry in looked_at:
        service = find(objects, "Service", entry["names"][0])
        assert service["spec"]["clusterIP"] == "None"
        assert entry["port"] in [port["port"] for port in service["spec"]["ports"]]


@pytest.mark.point(28)
@pytest.mark.needs_system("promtool")
def test_promtool_takes_the_configuration_with_the_rules(tmp_path):
    data = find(combine("prometheus"), "ConfigMap", "prometheus-config")["data"]
    for name, text in data.items():
        (tmp_path / name).write_text(text.replace("/etc/prometheus/", f"{tmp_path}/"))
    done = subprocess.run(
        ["promtool", "check", "config", tmp_path / "prometheus.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(data) - 1} rule files found" in done.stdout


@pytest.mark.point(29)
@pytest.mark.needs_system("promtool")
def test_promtool_takes_the_rules_as_the_operator_gets_them(tmp_path):
    for each in of_kind(combine("prometheus-operator"), "PrometheusRule"):
        file = tmp_path / f"{each['metadata']['name']}.yaml"
        file.write_text(yaml.safe_dump(each["spec"]))
        done = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.point(29)
def test_every_rule_of_the_repository_reaches_both_ways_of_installing():
    files = sorted((ROOT / "monitoring/rules").glob("*.rules.yaml"))
    assert files
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    assert rule_groups(combine("prometheus-operator")) == groups
    data = find(combine("prometheus"), "ConfigMap", "prometheus-config")["data"]
    assert {name for name in data if name.endswith(".rules.yaml")} == {file.name for file in files}
    assert all(data[file.name] == file.read_text() for file in files)


@pytest.mark.point(29)
@pytest.mark.needs_system("promtool")
def test_alerts_of_the_cluster_are_silent_before_fire_after_and_resolve():
    """cluster.test.yaml; those of monitoring/rules: tests/monitoring/rules."""
    done = subprocess.run(
        ["promtool", "test", "rules", Path(__file__).parent / "cluster.test.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tested = set(re.findall(r"alertname: (\w+)", (Path(__file__).parent / "cluster.test.yaml").read_text()))
    assert tested == {alert["alert"] for alert in alerts(combine("cluster-alerts"))}


@pytest.mark.point(29)
def test_every_alert_of_the_cluster_has_a_chapter_of_its_own():
    book = (KUBERNETES / "components/cluster-alerts/RUNBOOK.md").read_text()
    for alert in alerts(combine("cluster-alerts")):
        assert alert["labels"]["severity"] == "ticket"
        assert alert["annotations"]["summary"]
        assert (
            alert["annotations"]["runbook_url"] == f"k8s/components/cluster-alerts/RUNBOOK.md#{alert['alert'].lower()}"
        )
        assert f"## {alert['alert']}\n" in book


@pytest.mark.point(29)
def test_every_alert_has_a_severity_a_summary_and_a_chapter_of_the_runbook():
    found = alerts(combine("prometheus-operator"))
    assert len(found) >= 6
    for alert in found:
        assert alert["labels"]["severity"]
        assert alert["annotations"]["summary"]
        assert "monitoring/RUNBOOK.md#" in alert["annotations"]["runbook_url"], alert["alert"]


@pytest.mark.point(29)
def test_jobs_that_rules_name_are_scraped():
    named = set()
    for group in rule_groups(combine("prometheus-operator")):
        for rule in group["rules"]:
            named |= set(re.findall(r'\bjob="([^"]+)"', rule["expr"]))
    assert named - {"prometheus", "alertmanager"} <= JOBS


@pytest.mark.point(31)
@pytest.mark.needs_system("amtool")
def test_amtool_takes_the_routes_that_the_secret_is_made_from(tmp_path):
    """Routes and silence, severity by severity: tests/monitoring/rules."""
    original = (ROOT / "monitoring/alertmanager/alertmanager.yml").read_text()
    file = tmp_path / "alertmanager.yml"
    file.write_text(original)
    done = subprocess.run(["amtool", "check-config", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    addresses = re.findall(r"https?://([^/\"]+)|@([\w.-]+)", original)
    assert all(any(part.endswith(".example") for part in address if part) for address in addresses)
    assert "webhook_configs" in original
    assert "email_configs" in original


@pytest.mark.point(30)
def test_dashboards_are_found_by_label_fit_into_a_configmap_and_name_no_data_source_of_ours():
    originals = sorted((ROOT / "monitoring/dashboards").glob("*.json"))
    maps = [
        each
        for each in of_kind(combine("grafana-dashboards"), "ConfigMap")
        if "grafana_dashboard" in each["metadata"]["labels"]
    ]
    assert sorted(name for each in maps for name in each["data"]) == [path.name for path in originals]
    for each in maps:
        assert each["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert each["metadata"]["annotations"]["grafana_folder"] == "Symmetra"
        for text in each["data"].values():
            assert len(text.encode()) < MEBIBYTE
            uids = re.findall(r'"uid": ?"([^"]+)"', json.dumps(json.loads(text).get("panels", [])))
            assert all(uid.startswith("$") for uid in uids)


@pytest.mark.point(36)
def test_a_load_test_waits_for_its_workers_ends_by_itself_and_is_in_no_overlay(renders):
    objects = combine("load-test")
    master = find(objects, "Job", "load-test-master")["spec"]
    worker = find(objects, "Job", "load-test-worker")["spec"]
    assert worker["completionMode"] == "Indexed"
    assert worker["parallelism"] == worker["completions"]
    arguments = master["template"]["spec"]["containers"][0]["args"]
    assert f"--expect-workers={worker['parallelism']}" in arguments
    assert any(argument.startswith("--seconds=") for argument in arguments)
    for spec in (master, worker):
        assert spec["backoffLimit"] == 0
        assert spec["ttlSecondsAfterFinished"] > 0
        assert spec["activeDeadlineSeconds"] > 0
    assert not [
        each.name
        for name, found in renders.items()
        if name.startswith("overlay")
        for each in workloads(found)
        if "load-test" in each.name
    ]


def test_the_folder_of_made_files_holds_nothing_else():
    kept = {path.name for path in (KUBERNETES / "components/prometheus/files").iterdir()}
    assert kept == {"prometheus.yml"} | {path.name for path in (ROOT / "monitoring/rules").glob("*.rules.yaml")}
