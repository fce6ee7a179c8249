"""`python -m serving.repository`: sentences and exit codes."""

import io
import subprocess
import sys

import pytest

from serving.repository import Statement
from serving.repository.__main__ import main


@pytest.fixture
def run(repository):
    def run_command(*arguments, environment=None):
        out, err = io.StringIO(), io.StringIO()
        root = ["--repository", str(repository.directory.parent)] if environment is None else []
        code = main([*root, "--model", "toy", *arguments], environment or {}, out, err)
        return code, out.getvalue(), err.getvalue()

    return run_command


def test_an_empty_repository_is_no_failure_and_names_its_folder(run, repository):
    for command in ("list", "verify", "history"):
        code, out, err = run(command)
        assert (code, err) == (0, "")
        assert out in {f"toy has no versions yet in {repository.directory}.\n", "toy has no history yet.\n"}


def test_list_and_history_show_versions(run, repository, publish_approved):
    _, digest = publish_approved(repository)
    assert run("pin", "1")[0] == 0
    assert run("list") == (0, f"     1  pinned         approved       {digest}\n", "")
    code, out, _ = run("history")
    assert code == 0
    assert [line.split(maxsplit=4)[1:] for line in out.splitlines()] == [
        ["publish", "1", digest],
        ["approve", "1", digest, "by a test: it is a toy"],
        ["pin", "1", digest],
    ]


def test_pin_without_a_number_shows_the_pin(run, repository, publish_approved):
    code, _, err = run("pin")
    assert code == 1
    assert err == "No version of toy is pinned yet. Make one live: python -m serving.repository promote N\n"
    _, digest = publish_approved(repository)
    run("pin", "1")
    assert run("pin") == (0, f"toy version 1 is pinned, evidence: demo, digest {digest}\n", "")


def test_pin_latest_takes_the_highest_version(run, repository, publish_approved):
    assert run("pin", "latest") == (1, "", f"toy has no versions yet in {repository.directory}.\n")
    publish_approved(repository)
    publish_approved(repository)
    assert run("pin", "latest")[0] == 0
    assert repository.pin().version == 2


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{"])
def test_list_shows_versions_although_the_pin_is_unreadable(run, repository, publish_approved, content):
    _, digest = publish_approved(repository)
    run("pin", "1")
    (repository.directory / "pin.json").write_bytes(content)
    code, out, err = run("list")
    assert (code, out) == (1, f"     1  published      approved       {digest}\n")
    assert err.startswith("pin.json cannot be read: ")
    assert err.count("\n") == 1
    assert run("pin") == (1, "", err)
    assert run("pin", "1")[0] == 0
    assert run("list") == (0, f"     1  pinned         approved       {digest}\n", "")


def test_verify_names_the_damaged_file_and_exits_1(run, repository, publish):
    publish(repository)
    _, digest = publish(repository)
    (repository.version_path(1) / "saved_model.pb").write_bytes(b"x")
    code, out, err = run("verify")
    assert (code, err) == (1, "")
    assert "1  DAMAGED  Version 1 is not what was published: changed saved_model.pb." in out
    assert f"     2  good  {digest}\n" in out
    assert run("verify", "2")[0] == 0


def test_a_version_that_nobody_approved_is_listed_so_and_not_pinned(run, repository, publish):
    _, digest = publish(repository)
    assert run("list") == (0, f"     1  published      not approved   {digest}\n", "")
    code, out, err = run("pin", "1")
    assert (code, out) == (1, "")
    assert err.startswith(
        "Version 1 of toy is not approved, and only an approved version can be made live. Run: python -m "
    )
    assert f"training approve --run RUN --repository {repository.directory.parent} --version 1 --by WHO" in err
    assert err.count("\n") == 1


def test_a_reason_of_several_lines_is_one_line_of_the_history(run, repository, publish):
    publish(repository)
    repository.refuse(1, Statement("A. Person", "it is worse\n  by far", {}))
    assert run("list")[1].split()[2] == "refused"
    last = run("history")[1].splitlines()[-1]
    assert last.split()[1] == "refuse"
    assert last.endswith("by A. Person: it is worse by far")


def test_a_missing_version_is_a_sentence(run, repository, publish):
    publish(repository)
    assert run("pin", "5") == (1, "", "toy has no version 5; published: 1.\n")


def test_clean_removes_what_the_dead_left(run, repository, publish):
    publish(repository)
    (repository.directory / "tmp-2").mkdir()
    assert "     2  abandoned      not approved   -\n" in run("list")[1]
    assert run("clean") == (0, "removed: tmp-2\n", "")
    assert run("clean") == (0, "removed: nothing\n", "")


def test_the_repository_may_be_named_by_the_environment(run, repository, publish):
    publish(repository)
    environment = {"SYMMETRA_MODEL_REPOSITORY": str(repository.directory.parent)}
    assert run("verify", environment=environment)[0] == 0


def test_a_wrong_command_line_exits_2(run, capsys):
    for arguments in ([], ["sing"], ["pin", "one"]):
        with pytest.raises(SystemExit) as stop:
            run(*arguments)
        assert stop.value.code == 2
    with pytest.raises(SystemExit):
        main(["list"], {}, io.StringIO(), io.StringIO())
    assert "--repository" in capsys.readouterr().err


def test_a_folder_that_cannot_be_read_is_a_sentence(repository):
    repository.directory.parent.mkdir()
    repository.directory.write_text("a file where a folder should be")
    err = io.StringIO()
    arguments = ["--repository", str(repository.directory.parent), "--model", "toy", "clean"]
    assert main(arguments, {}, io.StringIO(), err) == 0
    out = io.StringIO()
    assert main([*arguments[:-1], "pin"], {}, out, err) == 1
    assert "cannot be used" in err.getvalue()


def test_the_module_runs_without_tensorflow_and_grpc():
    program = "import sys, serving.repository.__main__; print({'tensorflow', 'grpc', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"
