"""What the operator page shows, to whom, and what it leaves out."""

import html
import re

import pytest

from gateway.languages import ENGLISH
from gateway.languages.de import GERMAN
from gateway.operating.orders import Cause, Said
from gateway.records.away.when_away import WhenAway
from gateway.stop.finding import LookResult
from gateway.stop.pause_change import PauseAction, PauseReason
from gateway.stop.pause_files import HISTORY_NAME, STATE_NAME
from gateway.stop.stop_switch import StopSwitch
from gateway.upstream.circuit import State
from serving.repository.history import HISTORY_NAME as REPOSITORY_HISTORY
from serving.repository.history import Action, HistoryRecord, append_record
from tests.support.gateway import DIGEST, VERSION, FakeGateway
from tests.support.records import make_records

OPERATOR = ENGLISH.operator


def words(response):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def test_on_loopback_without_access_it_is_refused_like_every_other_order(tmp_path):
    client = FakeGateway(tmp_path).client
    for response in (client.get("/operator"), client.post("/operator/pause"), client.post("/operator/resume")):
        assert (response.status_code, response.json["code"]) == (403, "scope_missing")


def test_whoever_may_not_operate_sees_nothing_of_it(operated):
    site = operated()
    response = site.gateway.client.get("/operator", headers=site.clinician)
    assert response.status_code == 403
    assert OPERATOR["live"] not in response.text
    assert (
        site.gateway.client.post("/operator/pause", data={"cause": "drill"}, headers=site.clinician).status_code == 403
    )
    assert StopSwitch(site.gateway.repository.directory).state() is None


def test_nothing_on_the_upload_page_leads_to_it(operated):
    site = operated()
    assert "/operator" not in site.gateway.client.get("/", headers=site.clinician).text


def test_it_says_what_is_live_and_since_when_by_the_repositorys_history(operated):
    site = operated()
    record = HistoryRecord("2026-11-24T09:15:02.123456+00:00", Action.PROMOTE, VERSION, DIGEST, by="ada", why="better")
    append_record(site.gateway.repository.directory / REPOSITORY_HISTORY, record)
    response = site.look()
    text = words(response)
    assert "depression_severity, version 3" in text
    assert DIGEST in text
    assert ENGLISH.evidence_words["demo"] in text
    assert "2026-11-24 09:15:02 UTC" in text
    assert f'<time datetime="{record.at}">' in response.text
    assert "ada: better" in text


def test_a_version_that_the_history_does_not_know_is_live_since_nobody_knows_when(operated):
    site = operated()
    record = HistoryRecord(
        "2026-11-24T09:15:02.123456+00:00", Action.PROMOTE, VERSION - 1, "cd" * 32, by="ada", why="x"
    )
    append_record(site.gateway.repository.directory / REPOSITORY_HISTORY, record)
    assert OPERATOR["unknown_since"] in words(site.look())


def test_without_a_model_it_says_why_and_stays_there(operated):
    site = operated()
    (site.gateway.repository.directory / "pin.json").unlink()
    response = site.look()
    assert response.status_code == 200
    assert OPERATOR["no_model"] in words(response)
    assert "model_not_pinned" in response.text


def test_a_history_that_cannot_be_read_leaves_the_rest_of_the_page(operated):
    site = operated()
    (site.gateway.repository.directory / REPOSITORY_HISTORY).write_text('{"at": 1}\n')
    text = words(site.look())
    assert OPERATOR["incomplete"] in text
    assert "depression_severity, version 3" in text
    for untold in ("no_changes", "unknown_since", "prometheus_away"):
        assert OPERATOR[untold] not in text


def test_it_says_who_paused_when_and_why_and_lists_the_changes(operated):
    site = operated()
    switch = StopSwitch(site.gateway.repository.directory)
    change = switch.pause(by="ada", why="odd since this morning").change
    switch.pause(by="bob", why="me too")
    text = words(site.look())
    assert OPERATOR["paused"] in text
    assert OPERATOR["reason_operator"] in text
    assert "odd since this morning" in text
    assert f"{change.at[:19].replace('T', ' ')} UTC" in text
    assert OPERATOR["action_note"] in text
    assert OPERATOR["pause"] not in text


@pytest.mark.parametrize("damage", ["damaged", "gone"])
def test_a_record_of_the_stop_switch_that_cannot_be_read_is_said(operated, damage):
    site = operated()
    directory = site.gateway.repository.directory
    (directory / HISTORY_NAME).touch()
    if damage == "damaged":
        (directory / STATE_NAME).write_text("{")
    text = words(site.look())
    assert OPERATOR["reason_state_unreadable"] in text
    assert OPERATOR["resume"] in text


def test_a_shadow_version_is_named_with_how_often_it_disagrees(operated):
    site = operated(shadow_version=4)
    assert OPERATOR["shadow_nothing"] in words(site.look())
    for agrees in (True, True, True, False):
        site.gateway.metrics.count_shadow_answer(agrees=agrees, band="mild", difference=0.1, traffic="patient")
    site.gateway.metrics.count_shadow_miss("dropped")
    text = words(site.look())
    assert "version 4" in text
    assert "1 of 4 answers with another band (25.0 %)" in text


def test_it_says_that_nothing_judges_drift_and_that_no_prometheus_is_set(operated):
    text = words(operated().look())
    assert OPERATOR["drift_state"] in text
    assert OPERATOR["no_prometheus"] in text
    assert "<svg" not in text


def test_load_is_what_this_gateway_counts(operated):
    site = operated(max_queue=7)
    site.gateway.metrics.set_admission(3, 2)
    site.gateway.metrics.model.set_circuit("open")
    site.gateway.metrics.set_upload_bytes(3 * 1024 * 1024)
    site.gateway.metrics.count_shed("queue_full")
    text = words(site.look())
    assert OPERATOR["circuit_open"] in text
    assert f"{OPERATOR['in_flight']} 3 of at most 32" in text
    assert f"{OPERATOR['queued']} 2 of at most 7" in text
    assert f"{OPERATOR['upload_memory']} 3.0 of at most 128" in text
    assert f"{OPERATOR['shed']} 1" in text


def test_records_are_off_or_on_with_their_rule_and_what_was_kept(operated, tmp_path):
    assert OPERATOR["no_records"] in words(operated().look())
    site = operated(**make_records(tmp_path))
    assert (
        site.gateway.client.post(
            "/v1/screenings", data=b"x", content_type="image/jpeg", headers=site.clinician
        ).status_code
        == 200
    )
    text = words(site.look())
    assert OPERATOR["records_refuse"] in text
    assert f"{OPERATOR['kept']} 1" in text
    assert str(site.gateway.settings.records_url) not in text


def test_every_state_has_words_in_every_language():
    for operator in (OPERATOR, GERMAN.operator):
        for prefix, names in (
            ("cause", Cause),
            ("said", Said),
            ("reason", PauseReason),
            ("action", PauseAction),
            ("look", LookResult),
            ("circuit", State),
            ("records", WhenAway),
        ):
            assert {f"{prefix}_{name.value}" for name in names} <= set(operator)


def test_it_speaks_german_where_the_site_does(operated):
    site = operated(languages=("en", "de"))
    response = site.look(**{"Accept-Language": "de"})
    assert '<html lang="de" dir="ltr">' in response.text
    assert GERMAN.operator["running"] in response.text


def test_nothing_in_it_is_inline_or_needs_a_script(operated):
    page = operated().look().text
    assert "<script" not in page
    assert not re.search(r"\son[a-z]+=|<style|\sstyle=|javascript:", page)
