"""Each alert by the real promtool: silent just before, firing just after, over again when it is over, and nothing else with it."""

import pytest

from monitoring.objectives import read_objectives
from monitoring.rules.writing import generated_alerts
from tests.support.promtool import ALWAYS, Scenario

pytestmark = pytest.mark.needs_system("promtool")
ANSWERED = 'symmetra_screenings_total{outcome="answered",traffic="patient"}'
FAILED = 'symmetra_screenings_total{outcome="model_timeout",traffic="patient"}'
REFUSED = 'symmetra_screenings_total{outcome="records_unavailable",traffic="patient"}'
SHED = 'symmetra_screenings_total{outcome="gateway_overloaded",traffic="patient"}'
QUEUED = 'symmetra_stage_seconds_sum{stage="queue",traffic="patient"}'
NO_RECEIPT = 'symmetra_receipts_total{result="failed"}'
UP = 'up{job="gateway",instance="a"}'


def stage(edge):
    name, label = ("count", "") if edge is None else ("bucket", f',le="{edge}"')
    return f'symmetra_stage_seconds_{name}{{stage="total",traffic="patient"{label}}}'


SCENARIOS = {
    "WrongAnswers: a gateway's sentinel paused": (
        {'symmetra_paused{reason="digest_mismatch"}': "0x9 1x10 0x10"},
        {"9m": set(), "10m": {"WrongAnswers"}, "25m": {"WrongAnswers"}, "27m": set()},
    ),
    "WrongAnswers: two wrong looks from outside": (
        {'symmetra_blackbox_in_a_row{result="wrong"}': "0x4 1x2 2x5 0x5"},
        {"7m": set(), "8m": {"WrongAnswers"}, "18m": {"WrongAnswers"}, "20m": set()},
    ),
    "AllReplicasDown: every scrape fails": (
        {UP: "1x4 0x10 1x5"},
        {"6m": set(), "7m": {"AllReplicasDown"}, "15m": {"AllReplicasDown", "ReplicaDown"}, "16m": set()},
    ),
    "AllReplicasDown: no gateway is known": (
        {UP: "1x4 stale"},
        {"6m": set(), "7m": {"AllReplicasDown"}},
    ),
    "RecordsNotKept: one answer was given without a record": (
        {NO_RECEIPT: "0x9 1x40", REFUSED: "0x50"},
        {"10m": set(), "11m": {"RecordsNotKept"}, "23m": {"RecordsNotKept"}, "26m": set()},
    ),
    "RecordsNotKept: answers are refused, the third one tells": (
        {NO_RECEIPT: "0x9 1 2 3x40", REFUSED: "0x9 1 2 3x40"},
        {"12m": set(), "13m": {"RecordsNotKept"}, "23m": {"RecordsNotKept"}, "27m": set()},
    ),
    "AvailabilityBurn: nobody gets an answer from outside": (
        {'symmetra_blackbox_in_a_row{result="unanswered"}': "0x4 1x2 2x2 3x10 0x5"},
        {"12m": set(), "13m": {"AvailabilityBurn"}, "26m": {"AvailabilityBurn"}, "28m": set()},
    ),
    # From 60 min on every second screening fails: five of them within an hour are enough, at the fifth minute.
    "AvailabilityBurn: an outage at 60 photos an hour": (
        {ANSWERED: "0+1x60 61x30 62+1x60", FAILED: "0x61 1+1x29 30x61"},
        {"66m": set(), "69m": {"AvailabilityBurn"}, "91m": {"AvailabilityBurn"}, "130m": set()},
    ),
    "LatencyBurn: three of four photos take 2 s": (
        {
            stage(None): "0+4x300",
            stage("1.0"): "0+4x60 241+1x90 335+4x120",
            stage("5.0"): "0+4x300",
        },
        {"100m": set(), "130m": {"LatencyBurn"}, "150m": {"LatencyBurn"}, "190m": set()},
    ),
    "Saturated: one patient in forty is refused for want of room, and not enough to page": (
        {ANSWERED: "0+39x180", SHED: "0x29 0+1x45 45x100"},
        {"38m": set(), "50m": {"Saturated"}, "74m": {"Saturated"}, "95m": set()},
    ),
    # Twenty of them at a time: 1,200 seconds are waited within each minute. Sixteen are reached after 12 of the 15 min.
    "Saturated: patients' photos wait all the time": (
        {QUEUED: "0x9 0+1200x30 36000x20"},
        {"25m": set(), "28m": {"Saturated"}, "40m": {"Saturated"}, "45m": set()},
    ),
    "ReplicaDown": (
        {'up{job="gateway",instance="b"}': "1x4 0x20 1x5"},
        {"14m": set(), "15m": {"ReplicaDown"}, "25m": {"ReplicaDown"}, "26m": set()},
    ),
    "VersionMismatch": (
        {
            'symmetra_model_info{model="m",model_version="7",digest="a",instance="a"}': "1x60",
            'symmetra_model_info{model="m",model_version="7",digest="a",instance="b"}': "1x9 stale",
            'symmetra_model_info{model="m",model_version="8",digest="b",instance="b"}': "_x10 1x20 stale",
        },
        {"24m": set(), "25m": {"VersionMismatch"}, "35m": {"VersionMismatch"}, "37m": set()},
    ),
    "VersionMismatch: the version that answers is not pinned": (
        {'symmetra_blackbox_in_a_row{result="other_version"}': "0x4 3x30 0x5"},
        {"19m": set(), "20m": {"VersionMismatch"}, "39m": {"VersionMismatch"}, "41m": set()},
    ),
    "ModelServerNotOnGpu": (
        {'symmetra_probe_gpu_missing{instance="p"}': "0x4 1x20 0x5"},
        {"14m": set(), "15m": {"ModelServerNotOnGpu"}, "30m": {"ModelServerNotOnGpu"}, "32m": set()},
    ),
    "ScreeningPaused: forgotten for an hour": (
        {'symmetra_paused{reason="operator"}': "0x9 1x70 0x5"},
        {"69m": set(), "70m": {"ScreeningPaused"}, "80m": {"ScreeningPaused"}, "81m": set()},
    ),
    "JournalWaiting": (
        {"symmetra_journal_bytes": "0x9 2048x70 0x5"},
        {"69m": set(), "70m": {"JournalWaiting"}, "80m": {"JournalWaiting"}, "81m": set()},
    ),
    "RetentionFailing: the third attempt in a day": (
        {
            'symmetra_retention_runs_total{result="failed"}': "0x59 1x59 2x59 3x60 3x60",
            'symmetra_retention_runs_total{result="done"}': "0x239 1x60",
        },
        {"179m": set(), "181m": {"RetentionFailing"}, "239m": {"RetentionFailing"}, "241m": set()},
    ),
    # promtool's clock begins at 0: 21 days are 1,814,400 s.
    "CertificateExpiring: from 21 days before": (
        {'symmetra_certificate_expires_seconds{target="front"}': "1814700x9 99999999x5"},
        {"5m": set(), "6m": {"CertificateExpiring"}, "14m": {"CertificateExpiring"}, "16m": set()},
    ),
    "CertificateExpiring: one that is over is told by who gets no answer": (
        {'symmetra_certificate_expires_seconds{target="front"}': "60x20"},
        {"0m": {"CertificateExpiring"}, "8m": set()},
    ),
    "DiskAlmostFull": (
        {'symmetra_disk_free_share{disk="records"}': "0.11x4 0.09x20 0.5x5"},
        {"19m": set(), "20m": {"DiskAlmostFull"}, "30m": {"DiskAlmostFull"}, "32m": set()},
    ),
    "MonitoringPartDown: the controller": (
        {'up{job="drift-controller"}': "1x4 0x20 1x5"},
        {"19m": set(), "20m": {"MonitoringPartDown"}, "25m": {"MonitoringPartDown"}, "26m": set()},
    ),
    "MonitoringPartDown: nobody knows of a sentinel any more": (
        {'up{job="sentinel"}': "1x4 stale"},
        {"19m": set(), "21m": {"MonitoringPartDown"}},
    ),
    "SentinelBlind: it is gone with its series": (
        {"symmetra_blackbox_last_look_seconds": "0x2 stale"},
        {"40m": set(), "41m": {"SentinelBlind"}},
    ),
    "DiskAlmostFull: a disk that is gone": (
        {'symmetra_disk_free_share{disk="records"}': "0.5x4" + " NaN" * 20},
        {"19m": set(), "21m": {"DiskAlmostFull"}},
    ),
    "SentinelBlind: it looks no more": (
        {"symmetra_blackbox_last_look_seconds": "0x60 3660x5"},
        {"40m": set(), "41m": {"SentinelBlind"}, "65m": {"SentinelBlind"}, "67m": set()},
    ),
    "SentinelBlind: it may not ask": (
        {'symmetra_blackbox_in_a_row{result="blind"}': "0x4 2x4 3x20 0x5"},
        {"19m": set(), "20m": {"SentinelBlind"}, "34m": {"SentinelBlind"}, "36m": set()},
    ),
    "SentinelBlind: a gateway's own has nothing to compare with": (
        {"symmetra_sentinel_watching": "1x4 0x20 1x5"},
        {"14m": set(), "15m": {"SentinelBlind"}, "30m": {"SentinelBlind"}, "32m": set()},
    ),
    "MonitoringImpaired: two sites are taken for one": (
        {'up{job="gateway",instance="b",site="another"}': "_x10 1x20 stale"},
        {"14m": set(), "16m": {"MonitoringImpaired"}, "30m": {"MonitoringImpaired"}, "33m": set()},
    ),
    "MonitoringImpaired: a rule fails": (
        {"prometheus_rule_evaluation_failures_total": "0x4 1x60"},
        {"9m": set(), "10m": {"MonitoringImpaired"}, "18m": {"MonitoringImpaired"}, "21m": set()},
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_alert_is_silent_just_before_fires_just_after_and_ends(name, tmp_path):
    series, firing = SCENARIOS[name]
    assert Scenario(series, firing).failures(tmp_path) == ""


def test_every_alert_has_a_scenario_in_which_it_fires():
    elsewhere = {ALWAYS, "FailureEveryDay", "LatencyTrickle"}  # test_low_traffic.py, and the first here
    tried = {alert for _, firing in SCENARIOS.values() for names in firing.values() for alert in names}
    assert tried | elsewhere == {alert.name for alert in generated_alerts(read_objectives())}


def test_dead_mans_switch_always_fires(tmp_path):
    assert Scenario({}, {"0m": {ALWAYS}, "60m": {ALWAYS}}, but="").failures(tmp_path) == ""


def test_other_traffic_than_patients_burns_nothing(tmp_path):
    series = {
        name.replace("patient", kind): values
        for kind in ("sentinel", "loadtest")
        for name, values in {
            ANSWERED: "0+1x120",
            FAILED: "0+10x120",
            stage(None): "0+4x120",
            stage("1.0"): "0x120",
            stage("5.0"): "0x120",
        }.items()
    }
    assert Scenario(series, {"10m": set(), "60m": set(), "110m": set()}).failures(tmp_path) == ""


def test_a_pause_and_callers_mistakes_are_no_failures(tmp_path):
    series = {ANSWERED: "0+1x120"}
    series |= {
        FAILED.replace("model_timeout", code): "0+10x120" for code in ("screening_paused", "photo_missing", "too_dark")
    }
    assert Scenario(series, {"60m": set(), "110m": set()}).failures(tmp_path) == ""


def test_an_outcome_that_is_in_no_list_is_a_failure(tmp_path):
    series = {ANSWERED: "0+1x120", FAILED.replace("model_timeout", "something_new"): "0+1x120"}
    assert Scenario(series, {"110m": {"AvailabilityBurn"}}).failures(tmp_path) == ""
