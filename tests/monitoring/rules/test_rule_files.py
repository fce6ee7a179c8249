"""The committed rule files: current, whole, and right on Prometheus 2.42 to 3."""

import io
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from gateway.problems import all_codes
from gateway.screening import ABSTAINED, ANSWERED, REPEATED
from monitoring.commands.rules import run
from monitoring.metrics import DECLARATIONS, LATENCY_BUCKETS_SECONDS, STAGE_SECONDS
from monitoring.objectives import read_objectives
from monitoring.rules.durations import Pace, duration
from monitoring.rules.writing import RULES_FOLDER, generated_alerts, generated_files
from monitoring.sentinel.metrics import SENTINEL_DECLARATIONS
from serving.probe.exposition import GAUGES

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted(RULES_FOLDER.glob("*.rules.yaml"))
UNIT_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def rules():
    for path in FILES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                yield path.name, group, rule


def seconds_of(text):
    return sum(int(number) * UNIT_SECONDS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhd])", text))


def lint(expression, scrape_seconds):
    """What changed with Prometheus 3 and would make this expression mean something else, or nothing."""
    findings = [
        # 3.0 stores 5 as 5.0: a matcher of an integer matches nothing any more.
        f"le is matched as the integer {value}"
        for value in re.findall(r'le=~?"(\d+)"', expression)
    ]
    # 3.0 leaves out the sample on the left edge: a range of less than four scrapes may hold too few.
    findings += [
        f"the range {window} holds fewer than four scrapes"
        for window in re.findall(r"\[([0-9a-z]+)(?::[0-9a-z]*)?\]", expression)
        if seconds_of(window) < 4 * scrape_seconds
    ]
    if re.search(r"\bholt_winters\b", expression):
        findings.append("holt_winters is called double_exponential_smoothing in 3.0")
    return findings


def test_committed_rules_are_what_the_objectives_say():
    for name, text in generated_files(read_objectives()).items():
        assert (RULES_FOLDER / name).read_text() == text, "python -m monitoring write-rules"


def test_check_names_a_file_that_is_not_current(tmp_path):
    out, err = io.StringIO(), io.StringIO()
    assert run(["--folder", str(tmp_path)], {}, out, err) == 0
    assert run(["--folder", str(tmp_path), "--check"], {}, out, err) == 0
    (tmp_path / "slo.rules.yaml").write_text("groups: []\n")
    assert run(["--folder", str(tmp_path), "--check"], {}, out, err) == 1
    assert "slo.rules.yaml" in err.getvalue()


def test_objectives_that_are_wrong_are_a_sentence(tmp_path):
    (tmp_path / "slo.yaml").write_text("{}")
    err = io.StringIO()
    assert run(["--objectives", str(tmp_path / "slo.yaml"), "--folder", str(tmp_path)], {}, io.StringIO(), err) == 1
    assert "symmetra.slo/1" in err.getvalue()


@pytest.mark.needs_system("promtool")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_promtool_takes_every_file(path):
    checked = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_every_alert_says_whom_it_concerns_what_happens_and_what_to_do():
    seen = set()
    for _, _, rule in rules():
        if "alert" not in rule:
            continue
        seen.add(rule["alert"])
        assert rule["labels"]["severity"] in ("page", "ticket", "clinical_lead")
        assert {"summary", "description", "runbook_url"} <= rule["annotations"].keys()
        path, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert (ROOT / path).is_file()
        assert anchor == rule["alert"].lower()
    assert seen >= {alert.name for alert in generated_alerts(read_objectives())}


def test_rules_mean_the_same_in_every_prometheus_from_2_42_on():
    scrape_seconds = read_objectives().intervals.scrape_seconds
    assert {(name, finding) for name, _, rule in rules() for finding in lint(rule["expr"], scrape_seconds)} == set()


@pytest.mark.parametrize(
    "planted", ['x_bucket{le="5"}', "rate(x[30s])", "max_over_time(x[40s:10s])", "holt_winters(x[1h], 1, 1)"]
)
def test_lint_sees_what_it_looks_for(planted):
    assert lint(planted, scrape_seconds=15)


def test_every_outcome_of_the_gateway_is_in_one_list():
    outcomes = read_objectives().availability.outcomes
    listed = {*outcomes.good, *outcomes.uncounted, *outcomes.failed}
    assert listed == {ANSWERED, ABSTAINED, REPEATED, *all_codes()}


def test_every_metric_in_a_generated_rule_is_exported_or_recorded():
    exported = {
        each.name + ("_total" if each.kind == "counter" else "") for each in (*DECLARATIONS, *SENTINEL_DECLARATIONS)
    }
    exported |= {f"{STAGE_SECONDS.name}_{part}" for part in ("bucket", "count", "sum")} | set(GAUGES)
    recorded = {rule["record"] for _, _, rule in rules() if "record" in rule}
    for name, _, rule in rules():
        if name != "drift.rules.yaml":
            expression = re.sub(r'"[^"]*"', "", rule["expr"])
            assert set(re.findall(r"symmetra_\w+", expression)) <= exported
            assert set(re.findall(r"symmetra:[\w:]+", expression)) <= recorded


def test_bounds_of_latency_are_edges_of_the_histogram():
    latency = read_objectives().latency.objectives
    assert {latency.usual.within_seconds, latency.slowest.within_seconds} <= set(LATENCY_BUCKETS_SECONDS)


def test_only_patients_burn_an_objective():
    for _, group, rule in rules():
        if group["name"].startswith("symmetra-slo") and "symmetra_" in rule["expr"]:
            assert rule["expr"].count('traffic="patient"') == rule["expr"].count("symmetra_")


@pytest.mark.parametrize(
    ("seconds", "text"), [(300, "5m"), (5400, "90m"), (691_200, "8d"), (1.5, "1500ms"), (60, "1m"), (3600, "1h")]
)
def test_durations_are_exact(seconds, text):
    assert duration(seconds) == text


def test_a_faster_pace_shortens_every_range_and_wait_and_renames_nothing():
    objectives = read_objectives()
    slow, fast = generated_files(objectives), generated_files(objectives, Pace(60))
    for name, text in fast.items():
        names = r"(?:record|alert): (\S+)"
        assert re.findall(names, text) == re.findall(names, slow[name])
        pairs = zip(
            re.findall(r"(?:\[|for: |interval: )(\w+)", slow[name]),
            re.findall(r"(?:\[|for: |interval: )(\w+)", text),
            strict=True,
        )
        for of_site, of_trial in pairs:
            assert seconds_of(of_site) == pytest.approx(60 * seconds_of(of_trial), rel=1e-3)
