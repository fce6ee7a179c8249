"""The command line, in TensorFlow Serving's syntax."""

import pytest

from serving.server.errors import FlagMalformed, FlagUnsupported
from serving.server.flags import LISTEN_VARIABLE, Flags, parse_flags, usage


def parse(*arguments, **environment):
    return parse_flags(arguments, environment)


def test_defaults_are_theirs_but_for_the_address():
    flags, unknown = parse()
    assert unknown == ()
    assert flags == Flags()
    assert (flags.port, flags.rest_api_port, flags.model_name) == (8500, 0, "default")
    assert (flags.file_system_poll_wait_seconds, flags.max_num_load_retries) == (1, 5)
    assert flags.load_retry_interval_micros == 60_000_000
    assert flags.enable_model_warmup
    assert not flags.enable_batching
    assert flags.listen_address == "127.0.0.1"


def test_values_are_read_by_type():
    flags, unknown = parse(
        "--port=9000",
        "--model_name=a=b",
        "--load_retry_interval_micros=-1",
        "--enable_batching",
        "--enable_model_warmup=0",
    )
    assert unknown == ()
    assert (flags.port, flags.model_name, flags.load_retry_interval_micros) == (9000, "a=b", -1)
    assert flags.enable_batching
    assert not flags.enable_model_warmup


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_bools_take_these_words(text, value):
    assert parse(f"--enable_batching={text}")[0].enable_batching is value


@pytest.mark.parametrize(
    "argument",
    [
        "--port=abc",
        "--port=",
        "--port=8500x",
        "--port=2147483648",
        "--port=1.5",
        "--port=٣",
        "--load_retry_interval_micros=9223372036854775808",
        "--enable_batching=yes",
        "--enable_batching=",
        "--per_process_gpu_memory_fraction=half",
    ],
)
def test_a_value_that_a_flag_cannot_take_is_named(argument):
    name, _, text = argument.removeprefix("--").partition("=")
    with pytest.raises(FlagMalformed) as error:
        parse(argument)
    assert str(error.value) == f"Couldn't interpret value {text} for flag {name}."


def test_what_is_no_flag_is_returned():
    arguments = ("--prot=8500", "-port=8500", "port=8500", "--port", "--", "--help")
    assert parse(*arguments) == (Flags(), arguments)


@pytest.mark.parametrize(
    "argument",
    [
        "--ssl_config_file=/a",
        "--enable_profiler",
        "--prefer_tflite_model=true",
        "--per_process_gpu_memory_fraction=0.5",
        "--enable_grpc_healthcheck_service",
        "--file_system_poll_wait_seconds=-1",
        "--model_config_file_poll_wait_seconds=-1",
    ],
)
def test_a_flag_that_is_not_implemented_stops_the_start(argument):
    with pytest.raises(FlagUnsupported, match="not supported here"):
        parse(argument)


@pytest.mark.parametrize(
    "argument",
    [
        "--enable_profiler=false",
        "--ssl_config_file=",
        "--per_process_gpu_memory_fraction=0",
        "--flush_filesystem_caches=true",
        "--flush_filesystem_caches=false",
        "--num_load_threads=0",
    ],
)
def test_a_value_that_asks_for_nothing_more_is_accepted(argument):
    assert parse(argument) == (Flags(), ())


def test_the_address_may_come_from_the_environment_and_the_flag_wins():
    assert parse(**{LISTEN_VARIABLE: "0.0.0.0"})[0].listen_address == "0.0.0.0"
    assert parse("--listen_address=::1", **{LISTEN_VARIABLE: "0.0.0.0"})[0].listen_address == "::1"


def test_usage_has_their_layout():
    lines = usage("python -m serving.server").splitlines()
    assert lines[:2] == ["usage: python -m serving.server", "Flags:"]
    assert lines[2].startswith("\t--port=8500                      \tint32\t")
    assert any(line.startswith('\t--model_name="default"') for line in lines)
    assert any(line.startswith("\t--enable_batching=false") for line in lines)
