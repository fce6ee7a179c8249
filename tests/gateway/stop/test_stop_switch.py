import json
import threading

import pytest

from gateway.stop.pause_change import PauseAction, PauseChange, PauseReason, PauseRecordUnreadable
from gateway.stop.pause_files import PauseFiles
from gateway.stop.stop_switch import Effect, StopSwitch

MISMATCH = {"by": "sentinel", "why": "wrong answers", "details": {"model_version": 3}}


@pytest.fixture
def switch(tmp_path):
    return StopSwitch(tmp_path)


def actions(switch):
    changes, unreadable = switch.history()
    assert unreadable == 0
    return [(change.action, change.reason, change.by) for change in changes]


def test_a_pause_says_when_who_and_why_and_survives_the_process(tmp_path, switch):
    assert switch.state() is None
    outcome = switch.pause(by="ada", why="odd answers")
    assert (outcome.effect, outcome.noted) == (Effect.PAUSED, True)
    state = StopSwitch(tmp_path).state()
    assert (state.action, state.reason, state.by, state.why) == ("pause", "operator", "ada", "odd answers")
    assert state.at.endswith("+00:00")


def test_every_change_is_kept_in_order(switch):
    switch.pause(by="ada", why="odd answers")
    switch.resume(by="bob", why="all is well", details={})
    switch.pause(by="eve", why="again")
    expected = [("pause", "operator", "ada"), ("resume", "operator", "bob"), ("pause", "operator", "eve")]
    assert actions(switch) == expected


def test_a_second_persons_pause_is_noted_and_the_first_one_stays(switch):
    switch.pause(by="ada", why="odd answers")
    assert switch.pause(by="bob", why="me too").effect is Effect.ALREADY_PAUSED
    assert switch.state().by == "ada"
    assert actions(switch)[1] == ("note", "operator", "bob")


def test_what_is_not_paused_cannot_be_resumed(switch):
    assert switch.resume(by="ada", why="", details={}).effect is Effect.NOT_PAUSED
    switch.pause(by="ada", why="x")
    switch.resume(by="ada", why="", details={})
    assert switch.resume(by="ada", why="", details={}).effect is Effect.NOT_PAUSED
    assert len(actions(switch)) == 2


def test_a_mismatch_takes_the_place_of_a_persons_pause_and_of_no_other_mismatch(switch):
    switch.pause(by="ada", why="maintenance")
    assert switch.pause_for_mismatch(PauseReason.POLARITY_REVERSED, **MISMATCH).effect is Effect.PAUSED
    assert switch.pause_for_mismatch(PauseReason.GOLDEN_MISMATCH, **MISMATCH).effect is Effect.ALREADY_PAUSED
    assert switch.state().reason is PauseReason.POLARITY_REVERSED
    assert switch.state().details == {"model_version": 3}
    assert [reason for _, reason, _ in actions(switch)] == ["operator", "polarity_reversed"]


def test_replicas_that_find_the_same_at_once_pause_once(tmp_path):
    begin = threading.Barrier(8)

    def pause():
        switch = StopSwitch(tmp_path)
        begin.wait()
        switch.pause_for_mismatch(PauseReason.GOLDEN_MISMATCH, **MISMATCH)

    threads = [threading.Thread(target=pause) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert actions(StopSwitch(tmp_path)) == [("pause", "golden_mismatch", "sentinel")]


def test_a_state_whose_writer_died_is_noted_by_the_next_and_shown_before(tmp_path, switch):
    files = PauseFiles(tmp_path)
    files.write_state(PauseChange.now(PauseAction.PAUSE, PauseReason.OPERATOR, by="ada", why="x"))
    assert [(change.by, change.recovered) for change in switch.history()[0]] == [("ada", True)]
    switch.resume(by="bob", why="", details={})
    changes, _ = switch.history()
    assert [(change.by, change.recovered) for change in changes] == [("ada", True), ("bob", False)]
    assert len({change.id for change in changes}) == 2


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "null", '{"schema": "symmetra.pause/2"}', "\udcff", "[1]", '{"schema": "symmetra.pause/1"}']
)  # fmt: skip
def test_a_damaged_state_is_no_state_and_either_order_replaces_it(tmp_path, switch, content):
    path = tmp_path / "pause.json"
    for order in ("pause", "resume"):
        path.write_bytes(content.encode(errors="surrogateescape"))
        with pytest.raises(PauseRecordUnreadable):
            switch.state()
        if order == "pause":
            assert switch.pause(by="ada", why="x").effect is Effect.PAUSED
        else:
            assert switch.resume(by="ada", why="x", details={}).effect is Effect.RESUMED
            assert switch.state().reason is PauseReason.STATE_UNREADABLE
        assert switch.state().by == "ada"


def test_a_state_that_was_taken_away_is_no_resume(tmp_path, switch):
    switch.pause(by="ada", why="x")
    (tmp_path / "pause.json").unlink()
    with pytest.raises(PauseRecordUnreadable, match="gone"):
        switch.state()


@pytest.mark.parametrize(
    ("name", "value"), [("by", 3), ("details", []), ("action", "stop"), ("reason", "mood"), ("more", 1)]
)
def test_a_field_that_is_not_as_written_is_damage(switch, tmp_path, name, value):
    switch.pause(by="ada", why="x")
    path = tmp_path / "pause.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    with pytest.raises(PauseRecordUnreadable):
        switch.state()


def test_a_line_that_a_crash_cut_short_keeps_nobody_from_pausing(tmp_path, switch):
    switch.pause(by="ada", why="x")
    with (tmp_path / "pauses.jsonl").open("a") as file:
        file.write('{"schema": "symm')
    switch.resume(by="bob", why="", details={})
    changes, unreadable = switch.history()
    assert [change.by for change in changes] == ["ada", "bob"]
    assert unreadable == 1


def test_a_history_that_cannot_be_written_keeps_nobody_from_pausing(tmp_path, switch):
    (tmp_path / "pauses.jsonl").mkdir()
    outcome = switch.pause(by="ada", why="x")
    assert (outcome.effect, outcome.noted) == (Effect.PAUSED, False)
    assert switch.state().by == "ada"
