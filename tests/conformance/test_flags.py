"""Section 1 of the contract: the command line."""

import re

import pytest

from tests.support.model_server_process import run_server_to_its_end
from tests.support.reloads import answering

pytestmark = pytest.mark.tensorflow
ABSENT_FILE = "--model_config_file=/nowhere/models.config"


def run(program, *flags):
    return run_server_to_its_end(*flags, program=program)


@pytest.mark.parametrize("flag", ["--version", "--version=true", "--version=1"])
def test_version_is_two_lines(program, flag):
    code, out, _ = run(program, flag)
    assert code == 0
    assert re.fullmatch(r"TensorFlow ModelServer: \S+\nTensorFlow Library: \S+\n", out)


@pytest.mark.parametrize(
    "flag",
    [
        "--port=abc",
        "--port=",
        "--port=1.5",
        "--port=2147483648",
        "--grpc_max_threads=many",
        "--load_retry_interval_micros=1s",
        "--enable_batching=yes",
        "--enable_model_warmup=TRUE",
        "--per_process_gpu_memory_fraction=half",
    ],
)
def test_a_malformed_value_is_usage_on_stdout_and_255(program, flag):
    code, out, _ = run(program, flag, "--version=false")
    assert code == 255
    assert "usage: " in out
    assert "--model_base_path=" in out


@pytest.mark.parametrize("argument", ["--never_heard_of=1", "-port=8500", "port=8500", "--port", "--model_name"])
def test_an_unknown_argument_is_named_with_usage_and_the_start_goes_on(program, argument):
    code, out, _ = run(program, argument, ABSENT_FILE)
    assert code == 255
    assert f"unknown argument: {argument}\n" in out
    assert "usage: " in out
    # It went on: this is what ended it.
    assert out.splitlines()[-1].startswith("Failed to start server. Error: ")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], "INVALID_ARGUMENT: Both server_options.model_base_path and server_options.model_config_file are empty!"),
        (
            ["--model_name=m", "--model_base_path=models/m"],
            "INVALID_ARGUMENT: Expected model m to have an absolute path or URI; got base_path()=models/m",
        ),
        (
            ["--model_base_path=/m", "--batching_parameters_file=/a"],
            (
                "INVALID_ARGUMENT: server_options.batching_parameters_file is set without setting "
                "server_options.enable_batching to true."
            ),
        ),
    ],
)
def test_flags_that_do_not_go_together_are_one_line_and_255(program, flags, words):
    code, out, _ = run(program, *flags)
    assert code == 255
    assert out.splitlines()[-1] == f"Failed to start server. Error: {words}"


def test_flags_that_many_people_pass_start_the_server(still_server):
    # conftest.USUAL_FLAGS; one of them nobody knows.
    assert answering(still_server, "toys") == 2
    assert "unknown argument: --never_heard_of=1\n" in still_server.stdout()
    assert "usage: " in still_server.stdout()
