"""Pausing and resuming from the operator page: the same rules as the commands, and a note in the audit trail."""

import html
import re

import pytest
from sqlalchemy import text as sql

from gateway.errors import RecordsUnavailable
from gateway.languages import ENGLISH
from gateway.operating.orders import Cause
from gateway.records.database import open_database
from gateway.stop.finding import Finding, LookResult
from gateway.stop.pause_change import PauseAction, PauseReason
from gateway.stop.sentinel import SENTINEL_EXTENSION
from gateway.stop.stop_switch import StopSwitch
from tests.support.records import make_records

OPERATOR = ENGLISH.operator


def words(response):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def switch_of(site):
    return StopSwitch(site.gateway.repository.directory)


def pause_id(site):
    return re.search(r'name="pause_id" value="([^"]*)"', site.look().text)[1]


def looks_say(site, monkeypatch, result):
    sentinel = site.gateway.app.extensions[SENTINEL_EXTENSION]
    monkeypatch.setattr(sentinel._examiner, "look_closely", lambda _: Finding(result, "as told"))


def test_an_operator_pauses_with_a_cause_and_is_shown_that_it_holds(operated):
    site = operated()
    response = site.order("/operator/pause", cause="odd_answers")
    assert (response.status_code, response.headers["Location"]) == (303, "/operator?said=paused")
    change = switch_of(site).state()
    assert (change.action, change.reason, change.by, change.why) == (
        PauseAction.PAUSE, PauseReason.OPERATOR, "key:night-shift", "odd_answers",
    )  # fmt: skip
    shown = words(site.look(response.headers["Location"]))
    assert OPERATOR["said_paused"] in shown
    assert OPERATOR["cause_odd_answers"] in shown
    refused = site.gateway.client.post("/v1/screenings", data=b"x", content_type="image/jpeg", headers=site.clinician)
    assert refused.json["code"] == "screening_paused"


def test_a_second_pause_keeps_the_first_and_is_noted(operated):
    site = operated()
    site.order("/operator/pause", cause="odd_answers")
    assert site.order("/operator/pause", cause="drill").headers["Location"].endswith("said=already_paused")
    assert [change.why for change in switch_of(site).history()[0]] == ["odd_answers", "drill"]


@pytest.mark.parametrize("cause", ["", "Ada Lovelace, room 7", "ODD_ANSWERS"])
def test_only_causes_of_the_list_are_taken(operated, cause):
    site = operated()
    response = site.order("/operator/pause", cause=cause)
    assert response.status_code == 400
    assert "Lovelace" not in response.text
    assert switch_of(site).state() is None


def test_after_a_right_look_an_operator_resumes_the_pause_that_was_seen(operated, monkeypatch):
    site = operated()
    looks_say(site, monkeypatch, LookResult.RIGHT)
    site.order("/operator/pause", cause="maintenance")
    response = site.order("/operator/resume", pause_id=pause_id(site))
    assert (response.status_code, response.headers["Location"]) == (303, "/operator?said=resumed")
    change = switch_of(site).state()
    assert (change.action, change.by, change.details) == (PauseAction.RESUME, "key:night-shift", {"look": "right"})
    assert OPERATOR["running"] in words(site.look())
    assert site.order("/operator/resume", pause_id="x").headers["Location"].endswith("said=not_paused")


def test_a_pause_that_was_not_seen_is_not_ended(operated, monkeypatch):
    site = operated()
    looks_say(site, monkeypatch, LookResult.RIGHT)
    site.order("/operator/pause", cause="maintenance")
    seen = pause_id(site)
    switch_of(site).pause_for_mismatch(PauseReason.GOLDEN_MISMATCH, by="sentinel", why="x", details={})
    response = site.order("/operator/resume", pause_id=seen)
    assert response.status_code == 409
    assert OPERATOR["said_other_pause"] in words(response)
    assert switch_of(site).state().action is PauseAction.PAUSE


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (LookResult.GOLDEN_MISMATCH, "said_mismatch_shows"),
        (LookResult.DIGEST_MISMATCH, "said_mismatch_shows"),
        (LookResult.UNAVAILABLE, "said_not_looked"),
        (LookResult.OFF, "said_not_looked"),
    ],
)
def test_while_the_mismatch_shows_or_nobody_can_look_it_stays_paused(operated, monkeypatch, result, said):
    site = operated()
    looks_say(site, monkeypatch, result)
    switch_of(site).pause_for_mismatch(PauseReason.GOLDEN_MISMATCH, by="sentinel", why="x", details={})
    response = site.order("/operator/resume", pause_id=pause_id(site))
    assert response.status_code == 409
    assert OPERATOR[said] in words(response)
    assert switch_of(site).state().action is PauseAction.PAUSE


def test_a_record_that_cannot_be_read_is_replaced_by_a_resume(operated, monkeypatch):
    site = operated()
    looks_say(site, monkeypatch, LookResult.RIGHT)
    (site.gateway.repository.directory / "pause.json").write_text("{")
    assert site.order("/operator/resume", pause_id=pause_id(site)).status_code == 303
    assert switch_of(site).state().action is PauseAction.RESUME


def test_a_switch_that_cannot_be_written_is_said(operated):
    site = operated()
    (site.gateway.repository.directory / ".pause.lock").mkdir()
    response = site.order("/operator/pause", cause="drill")
    assert response.status_code == 503
    assert OPERATOR["said_not_written"] in words(response)


def test_a_form_without_its_field_is_refused(operated):
    site = operated()
    assert site.order("/operator/resume", other="x").status_code == 400
    assert site.order("/operator/resume").status_code == 415
    assert site.gateway.client.post("/operator/pause", headers=site.clinician).status_code == 403


@pytest.mark.parametrize("said", ["paused", "already_paused", "resumed", "not_paused"])
def test_what_is_no_longer_so_is_not_said(operated, said):
    site = operated()
    runs = OPERATOR[f"said_{said}"] in words(site.look(f"/operator?said={said}"))
    switch_of(site).pause(by="ada", why="drill")
    paused = OPERATOR[f"said_{said}"] in words(site.look(f"/operator?said={said}"))
    assert (runs, paused) == ((False, True) if "already" in said or said == "paused" else (True, False))


def test_a_said_that_nobody_said_is_not_shown(operated):
    site = operated()
    assert site.look("/operator?said=<b>hacked</b>").status_code == 200
    assert "hacked" not in site.look("/operator?said=<b>hacked</b>").text


def events(site):
    with open_database(site.gateway.settings.records_url).connect() as connection:
        rows = connection.execute(sql("select kind, actor, details from audit_events order by sequence")).all()
    return [tuple(row) for row in rows if row.kind in ("pause", "resume")]


def test_where_records_are_on_orders_are_in_the_audit_trail(operated, tmp_path, monkeypatch):
    site = operated(**make_records(tmp_path))
    looks_say(site, monkeypatch, LookResult.RIGHT)
    site.order("/operator/pause", cause="drill")
    site.order("/operator/resume", pause_id=pause_id(site))
    assert events(site) == [
        ("pause", "key:night-shift", '{"cause":"drill"}'),
        ("resume", "key:night-shift", '{"look":"right"}'),
    ]


def test_a_pause_between_the_look_and_the_switch_stays_and_the_trail_says_so(operated, tmp_path, monkeypatch):
    site = operated(**make_records(tmp_path))
    site.order("/operator/pause", cause="drill")
    seen = pause_id(site)

    def look_closely(_):
        switch_of(site).pause_for_mismatch(PauseReason.GOLDEN_MISMATCH, by="sentinel", why="x", details={})
        return Finding(LookResult.RIGHT, "as told")

    sentinel = site.gateway.app.extensions[SENTINEL_EXTENSION]
    monkeypatch.setattr(sentinel._examiner, "look_closely", look_closely)
    assert site.order("/operator/resume", pause_id=seen).status_code == 409
    assert switch_of(site).state().action is PauseAction.PAUSE
    assert [details for _, _, details in events(site)][1:] == ['{"look":"right"}', '{"effect":"other_pause"}']


@pytest.fixture
def without_trail(operated, tmp_path, monkeypatch):
    def refuse(*_):
        raise RecordsUnavailable

    monkeypatch.setattr("gateway.records.audit.trail.AuditTrail.note", refuse)
    site = operated(**make_records(tmp_path))
    looks_say(site, monkeypatch, LookResult.RIGHT)
    return site


def test_a_pause_holds_also_where_it_cannot_be_noted(without_trail):
    response = without_trail.order("/operator/pause", cause=Cause.ODD_ANSWERS)
    assert response.status_code == 503
    assert OPERATOR["said_not_noted"] in words(response)
    assert switch_of(without_trail).state().action is PauseAction.PAUSE


def test_a_resume_that_cannot_be_noted_is_not_carried_out(without_trail):
    without_trail.order("/operator/pause", cause="drill")
    response = without_trail.order("/operator/resume", pause_id=pause_id(without_trail))
    assert response.status_code == 503
    assert switch_of(without_trail).state().action is PauseAction.PAUSE
