"""`python -m monitoring`: which commands there are, and what is said where one is not."""

import importlib
import io

import pytest

from monitoring import __main__ as entry
from monitoring.commands import drift


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    return entry.run(arguments, {}, out, err), out.getvalue(), err.getvalue()


def test_help_names_every_command():
    code, out, _ = run("--help")
    assert code == 0
    assert all(name in out for name in entry.COMMANDS.modules)


@pytest.mark.parametrize("arguments", [(), ("paint",)])
def test_a_command_that_there_is_not_is_a_sentence_and_code_2(arguments):
    code, _, err = run(*arguments)
    assert code == 2
    assert "write-rules" in err


@pytest.mark.parametrize("commands", [entry.COMMANDS, drift.COMMANDS], ids=lambda each: each.program)
def test_every_command_has_its_module(commands):
    assert all(callable(importlib.import_module(module).run) for module, _ in commands.modules.values())


def test_a_command_gets_the_rest_of_the_line(tmp_path):
    code, out, _ = run("write-rules", "--folder", str(tmp_path))
    assert code == 0
    assert "slo.rules.yaml" in out
