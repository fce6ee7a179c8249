import getpass
import io
import json

import pytest

from gateway.commands import resume
from gateway.stop.finding import Finding, LookResult
from gateway.stop.pause_change import PauseReason
from gateway.stop.stop_switch import StopSwitch
from serving.repository import ModelRepository
from tests.support.command_line import command
from tests.support.golden_server import GOLDEN_P, MODEL, GoldenServer, publish_golden_version


@pytest.fixture
def place(tmp_path):
    publish_golden_version(tmp_path)
    return {"model_repository": tmp_path, "model_name": MODEL}


@pytest.fixture
def switch(tmp_path):
    return StopSwitch(ModelRepository(tmp_path, MODEL).directory)


@pytest.fixture
def server():
    with GoldenServer(1) as server:
        yield server


def test_pause_and_resume_are_one_command_each_and_leave_a_history(place, switch, server):
    paused = command("pause", "--reason", "odd answers", "--by", "ada", **place)
    assert (paused.code, paused.err) == (0, "")
    assert "is paused" in paused.out
    assert switch.state().why == "odd answers"
    resumed = command("resume", **place, model_server=f"127.0.0.1:{server.port}")
    assert resumed.code == 0, resumed.err
    assert "every golden answer is right" in resumed.out
    assert switch.state().by == getpass.getuser()
    told = command("pauses", **place)
    assert [line.split()[1] for line in told.out.splitlines()] == ["pause", "resume"]
    assert "ada: odd answers" in told.out
    lines = [json.loads(line) for line in command("pauses", "--json", **place).out.splitlines()]
    assert [line["action"] for line in lines] == ["pause", "resume"]
    assert lines[1]["details"] == {"look": "right"}


def test_a_second_pause_says_who_was_first(place):
    command("pause", "--reason", "odd answers", "--by", "ada", **place)
    second = command("pause", "--reason", "me too", "--by", "bob", **place)
    assert second.code == 0
    assert "by ada (operator): odd answers" in second.out


def test_stopping_needs_no_other_setting_to_be_right(place, switch):
    said = command("pause", "--reason", "x", **place, port="eighty", deadline_seconds="soon")
    assert said.code == 0
    assert switch.state().action == "pause"


def test_what_is_not_paused_is_not_resumed(place):
    said = command("resume", **place)
    assert (said.code, said.out) == (0, f"{MODEL} is not paused\n")
    assert command("pauses", **place).out == f"{MODEL} was never paused\n"


def test_nothing_is_resumed_while_the_mismatch_still_shows(place, switch, server):
    switch.pause_for_mismatch(PauseReason.POLARITY_REVERSED, by="sentinel", why="x", details={})
    server.p_no_depression = 1 - GOLDEN_P
    settings = {**place, "model_server": f"127.0.0.1:{server.port}"}
    said = command("resume", **settings)
    assert said.code == 1
    assert "NOT resumed: the version in service still gives a polarity_reversed" in said.err
    assert switch.state().action == "pause"
    forced = command("resume", "--force", "--reason", "we know better", "--by", "ada", **settings)
    assert forced.code == 0
    assert (switch.state().details, switch.state().why) == ({"look": "forced"}, "we know better")


def test_a_mismatch_that_a_persons_pause_hides_is_found_too(place, switch, server):
    switch.pause(by="ada", why="maintenance")
    server.p_no_depression = 1 - GOLDEN_P
    assert command("resume", **place, model_server=f"127.0.0.1:{server.port}").code == 1


def test_where_nobody_can_look_the_sentinels_pause_stays_and_a_persons_ends(place, switch, tmp_path):
    (tmp_path / MODEL / "1").rename(tmp_path / MODEL / "elsewhere")
    switch.pause(by="ada", why="maintenance")
    assert command("resume", **place).code == 0
    switch.pause_for_mismatch(PauseReason.GOLDEN_MISMATCH, by="sentinel", why="x", details={})
    said = command("resume", **place)
    assert said.code == 1
    assert "nobody could look whether it is gone" in said.err


def test_a_damaged_record_can_be_replaced_by_a_resume(place, switch, server, tmp_path):
    (tmp_path / MODEL / "pause.json").write_text("{")
    assert command("resume", **place, model_server=f"127.0.0.1:{server.port}").code == 0
    assert switch.state().action == "resume"


@pytest.mark.parametrize(
    "arguments",
    [
        ("pause",), ("pause", "--reason", "  "), ("pause", "--reason", "x", "more"), ("resume", "--force"), ("resume", "--hard"),
        ("pauses", "--xml"), ("check", "--xml"), ("serve", "--port=1"),
    ],
)  # fmt: skip
def test_bad_usage_is_one_sentence_and_exit_code_2(place, capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        command(*arguments, **place)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("name", ["pause", "resume", "pauses"])
def test_a_mistyped_folder_is_no_stopped_system(tmp_path, capsys, name):
    reason = ("--reason", "x") if name == "pause" else ()
    for settings in ({}, {"model_repository": tmp_path}, {"model_repository": tmp_path, "model_name": "a/b"}):
        with pytest.raises(SystemExit) as ended:
            command(name, *reason, **settings)
        assert ended.value.code == 2
    assert list(tmp_path.iterdir()) == []
    assert "there is no model depression_severity in" in capsys.readouterr().err


def test_an_unknown_command_names_those_that_exist():
    said = command("puase")
    assert said.code == 2
    assert "no command 'puase'" in said.err
    assert "pause, resume" in said.err


def test_help_names_every_command():
    said = command("--help")
    assert said.code == 0
    assert all(name in said.out for name in ("serve", "pause", "resume", "pauses", "check", "keys"))


def test_a_repository_that_may_not_be_written_is_told(place, tmp_path):
    (tmp_path / MODEL / ".pause.lock").mkdir()
    said = command("pause", "--reason", "x", **place)
    assert said.code == 1
    assert said.err.startswith("NOT paused: ")


def test_a_pause_that_nobody_looked_into_is_not_ended(place, switch, monkeypatch):
    switch.pause(by="ada", why="odd answers")

    def look(_environment):
        switch.pause_for_mismatch(PauseReason.POLARITY_REVERSED, by="sentinel", why="reversed", details={})
        return Finding(LookResult.RIGHT, "every golden answer is right")

    monkeypatch.setattr(resume, "_look", look)
    out, err = io.StringIO(), io.StringIO()
    arguments = ["--repository", str(place["model_repository"]), "--model", place["model_name"]]
    assert resume.run(arguments, {}, out, err) == 1
    assert "NOT resumed: meanwhile it was paused anew" in err.getvalue()
    assert switch.state().reason == "polarity_reversed"
    assert switch.state().action == "pause"
