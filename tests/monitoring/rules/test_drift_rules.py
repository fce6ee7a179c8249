"""PromQL's drift against NumPy's, and the alerts on drift, by the real promtool."""

import json
import re
import subprocess

import numpy as np
import pytest
import yaml

from monitoring.drift.distances import jensen_shannon, population_stability_index, psi_threshold
from monitoring.drift.reference import Reference
from monitoring.reference_metrics import SIGNALS
from monitoring.rules.drift_alerts import drift_alert_groups, drift_alerts
from monitoring.rules.drift_rules import BAND_BINS, drift_groups
from monitoring.rules.rule import Group, rule_file
from monitoring.rules.writing import DRIFT_RULES, RULES_FOLDER
from monitoring.severity_bins import SEVERITY_BINS

pytestmark = pytest.mark.needs_system("promtool")
EXPECTED = (272, 291, 219, 177, 160, 165, 184, 220, 255, 168)
PODS = ("a", "b")
STEPS = 8 * 12
"""Eight hours of five minutes: the sum over six hours of the recorded hour needs seven."""


def counter(signal, number, pod):
    if signal == "severity":
        return f'symmetra_subject_severity_total{{model_version="7",bin="{SEVERITY_BINS[number]}",instance="{pod}"}}'
    labels = f'model_version="7",statistic="{signal}",bin="{number + 1}",instance="{pod}"'
    return f"symmetra_subject_image_quality_total{{{labels}}}"


def series_of(counts, references, step_of=lambda pod: {"a": 0.3, "b": 0.7}[pod]):
    """Counters that grow evenly to these counts in six hours, over the pods unevenly, and the reference's gauges."""
    series = {}
    for signal, reference in references.items():
        names = SEVERITY_BINS if signal == "severity" else [str(number + 1) for number in range(len(reference.shares))]
        for number, name in enumerate(names):
            for pod in PODS:
                step = counts[signal][number] * step_of(pod) / 72
                series[counter(signal, number, pod)] = f"0+{step:.12f}x{STEPS}"
                share = f'symmetra_reference_share{{model_version="7",signal="{signal}",bin="{name}",instance="{pod}"}}'
                series[share] = f"{reference.shares[number]:.15f}x{STEPS}"
        for pod in PODS:
            photos = f'symmetra_reference_photos{{model_version="7",signal="{signal}",instance="{pod}"}}'
            series[photos] = f"{reference.photos}x{STEPS}"
    return series


def promtool(folder, series, wanted):
    """Whether each expression gives one sample, and its value 1, eight hours in; promtool's words otherwise."""
    # Those that the committed file holds, without its alerts, which are tried below.
    (folder / "drift.rules.yaml").write_text(rule_file(drift_groups()))
    test = {
        "rule_files": ["drift.rules.yaml"],
        "evaluation_interval": "4m",
        "tests": [{
            "interval": "5m",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [
                {"expr": expr, "eval_time": "8h", "exp_samples": [{"labels": "{}", "value": value}] if value is not None else []}
                for expr, value in wanted.items()
            ],
        }],
    }  # fmt: skip
    path = folder / "drift.test.yaml"
    path.write_text(json.dumps(test))
    done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def near(expression, value):
    """An expression that is 1 where another is within a thousandth."""
    return f"sum(abs({expression} - {value!r})) <= bool {1e-3 * abs(value)!r}"


@pytest.mark.parametrize("seed", range(2))
def test_promql_is_numpy_to_a_thousandth(tmp_path, seed):
    rng = np.random.default_rng(seed)
    bins = {"severity": 10, "luminance": 10, "contrast": 7, "sharpness": 2, "face_size": 10}
    references, counts = {}, {}
    for signal in SIGNALS:
        shares = rng.dirichlet(np.full(bins[signal], 5.0))
        references[signal] = Reference.from_counts(rng.multinomial(2_111, shares).tolist())
        counts[signal] = rng.multinomial(900, rng.dirichlet(50 * shares))
    wanted = {}
    for signal, reference in references.items():
        of = f'{{signal="{signal}"}}'
        for name, value in (
            ("symmetra:drift_psi", population_stability_index(counts[signal], reference)),
            ("symmetra:drift_jensen_shannon", jensen_shannon(counts[signal], reference)),
            ("symmetra:drift_psi:threshold", psi_threshold(900, reference)),
            ("symmetra:drift_photos:chosen", 900.0),
            ("symmetra:drift_window_hours", 6.0),
        ):
            wanted[near(name + of, float(value))] = 1
    q = (counts["severity"] + 0.5) / (900 + 5)
    place = 0
    for band, of in BAND_BINS.items():
        part = slice(place, place := place + len(of))
        wanted[near(f'symmetra:drift_band_share{{band="{band}"}}', float(q[part].sum()))] = 1
        expected = float(references["severity"].shares[part].sum())
        wanted[near(f'symmetra:drift_band_share:expected{{band="{band}"}}', expected)] = 1
    further_off = 1.002 * population_stability_index(counts["severity"], references["severity"])
    wanted[near('symmetra:drift_psi{signal="severity"}', float(further_off))] = 0  # so the comparison can fail
    assert promtool(tmp_path, series_of(counts, references), wanted) == ""


def test_too_few_photos_are_insufficient_and_never_no_drift(tmp_path):
    reference = Reference.from_counts(EXPECTED)
    series = series_of({"severity": reference.shares * 300}, {"severity": reference})
    wanted = {
        "sum(symmetra:drift_insufficient)": 1,
        "count(symmetra:drift_psi)": None,
        "count(symmetra:drift_psi:exceeded)": None,
        "count(symmetra:drift_band_share)": None,
    }
    assert promtool(tmp_path, series, wanted) == ""


def test_committed_scenarios_hold():
    done = subprocess.run(
        ["promtool", "test", "rules", "drift.test.yaml"], cwd=RULES_FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_on_drift_is_in_the_committed_scenarios_or_here():
    text = (RULES_FOLDER / "drift.test.yaml").read_text()
    here = {"AbstentionShareJump", "ShadowDisagreement", "HighBandShareJump"}
    assert {alert.name for alert in drift_alerts()} <= here | set(re.findall(r"Drift[A-Z]\w+", text))


def test_no_alert_on_drift_pages():
    rules = yaml.safe_load((RULES_FOLDER / DRIFT_RULES).read_text())
    severities = {rule["labels"]["severity"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule}
    assert severities == {"ticket", "clinical_lead"}


SHARES = {
    "AbstentionShareJump": (
        'symmetra_screenings_total{outcome="abstained",traffic="patient"}',
        'symmetra_screenings_total{outcome="answered",traffic="patient"}',
    ),
    "HighBandShareJump": (
        'symmetra_bands_total{band="high",model_version="7",traffic="patient"}',
        'symmetra_bands_total{band="none",model_version="7",traffic="patient"}',
    ),
    "ShadowDisagreement": (
        'symmetra_shadow_answers_total{band="high",result="disagree",traffic="patient"}',
        'symmetra_shadow_answers_total{band="high",result="agree",traffic="patient"}',
    ),
}


def firing(folder, groups, series, moments, interval="4m"):
    """promtool's words on whether exactly these alerts fire at these moments; "" where they do."""
    (folder / "some.rules.yaml").write_text(rule_file(groups))
    expressions = [
        {
            "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
            "eval_time": moment,
            "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(names)],
        }
        for moment, names in moments.items()
    ]
    inputs = [{"series": name, "values": values} for name, values in series.items()]
    test = {
        "rule_files": ["some.rules.yaml"],
        "evaluation_interval": interval,
        "tests": [{"interval": "5m", "input_series": inputs, "promql_expr_test": expressions}],
    }
    path = folder / "some.test.yaml"
    path.write_text(json.dumps(test))
    done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_shares_that_jump_are_told_and_shares_that_waver_are_not(tmp_path):
    """A day at 50 photos an hour and gateway with 4 % in each share, one with 5 %, one with 30 %."""
    shares_of_days, step, day = (0.04, 0.05, 0.3), 50 / 12, 288
    series = {}
    for rare, common in SHARES.values():
        for metric, is_rare in ((rare, True), (common, False)):
            grown, values = 0.0, []
            for share in shares_of_days:
                grows = step * (share if is_rare else 1 - share)
                values.append(f"{grown:.9f}+{grows:.9f}x{day - 1}")
                grown += grows * day
            series |= {f'{metric[:-1]},instance="{pod}"}}': " ".join(values) for pod in PODS}
            # A load test with nothing but the rare answer changes nothing.
            series[metric.replace("patient", "loadtest")] = f"0+900x{3 * day}" if is_rare else f"0x{3 * day}"
    assert firing(tmp_path, drift_alert_groups(), series, {"47h": set(), "71h": set(SHARES)}) == ""


def test_a_week_without_enough_photos_is_blind_and_six_days_are_as_planned(tmp_path):
    series = {
        'symmetra_model_info{model_version="7"}': "1x2400",
        'symmetra_drift_state{model_version="7",state="insufficient_data"}': "1x2400",
    }
    blind = next(alert for alert in drift_alerts() if alert.name == "DriftBlind")
    groups = [Group("one", "5m", [blind])]
    assert firing(tmp_path, groups, series, {"6d": set(), "8d": {"DriftBlind"}}, interval="1h") == ""
