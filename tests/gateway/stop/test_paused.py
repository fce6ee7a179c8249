"""What callers, people and probes see of a pause."""

import errno
import os
from pathlib import Path

import pytest

from gateway.caller import Caller
from gateway.errors.stop import SENTENCES
from gateway.problems import TYPE_PREFIX
from gateway.stop.pause_change import PauseReason
from gateway.stop.pause_reader import Pause, PauseReader
from gateway.stop.stop_switch import StopSwitch
from monitoring.metrics import PAUSE_REASONS
from tests.support.gateway import FakeGateway, multipart

WORDS = "zq-free-words-of-a-person"


@pytest.fixture
def switch(gateway):
    return StopSwitch(gateway.repository.directory)


def paused(gateway):
    return [reason for reason in PAUSE_REASONS if gateway.metric("symmetra_paused", reason=reason)]


def test_the_api_refuses_from_the_next_request_on_and_answers_again_after_a_resume(gateway, switch):
    assert gateway.screen().status_code == 200
    switch.pause(by="ada", why=WORDS)
    response = gateway.screen()
    assert (response.status_code, response.json["code"]) == (503, "screening_paused")
    assert response.json["type"] == f"{TYPE_PREFIX}screening_paused"
    assert response.json["detail"] == SENTENCES["operator"]
    assert int(response.headers["Retry-After"]) > 0
    assert WORDS not in response.text
    assert len(gateway.crops.photos) == 1, "no photo is looked at"
    assert gateway.metric("symmetra_screenings_total", outcome="screening_paused", traffic="patient") == 1
    switch.resume(by="ada", why="", details={})
    assert gateway.screen().status_code == 200


def test_an_answer_that_a_pause_overtook_is_not_given(gateway, switch):
    predict = gateway.predictor.predict

    def overtaken(*arguments):
        switch.pause_for_mismatch(PauseReason.POLARITY_REVERSED, by="sentinel", why=WORDS, details={})
        return predict(*arguments)

    gateway.predictor.predict = overtaken
    response = gateway.screen(headers={"Idempotency-Key": "a-key"})
    assert (response.status_code, response.json["code"]) == (503, "screening_paused")
    assert len(gateway.predictor.rows) == 1
    assert gateway.metric("symmetra_screenings_total", outcome="answered", traffic="patient") == 0


def test_a_pause_comes_before_everything_that_could_be_wrong_with_the_model(gateway, switch):
    switch.pause(by="ada", why=WORDS)
    (gateway.repository.directory / "pin.json").unlink()
    assert gateway.screen().json["code"] == "screening_paused"


def test_the_page_says_so_in_plain_words_and_takes_no_photo(gateway, switch):
    switch.pause_for_mismatch(PauseReason.POLARITY_REVERSED, by="sentinel", why=WORDS, details={})
    page = gateway.client.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "the wrong way round" in page.text
    assert "<form" not in page.text
    body, content_type = multipart(("photo", "face.jpg", b"photo"))
    sent = gateway.client.post("/", data=body, content_type=content_type, headers={"Accept": "text/html"})
    assert sent.status_code == 503
    assert "the wrong way round" in sent.text
    assert WORDS not in page.text + sent.text


def test_probes_and_the_list_of_models_say_it(gateway, switch):
    assert gateway.client.get("/v1/models").json["paused"] is None
    switch.pause(by="ada", why=WORDS)
    assert gateway.client.get("/healthz").json == {"status": "alive"}
    ready = gateway.client.get("/readyz")
    assert (ready.status_code, ready.json["paused"]) == (200, "operator")
    model = gateway.client.get("/readyz/model")
    assert (model.status_code, model.json["code"]) == (503, "screening_paused")
    listed = gateway.client.get("/v1/models")
    assert listed.status_code == 200
    assert listed.json["paused"] == {"reason": "operator", "since": switch.state().at}
    assert WORDS not in ready.text + model.text + listed.text


def test_the_metric_says_it_without_any_request(gateway, switch):
    assert paused(gateway) == []
    switch.pause(by="ada", why=WORDS)
    assert paused(gateway) == ["operator"]
    switch.pause_for_mismatch(PauseReason.DIGEST_MISMATCH, by="sentinel", why="", details={})
    assert paused(gateway) == ["digest_mismatch"]
    switch.resume(by="ada", why="", details={})
    assert paused(gateway) == []


def test_the_metrics_know_every_reason():
    assert tuple(PauseReason) == PAUSE_REASONS
    assert set(SENTENCES) == set(PauseReason)


def test_only_sentinel_traffic_passes(gateway, switch):
    switch.pause(by="ada", why=WORDS)
    pauses = PauseReader(gateway.repository.directory, lambda _: None)
    pauses.require_running(Caller("watch", frozenset(), "sentinel").traffic)
    for traffic in ("patient", "loadtest", "Sentinel", ""):
        with pytest.raises(Exception, match="paused"):
            pauses.require_running(traffic)


@pytest.mark.parametrize("content", ["", "{}", "\udcff"])
def test_a_record_that_nobody_can_read_is_a_pause_with_its_own_words(gateway, content):
    (gateway.repository.directory / "pause.json").write_bytes(content.encode(errors="surrogateescape"))
    assert gateway.screen().json["detail"] == SENTENCES["state_unreadable"]
    assert gateway.client.get("/readyz").json["paused"] == "state_unreadable"
    assert paused(gateway) == ["state_unreadable"]
    StopSwitch(gateway.repository.directory).resume(by="ada", why="", details={})
    assert gateway.screen().status_code == 200


def test_a_record_that_was_taken_away_is_a_pause(gateway, switch):
    switch.pause(by="ada", why=WORDS)
    (gateway.repository.directory / "pause.json").unlink()
    assert gateway.client.get("/readyz").json["paused"] == "state_unreadable"


def test_a_file_server_that_stumbles_is_a_pause_for_that_request_only(tmp_path, monkeypatch):
    changes = []
    pauses = PauseReader(tmp_path, changes.append)
    StopSwitch(tmp_path).pause(by="ada", why="x")
    StopSwitch(tmp_path).resume(by="ada", why="x", details={})
    assert pauses.current() is None
    stat = Path.stat

    def stumble(path, **options):
        if path.name == "pause.json":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return stat(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", stumble)
        assert pauses.current() == Pause(PauseReason.STATE_UNREADABLE, None)
    assert pauses.current() is None
    assert [change and change.reason for change in changes] == ["state_unreadable", None]


def test_a_gateway_that_paused_itself_goes_on_when_a_person_changes_the_record(tmp_path):
    pauses = PauseReader(tmp_path, lambda _: None)
    pauses.pause_here(PauseReason.GOLDEN_MISMATCH, "2026-11-28T00:00:00+00:00")
    assert pauses.current().here_only
    switch = StopSwitch(tmp_path)
    switch.pause(by="ada", why="x")
    assert not pauses.current().here_only
    switch.resume(by="ada", why="x", details={})
    assert pauses.current() is None


def test_changes_are_told_once(tmp_path):
    changes = []
    pauses = PauseReader(tmp_path, changes.append)
    assert [pauses.current() for _ in range(3)] == [None] * 3
    switch = StopSwitch(tmp_path)
    switch.pause(by="ada", why="x")
    assert [pauses.current().reason for _ in range(3)] == ["operator"] * 3
    switch.resume(by="ada", why="x", details={})
    pauses.current()
    assert [change and change.reason for change in changes] == ["operator", None]


def test_a_gateway_that_starts_while_paused_is_paused(tmp_path):
    StopSwitch(FakeGateway(tmp_path).repository.directory).pause(by="ada", why="x")
    assert FakeGateway(tmp_path).screen().json["code"] == "screening_paused"
