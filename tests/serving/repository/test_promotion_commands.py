"""`python -m serving.repository` promote, rollback, live-at, publish, collect: sentences and exit codes."""

import io
import json

import pytest

from serving.repository.__main__ import main
from serving.repository.promotion_lock import promotion_lock
from tests.support.promoting import column, has
from tests.support.stub_model_server import StubModelServer
from tests.support.toy_versions import publish_small


@pytest.fixture
def server():
    with StubModelServer(1, column()) as stub:
        yield stub


@pytest.fixture
def run(repository):
    for _ in range(2):
        publish_small(repository)

    def run_command(*arguments, environment=None):
        out, err = io.StringIO(), io.StringIO()
        given = {"SYMMETRA_MODEL_REPOSITORY": str(repository.directory.parent), **(environment or {})}
        code = main([*arguments, "--model", "toy"], given, out, err)
        return code, out.getvalue(), err.getvalue()

    return run_command


def test_a_promotion_says_what_happens_and_ends_with_what_is_live(run, repository, server):
    code, out, err = run("promote", "1", "--server", server.address, "--by", "A. Person", "--why", "it is good")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"version 1 is what was published and approved, digest {repository.digest(1)}"
    assert "answers the golden crops of version 1: largest difference" in lines[1]
    assert lines[-1] == f"toy version 1 is live, evidence: demo, digest {repository.digest(1)}"
    last = run("history")[1].splitlines()[-1]
    assert last.split(maxsplit=4)[1:] == ["promote", "1", repository.digest(1), "by A. Person: it is good"]


def test_the_servers_may_be_named_by_the_environment_and_the_root_after_the_command(run, repository, server):
    has(server, 2)
    environment = {"SYMMETRA_MODEL_SERVER": server.address, "SYMMETRA_MODEL_REPOSITORY": "/nowhere"}
    root = ["--model-root", str(repository.directory.parent)]
    assert run("promote", "latest", *root, environment=environment)[0] == 0
    assert repository.pin().version == 2


def test_a_refused_promotion_exits_1_with_the_reason(run, server):
    server.p_no_depression = column("reversed")
    code, _, err = run("promote", "1", "--server", server.address)
    assert code == 1
    assert err.startswith("Version 1 answers its golden crops wrongly at ipv4:127.0.0.1:")
    assert err.count("\n") == 1
    assert run("pin")[0] == 1


def test_a_rollback_and_what_was_live_when(run, server):
    quick = ["--server", server.address, "--grace-seconds", "0"]
    assert run("live-at", "2026-01-01T00:00:00Z") == (
        0,
        "no version of toy was live at 2026-01-01T00:00:00+00:00\n",
        "",
    )
    run("promote", "1", *quick)
    has(server, 2)
    assert run("promote", "2", *quick)[0] == 0
    first, second = (json.loads(line) for line in run("history", "--json")[1].splitlines() if '"promote"' in line)
    assert second["details"]["from"]["version"] == 1
    code, out, _ = run("live-at", first["at"])
    assert (code, out.split(", ")[1:]) == (0, [f"since {first['at']}", f"digest {first['digest']}\n"])
    assert run("live-at", second["at"])[1].startswith("toy version 2 was live at ")
    has(server, 1)
    code, out, _ = run("rollback", *quick)
    assert (code, out.splitlines()[-1].split(",")[0]) == (0, "toy version 1 is live")
    code, _, err = run("rollback", *quick)
    assert code == 1
    assert err.endswith("rollback --to N\n")


def test_a_second_command_is_told_who_is_at_work_and_exits_75(run, repository, server):
    with promotion_lock(repository.directory, "promote 2"):
        code, out, err = run("promote", "1", "--server", server.address)
    assert (code, out) == (75, "")
    assert "Another command is at work here: promote 2, process " in err


def test_init_lets_servers_start_before_anything_is_live(run, repository):
    assert run("init") == (0, f"{repository.directory}/models.config names no version yet\n", "")
    assert "model_config_list" in (repository.directory / "models.config").read_text()
    assert run("pin", "1") == (
        1,
        "",
        "The model servers of toy load what promotions write. Run: python -m serving.repository promote 1\n",
    )


def test_collect_says_what_it_would_remove_and_does_it_when_told(run, repository):
    publish_small(repository)
    code, out, _ = run("collect", "--keep", "1")
    assert code == 0
    assert out.splitlines() == [
        "     3  kept     one of the newest",
        "     1  would be removed",
        "     2  would be removed",
        "nothing was changed; add --yes to remove",
    ]
    assert run("collect", "--keep", "1", "--yes", "--why", "disk")[1].splitlines()[1:] == [
        "     1  removed",
        "     2  removed",
    ]
    assert repository.versions() == (3,)
    assert run("collect")[1].splitlines()[-1] == "nothing to remove"


def test_publish_takes_a_directory_in(run, repository, tmp_path, write_files):
    (tmp_path / "new").mkdir()
    write_files(tmp_path / "new", 7)
    code, out, err = run("publish", str(tmp_path / "new"))
    assert (code, err) == (0, "")
    assert out == f"toy version 7 is published, digest {repository.digest(7)}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["live-at", "yesterday"], "ISO 8601"),
        (["live-at", "2026-11-24T12:00:00"], "has no time zone"),
        (["promote", "one"], "neither a version number nor 'latest'"),
        (["promote", "1", "--grace-seconds", "-1"], "no number of seconds"),
        (["promote", "1", "--served-from", "models"], "not an absolute path"),
        (["collect", "--keep", "0"], "whole number from 1 on"),
        (["publish", "/nowhere"], "is no directory"),
    ],
)
def test_a_wrong_command_line_says_what_is_wrong_and_exits_2(run, capsys, arguments, said):
    with pytest.raises(SystemExit) as stop:
        run(*arguments)
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("option", "value"), [("--server", "nobody"), ("--gateway", "gw:8080")])
def test_an_impossible_address_is_a_sentence(run, option, value):
    code, out, err = run("promote", "1", option, value)
    assert (code, out) == (1, "")
    assert err.startswith(f"{value!r} is no address of a ")
