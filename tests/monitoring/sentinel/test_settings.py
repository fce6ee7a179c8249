import io
from pathlib import Path

import pytest

from monitoring.commands.sentinel import run
from monitoring.objectives import read_objectives
from monitoring.sentinel.errors import SettingInvalid
from monitoring.sentinel.program import read_key
from monitoring.sentinel.settings import read_settings

NEEDED = ("--url=https://symmetra.example/", "--repository=/models", "--key-file=/key")


def test_flags_win_over_the_environment_and_the_rest_has_defaults():
    environment = {"SYMMETRA_FRONT_DOOR_URL": "https://other.example", "SYMMETRA_FRONT_DOOR_INTERVAL_SECONDS": "30"}
    settings = read_settings([*NEEDED, "--disk=records=/var/lib/db"], environment)
    assert (settings.url, settings.interval_seconds) == ("https://symmetra.example", 30.0)
    assert (settings.host, settings.port) == ("127.0.0.1", 9110)
    assert settings.disks == {"repository": Path("/models"), "records": Path("/var/lib/db")}
    assert settings.looks_in_a_row == read_objectives().correctness.looks_in_a_row


def test_everything_that_is_needed_may_come_from_the_environment():
    environment = {
        "SYMMETRA_FRONT_DOOR_URL": "http://127.0.0.1:8080",
        "SYMMETRA_MODEL_REPOSITORY": "/models",
        "SYMMETRA_FRONT_DOOR_KEY_FILE": "/key",
    }
    settings = read_settings([], environment)
    assert (settings.url, settings.operate_key_file) == ("http://127.0.0.1:8080", None)
    assert settings.interval_seconds == read_objectives().correctness.look_seconds


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "--url"),
        (["--url=symmetra.example", *NEEDED[1:]], "no address of a front door"),
        (["--url=https://a:b@symmetra.example", *NEEDED[1:]], "no address of a front door"),
        ([*NEEDED, "--interval=0"], "number of seconds"),
        ([*NEEDED, "--port=0"], "port number"),
        ([*NEEDED, "--disk=/var"], "NAME=FOLDER"),
    ],
)
def test_a_mistake_is_a_sentence(arguments, says, capsys):
    with pytest.raises(SystemExit) as ended:
        read_settings(arguments, {})
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_a_key_that_is_missing_keeps_it_from_starting(tmp_path):
    err = io.StringIO()
    arguments = ["--url=http://127.0.0.1:1", f"--repository={tmp_path}", f"--key-file={tmp_path / 'key'}", "--once"]
    assert run(arguments, {}, io.StringIO(), err) == 1
    assert "cannot be read" in err.getvalue()


def test_an_empty_key_names_the_command_that_makes_one(tmp_path):
    (tmp_path / "key").write_text("\n")
    with pytest.raises(SettingInvalid, match="python -m gateway keys add"):
        read_key(tmp_path / "key")
