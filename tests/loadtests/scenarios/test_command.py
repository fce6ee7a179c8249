"""`python -m loadtests scenario`: what it lists, checks and refuses, in sentences; nothing is started for that."""

import io

import pytest

from loadtests.__main__ import run as run_program
from loadtests.scenarios.kinds import KINDS
from loadtests.scenarios.reading import SCENARIOS_FOLDER, committed_scenarios


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    return run_program(["scenario", *map(str, arguments)], {}, out, err), out.getvalue(), err.getvalue()


def test_list_names_every_scenario_and_every_kind_of_change():
    code, out, err = run("list")
    assert (code, err) == (0, "")
    assert all(path.stem in out for path in committed_scenarios())
    assert all(f"  {name} (" in out for name in KINDS)


def test_check_reads_all_that_are_committed_and_says_what_each_expects():
    code, out, err = run("check")
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == len(committed_scenarios())
    assert (
        "burst_of_bad_photos: can be run; it changes bad_photos at minute 2, and expects that nobody is told anything"
        in out
    )


def test_check_tells_the_mistakes_of_all_files_at_once(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(f"schema: {name}")
    code, out, err = run("check", tmp_path / "one.yaml", SCENARIOS_FOLDER / "dark_camera.yaml", tmp_path / "two.yaml")
    assert (code, out) == (2, "")
    assert [line.split(": ", 1)[1] for line in err.splitlines()] == [
        f"schema is {name}; this release reads symmetra.scenario/1" for name in ("one", "two")
    ]


def test_run_starts_nothing_for_a_file_that_is_no_scenario(tmp_path):
    code, out, err = run("run", tmp_path / "none.yaml")
    assert (code, out) == (2, "")
    assert "none.yaml: it cannot be read" in err


def test_run_takes_no_target(capsys):
    with pytest.raises(SystemExit):
        run("run", "--target", "http://127.0.0.1:8080")
    assert "unrecognized arguments: --target" in capsys.readouterr().err


def test_run_replaces_no_folder_that_is_no_run_of_a_scenario(tmp_path, monkeypatch):
    monkeypatch.setattr("loadtests.commands.scenario.prepare", None)
    kept = tmp_path / "dark_camera" / "code.py"
    kept.parent.mkdir()
    kept.touch()
    code, out, err = run("run", SCENARIOS_FOLDER / "dark_camera.yaml", "--folder", tmp_path)
    assert (code, out) == (2, "")
    assert "dark_camera is there and is no run of a scenario" in err
    assert kept.exists()


def test_run_takes_no_two_files_of_one_name(tmp_path, monkeypatch):
    monkeypatch.setattr("loadtests.commands.scenario.prepare", None)
    (tmp_path / "dark_camera.yaml").write_text((SCENARIOS_FOLDER / "dark_camera.yaml").read_text())
    paths = (tmp_path / "dark_camera.yaml", SCENARIOS_FOLDER / "dark_camera.yaml")
    code, out, err = run("run", *paths, "--folder", tmp_path / "runs")
    assert (code, out) == (2, "")
    assert "two files are called dark_camera.yaml" in err


def test_ctrl_c_is_a_sentence(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("loadtests.commands.scenario.prepare", interrupted)
    assert run("run", "--folder", tmp_path) == (130, "", "stopped; everything that was started has ended\n")


@pytest.mark.parametrize("pace", ["0.5", "3600"])
def test_a_pace_that_no_machine_keeps_is_refused(capsys, pace):
    with pytest.raises(SystemExit):
        run("run", "--times-faster", pace)
    assert "give a number from 1 to 60" in capsys.readouterr().err
