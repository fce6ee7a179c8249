"""`python -m monitoring`: which commands there are, and what is said where one is not."""

import io

import pytest

from monitoring import __main__ as entry


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    return entry.run(arguments, {}, out, err), out.getvalue(), err.getvalue()


def test_help_names_every_command():
    code, out, _ = run("--help")
    assert code == 0
    assert all(name in out for name in entry.COMMANDS)


@pytest.mark.parametrize("arguments", [(), ("paint",)])
def test_a_command_that_there_is_not_is_a_sentence_and_code_2(arguments):
    code, _, err = run(*arguments)
    assert code == 2
    assert "write-rules" in err


def test_a_command_whose_module_is_left_out_says_so(monkeypatch):
    monkeypatch.setitem(entry.COMMANDS, "later", ("monitoring.commands.nowhere", "-"))
    assert run("later") == (1, "", "The command 'later' is not part of this release.\n")


def test_a_command_gets_the_rest_of_the_line(tmp_path):
    code, out, _ = run("write-rules", "--folder", str(tmp_path))
    assert code == 0
    assert "slo.rules.yaml" in out
