"""`python -m gateway keys`, as an administrator types it."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from gateway.access.key_commands import run_key_command
from gateway.access.key_file import read_keys
from gateway.access.keys import KeyRing
from gateway.access.scopes import Scope
from gateway.errors import CredentialInvalid
from tests.support.gateway_process import PROJECT


@pytest.fixture
def keys(tmp_path, capsys):
    """Run a command; its exit code, what it printed, and what it said beside."""
    environment = {"SYMMETRA_API_KEYS_FILE": str(tmp_path / "keys.json")}

    def run(*arguments):
        code = run_key_command(arguments, environment)
        captured = capsys.readouterr()
        return code, captured.out.strip(), captured.err

    run.path = tmp_path / "keys.json"
    return run


def test_a_key_is_shown_once_and_works(keys):
    code, text, said = keys("add", "--name", "er-1", "--scope", "screen", "--scope", "explain")
    assert (code, "shown this once" in said) == (0, True)
    grant = KeyRing(keys.path).grant_of(text)
    assert (grant.name, grant.scopes, grant.traffic) == ("key:er-1", {Scope.SCREEN, Scope.EXPLAIN}, ("patient",))
    code, listed, _ = keys("list")
    assert code == 0
    assert re.search(r"er-1  valid  explain,screen  patient  created .*Z  expires never", listed)
    assert text not in listed
    assert text.split("_")[2] not in keys.path.read_text()


def test_classes_of_traffic_are_granted_here_and_in_their_order(keys):
    _, text, _ = keys("add", "--name", "x", "--scope", "screen", "--traffic", "loadtest", "--traffic", "sentinel")
    assert KeyRing(keys.path).grant_of(text).traffic == ("loadtest", "sentinel")


def test_rotation_gives_a_new_key_with_the_same_grant_and_an_end_to_the_old(keys):
    _, old, _ = keys("add", "--name", "x", "--scope", "screen", "--traffic", "loadtest")
    code, new, said = keys("rotate", "--name", "x", "--overlap-hours", "2")
    assert code == 0
    ring = KeyRing(keys.path)
    assert ring.grant_of(old) == ring.grant_of(new)
    first, second = read_keys(keys.path)
    assert first.id in said
    assert timedelta(hours=1, minutes=59) < first.expires - datetime.now(UTC) <= timedelta(hours=2)
    assert second.expires is None
    code, _, said = keys("rotate", "--name", "x")
    assert (code, "revoke" in said) == (os.EX_DATAERR, True)
    keys("revoke", first.id)
    assert keys("rotate", "--name", "x")[0] == 0


def test_rotation_replaces_a_key_for_a_time_by_one_for_as_long(keys):
    keys("add", "--name", "x", "--scope", "screen", "--expires-days", "30")
    keys("rotate", "--name", "x")
    _, second = read_keys(keys.path)
    assert second.expires is not None
    assert second.expires - second.created == timedelta(days=30)


def test_rotation_never_makes_an_end_later(keys):
    keys("add", "--name", "x", "--scope", "screen", "--expires-days", "1")
    end = read_keys(keys.path)[0].expires
    keys("rotate", "--name", "x", "--overlap-hours", "100")
    assert read_keys(keys.path)[0].expires == end


def test_the_file_is_for_its_owner_and_stays_for_whom_the_site_lets_read_it(keys, monkeypatch):
    owners = []
    monkeypatch.setattr(os, "fchown", lambda _file, user, group: owners.append((user, group)))
    keys("add", "--name", "x", "--scope", "screen")
    assert keys.path.stat().st_mode & 0o777 == 0o600
    assert owners == []
    keys.path.chmod(0o640)
    keys("rotate", "--name", "x")
    status = keys.path.stat()
    assert status.st_mode & 0o777 == 0o640
    assert owners == [(status.st_uid, status.st_gid)]


def test_a_revoked_key_is_refused_and_stays_listed(keys):
    _, text, _ = keys("add", "--name", "x", "--scope", "screen")
    ring = KeyRing(keys.path)
    ring.grant_of(text)
    id_ = text.split("_")[1]
    assert keys("revoke", id_) == (0, f"revoked from now on: x ({id_})", "")
    with pytest.raises(CredentialInvalid):
        ring.grant_of(text)
    assert "revoked" in keys("list")[1]
    revoked = read_keys(keys.path)
    assert keys("revoke", id_) == (0, f"was revoked already: x ({id_})", "")
    assert read_keys(keys.path) == revoked
    assert keys("add", "--name", "x", "--scope", "screen")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "--name", "taken", "--scope", "screen"), "has a valid key"),
        (("rotate", "--name", "nobody"), "has no valid key"),
        (("revoke", "000000000000"), "no key has the id"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(keys, arguments, said):
    keys("add", "--name", "taken", "--scope", "screen")
    before = keys.path.read_bytes()
    code, printed, err = keys(*arguments)
    assert (code, printed, said in err) == (os.EX_DATAERR, "", True)
    assert keys.path.read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("add", "--name", "x"),
        ("add", "--scope", "screen"),
        ("add", "--name", "two words", "--scope", "screen"),
        ("add", "--name", "x", "--scope", "everything"),
        ("add", "--name", "x", "--scope", "screen", "--traffic", "vip"),
        ("add", "--name", "x", "--scope", "screen", "--expires-days", "0"),
    ],
)
def test_a_command_that_says_something_unknown_is_not_run(keys, arguments):
    with pytest.raises(SystemExit):
        keys(*arguments)
    assert not keys.path.exists()


def test_a_scope_that_does_not_exist_is_answered_with_the_names_of_those_that_do(keys, capsys):
    with pytest.raises(SystemExit):
        keys("add", "--name", "x", "--scope", "screan")
    said = capsys.readouterr().err
    assert all(scope.value in said for scope in Scope)
    assert "<Scope" not in said


def test_a_folder_that_is_not_there_is_one_sentence_about_it(tmp_path, capsys):
    folder = tmp_path / "nowhere"
    for command in (["add", "--name", "x", "--scope", "screen"], ["list"]):
        assert run_key_command(["--file", str(folder / "k"), *command], {}) == os.EX_DATAERR
        assert capsys.readouterr().err == f"{folder} is no folder; make it first, or name another file with --file\n"


def test_a_file_that_cannot_be_read_is_named_and_its_error_has_no_number(keys):
    code, _, said = keys("list")
    assert (code, said) == (os.EX_DATAERR, f"{keys.path} cannot be read or written: No such file or directory\n")


def test_without_a_file_the_setting_is_named(capsys):
    assert run_key_command(["list"], {}) == os.EX_USAGE
    assert "SYMMETRA_API_KEYS_FILE" in capsys.readouterr().err


def test_a_damaged_file_is_a_sentence_and_is_not_written_over(keys):
    keys.path.write_text("{")
    code, _, said = keys("add", "--name", "x", "--scope", "screen")
    assert (code, "is no file of API keys" in said) == (os.EX_DATAERR, True)
    assert keys.path.read_text() == "{"


def test_it_is_a_command_of_the_gateway(tmp_path):
    command = [
        sys.executable,
        "-m",
        "gateway",
        "keys",
        "--file",
        str(tmp_path / "k.json"),
        "add",
        "--name",
        "a",
        "--scope",
        "screen",
    ]
    finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"sym_\w+\n", finished.stdout)
