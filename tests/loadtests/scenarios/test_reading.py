"""Scenarios from YAML: what is committed can be run, and every mistake is a sentence that says where it is and what would be right."""

import re

import pytest

from loadtests.errors import ScenarioUnusable
from loadtests.scenarios.alerts import Known, read_known
from loadtests.scenarios.kinds import KINDS
from loadtests.scenarios.reading import committed_scenarios, read_scenario
from monitoring.objectives import read_objectives
from monitoring.rules.drift_alerts import drift_alerts
from monitoring.rules.writing import generated_alerts

GOOD = """
schema: symmetra.scenario/1
about: One of two gateways is killed.
photos_a_minute: 4
site: {deadline_seconds: 2, records: true}
patients: {answered_share_at_least: 0.95}
changes:
  - {kind: disk_slow, at_minute: 2, lasts_minutes: 5}
expect:
  - {alert: ReplicaDown, receiver: tickets, within_minutes: 15, over_within_minutes: 10}
may:
  - {alert: DriftWarning, receiver: tickets, why: chance}
"""
WANTED = {
    "gateway_replica_killed",
    "model_server_hung",
    "slow_disk_for_records",
    "wrong_answers_after_promotion",
    "dark_camera",
    "prevalence_shift",
    "burst_of_bad_photos",
    "trickle_of_failures",
}


@pytest.fixture(scope="module")
def known():
    return read_known()


def read(tmp_path, text, known):
    path = tmp_path / "some.yaml"
    path.write_text(text)
    return read_scenario(path, known)


def test_the_eight_scenarios_are_committed_and_can_be_run(known):
    scenarios = {path.stem: read_scenario(path, known) for path in committed_scenarios()}
    assert set(scenarios) >= WANTED
    assert scenarios["burst_of_bad_photos"].expect == ()
    assert all(scenario.expect for name, scenario in scenarios.items() if name != "burst_of_bad_photos")


def test_alerts_and_receivers_are_those_of_the_rules_and_routes(known):
    generated = {alert.name for alert in (*generated_alerts(read_objectives()), *drift_alerts())}
    assert known.alerts == generated - {"DeadMansSwitch"}
    assert known.receivers == {"on-call", "clinical-lead", "tickets", "heartbeat"}


def test_a_scenario_is_read_as_it_is_written(tmp_path, known):
    scenario = read(tmp_path, GOOD, known)
    (change,), (expected,) = scenario.changes, scenario.expect
    assert (scenario.name, scenario.photos_a_minute, scenario.times_faster) == ("some", 4.0, 30.0)
    assert (scenario.site.deadline_seconds, scenario.site.records) == (2.0, True)
    assert scenario.answered_share_at_least == 0.95
    assert (change.at_minute, change.lasts_minutes, change.options) == (2.0, 5.0, {"flush_seconds": 8.0})
    assert (expected.words, expected.within_minutes) == ("ReplicaDown to tickets", 15.0)
    assert scenario.seconds(15) == 30.0
    assert scenario.minutes(30.0) == 15.0


MISTAKES = {
    ("kind: disk_slow", "kind: disk_slwo"): "changes[1].kind is disk_slwo; there are: gateway_killed, model_server_hung, disk_slow",
    ("ReplicaDown", "ReplicaGone"): "expect[1].alert is ReplicaGone, and no rule has that name; there are: AbstentionShareJump",
    ("alert: DriftWarning", "alert: DeadMansSwitch"): "may[1].alert is DeadMansSwitch, and no rule has that name",
    ("receiver: tickets, within", "receiver: ticket, within"): "expect[1].receiver is ticket; the routes know: clinical-lead",
    ("photos_a_minute: 4", "photos_per_minute: 4"): "photos_a_minute is missing",
    ("about: One", "more: 3\nabout: One"): "more is not known here; there are: about, changes, expect",
    ("lasts_minutes: 5", "last_minutes: 5"): "changes[1].last_minutes is not known here",
    ("photos_a_minute: 4", "photos_a_minute: four"): "photos_a_minute is 'four', and must be a number",
    ("photos_a_minute: 4", "photos_a_minute: yes"): "photos_a_minute is True, and must be a number",
    ("photos_a_minute: 4", "photos_a_minute: .nan"): "photos_a_minute is nan, and must be a number",
    ("photos_a_minute: 4", "photos_a_minute: 4\nphotos_a_minute: 8"): "`photos_a_minute` is given twice",
    ("photos_a_minute: 4", "photos_a_minute: 4\ntimes_faster: 3600"): "times_faster is 3600, and must be from 1 to 60",
    ("scenario/1", "scenario/9"): "schema is symmetra.scenario/9; this release reads symmetra.scenario/1",
    ("records: true", "records: 1"): "site.records is 1, and must be true or false",
    (", records: true", ""): "changes has disk_slow, which slows nothing down without `site: {records: true}`",
    ("why: chance", "why: ''"): "may[1].why is '', and must be a text",
    (", over_within_minutes: 10", ""): "expect[1].over_within_minutes is missing",
    ("  - {kind: disk_slow, at_minute: 2, lasts_minutes: 5}", "  kind: disk_slow"): "changes is a mapping, and must be a list",
    ("  - {kind: disk_slow, at_minute: 2, lasts_minutes: 5}", "  - disk_slow"): "changes[1] is 'disk_slow', and must be a mapping",
    ("changes:\n  - {kind: disk_slow, at_minute: 2, lasts_minutes: 5}", "changes: []"): "changes is empty; say what happens, one of: gateway_killed",
    ("alert: DriftWarning", "alert: ReplicaDown"): "name one alert and receiver twice",
    ("kind: disk_slow, at", "kind: single_failures, at"): "changes[1].every_minutes is missing",
    ("changes:\n", "changes:\n  - {kind: disk_slow, at_minute: 1}\n"): "changes names one kind twice",
    ("about: One", "about: !!python/name:os.system One"): "it is no YAML",
    ("schema:", "[schema:"): "it is no YAML",
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake[1][:40])
def test_a_mistake_is_a_sentence(tmp_path, known, mistake):
    assert mistake[0] in GOOD
    with pytest.raises(ScenarioUnusable, match=re.escape(MISTAKES[mistake])) as told:
        read(tmp_path, GOOD.replace(*mistake), known)
    assert str(told.value).startswith(str(tmp_path / "some.yaml"))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("content", ["", "- 1", "text", "\0", "a: " + "x" * 200_000])
def test_what_is_no_scenario_at_all_is_told_as_well(tmp_path, known, content):
    with pytest.raises(ScenarioUnusable):
        read(tmp_path, content, known)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path, known):
    with pytest.raises(ScenarioUnusable, match="cannot be read"):
        read_scenario(tmp_path / "none.yaml", known)


def test_a_rule_that_is_added_is_known_and_the_one_that_always_fires_is_not(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "x.rules.yaml").write_text(
        "groups:\n  - rules:\n    - alert: New\n    - alert: DeadMansSwitch\n"
    )
    (tmp_path / "alertmanager").mkdir()
    (tmp_path / "alertmanager" / "alertmanager.yml").write_text(
        "route:\n  receiver: a\n\nreceivers:\n  - name: night-watch\n"
    )
    assert read_known(tmp_path) == Known(frozenset({"New"}), frozenset({"night-watch"}))


def test_every_kind_says_what_happens():
    assert all(kind.says and not kind.says.endswith(".") for kind in KINDS.values())
