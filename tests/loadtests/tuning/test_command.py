"""The command, with model servers of known capacity: it finds what they gain, says where nothing does, and goes on where it was stopped."""

import io
import json
import sys
from pathlib import Path

import psutil
import pytest

from loadtests.__main__ import run as loadtests
from serving.server.batching_settings import read_settings

SERVER = Path(__file__).with_name("scripted_model_server.py")
FIXED, ROW = 20, 1
QUICK = ("--seconds", "0.3", "--looks", "1", "--rounds", "3", "--minutes", "0")
"""Only the two configurations that are always looked at."""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "models/depression_severity/1").mkdir(parents=True)
    return tmp_path / "models"


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SERVER.parents[3]))


def tune(repository: Path, folder: Path, command: str, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    server = ("--server-command", command, "--repository", str(repository), "--folder", str(folder))
    before = set(psutil.Process().children(recursive=True))
    code = loadtests(["tune", *server, *QUICK, *words], {}, out, err)
    assert set(psutil.Process().children(recursive=True)) <= before, "a process was left behind"
    return code, out.getvalue(), err.getvalue()


def scripted(penalty: float = 1) -> str:
    return f"{sys.executable} {SERVER} {FIXED} {ROW} {penalty}"


def test_finds_what_batching_gains_and_writes_it(repository: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tuned"
    code, out, err = tune(repository, folder, scripted())
    content = json.loads((folder / "tune.json").read_text())

    assert code == 0, err
    assert content["meets_bar"]
    assert str(tmp_path) not in json.dumps(content)
    assert str(SERVER.parent) not in json.dumps(content)
    gain = content["gains"][-1]
    assert gain["throughput"]["middle"] > 1.5
    assert gain["p95"]["middle"] <= 1
    assert gain["throughput"]["low"] > 1
    assert content["sentence"] in out
    settings = read_settings(folder / "batching.config")
    settings.check()
    assert settings.max_batch_size == content["best_candidate"]["batching"]["max_batch_size"] > 1
    head = (folder / "batching.config").read_text().split("max_batch_size", 1)[0]
    assert f"{gain['throughput']['middle']:.2f}" in head
    assert content["at"] in head
    flags = (folder / "server.flags").read_text().splitlines()
    assert [line for line in flags if not line.startswith("#")] == content["flags"]
    assert (folder / "tune.svg").read_text().startswith("<svg")

    measured = (folder / "measured.jsonl").read_text()
    again, said, _ = tune(repository, folder, scripted())
    assert (again, said) == (code, out)
    assert (folder / "measured.jsonl").read_text() == measured, "something was measured twice"

    other, _, why = tune(repository, folder, scripted(), "--seconds", "0.5")
    assert other == 1
    assert "another question" in why


def test_says_that_nothing_gains_and_writes_no_configuration(repository: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tuned"
    code, out, err = tune(repository, folder, scripted(penalty=8))

    assert code == 4, err
    assert "keep the defaults" in out.lower()
    assert {each.name for each in folder.iterdir()} == {
        "question.json", "measured.jsonl", "servers", "tune.json", "tune.svg"
    }  # fmt: skip
    assert not json.loads((folder / "tune.json").read_text())["gains_anything"]


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (f"""{sys.executable} -c 'raise SystemExit("no_such_model")'""", "no_such_model"),
        ("no-such-program", "--server-command"),
    ],
)
def test_a_server_that_does_not_start_is_a_sentence(repository: Path, tmp_path: Path, command: str, says: str) -> None:
    code, _, err = tune(repository, tmp_path / "tuned", command)

    assert code == 1
    assert says in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--model", "another"), "another/1"),
        (("--rounds", "1"), "--rounds"),
        (("--crops-per-call", "0"), "--crops-per-call"),
        (("--server-command", ""), "--server-command"),
    ],
)
def test_what_cannot_be_tuned_is_a_sentence(
    repository: Path, tmp_path: Path, words: tuple[str, str], says: str
) -> None:
    code, _, err = tune(repository, tmp_path / "tuned", scripted(), *words)

    assert code == 1
    assert says in err
    assert not (tmp_path / "tuned").exists()


def test_without_tensorflow_it_says_how_to_name_a_server(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    err = io.StringIO()
    assert loadtests(["tune", "--repository", str(repository)], {}, io.StringIO(), err) == 1
    assert "--server-command" in err.getvalue()
    assert "Traceback" not in err.getvalue()


def test_a_configuration_with_which_no_version_loads_gains_nothing(repository: Path, tmp_path: Path) -> None:
    refusing = tmp_path / "refusing.py"
    refusing.write_text(
        f"import os, sys\nif '--enable_batching=true' in sys.argv: raise SystemExit('Task size 16 is larger')\n"
        f"os.execv(sys.executable, [sys.executable, {str(SERVER)!r}, '{FIXED}', '{ROW}', '1', *sys.argv[1:]])\n"
    )
    folder = tmp_path / "tuned"
    code, out, err = tune(repository, folder, f"{sys.executable} {refusing}")
    assert code == 4, err
    assert "Task size 16 is larger" in err
    assert "eep the defaults" in out
    assert not (folder / "batching.config").exists()
    _, again, _ = tune(repository, folder, f"{sys.executable} {refusing}")
    assert again == out, "what did not start is not tried again"
