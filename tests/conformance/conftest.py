"""One set of tests for every server that speaks TensorFlow Serving's contract (`reference/tfs_contract.md`).

Ours is always tested. TensorFlow's own `tensorflow_model_server` is, where the variable TENSORFLOW_MODEL_SERVER or PATH
names one; where none is found, the summary says so.
"""

import importlib

import pytest

from tests.support.server_under_test import EMBEDDED, REAL, VARIABLE, ServerUnderTest, find_programs

PROGRAMS = find_programs()


def pytest_terminal_summary(terminalreporter):
    if REAL not in PROGRAMS:
        terminalreporter.section(f"left out: no {REAL} on PATH, and {VARIABLE} is not set", sep="-")
        terminalreporter.line(f"tests/conformance ran against the {EMBEDDED} server only")


@pytest.fixture(scope="session", params=list(PROGRAMS))
def program(request):
    """Command of the server under test; every test that uses it runs once per server that was found."""
    return PROGRAMS[request.param]


@pytest.fixture(scope="session")
def serve(program):
    """Start the server under test: `with serve("--model_name=...", ...) as server:`."""

    def start(*flags):
        return ServerUnderTest(*flags, program=program)

    return start


@pytest.fixture(scope="session")
def model_files(tmp_path_factory):
    """Version directories to copy from: `toys/{1,2,3}` (TensorFlow 2, offsets 2, 20, 200) and `old/7` (TensorFlow 1)."""
    toys = importlib.import_module("tests.support.toy_models")
    root = tmp_path_factory.mktemp("conformance-models")
    for version, offset in ((1, 2.0), (2, 20.0), (3, 200.0)):
        toys.save_toys(root / "toys" / str(version), offset)
    toys.save_tensorflow_1_toy(root / "old" / "7")
    return root
