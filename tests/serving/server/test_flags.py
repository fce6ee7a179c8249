"""The command line, in TensorFlow Serving's syntax."""

import pytest

from serving.server.errors import FlagMalformed, FlagUnsupported
from serving.server.flags import LISTEN_VARIABLE, Flags, parse_flags, usage


def parse(*arguments, **environment):
    return parse_flags(arguments, environment)


def test_defaults_are_theirs_but_for_the_address():
    flags, unknown, ignored = parse()
    assert (unknown, ignored) == ((), {})
    assert flags == Flags()
    assert (flags.port, flags.rest_api_port, flags.model_name) == (8500, 0, "default")
    assert (flags.file_system_poll_wait_seconds, flags.max_num_load_retries) == (1, 5)
    assert flags.load_retry_interval_micros == 60_000_000
    assert flags.enable_model_warmup
    assert not flags.enable_batching
    assert flags.listen_address == "127.0.0.1"


def test_values_are_read_by_type():
    flags, unknown, _ = parse(
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
    assert parse(*arguments) == (Flags(), arguments, {})


def test_everything_after_two_dashes_is_no_flag():
    assert parse("--port=1", "--", "--port=abc") == (Flags(port=1), ("--", "--port=abc"), {})


@pytest.mark.parametrize(
    "argument",
    [
        "--use_alts_credentials",
        "--platform_config_file=/a",
        "--prefer_tflite_model=true",
        "--thread_pool_factory_config_file=/a",
        "--xla_cpu_compilation_enabled=true",
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
        "--use_alts_credentials=false",
        "--platform_config_file=",
        "--prefer_tflite_model=0",
    ],
)
def test_a_value_that_asks_for_nothing_more_is_accepted(argument):
    assert parse(argument) == (Flags(), (), {})


@pytest.mark.parametrize(
    "argument",
    [
        "--enable_profiler",
        "--enable_profiler=false",
        "--per_process_gpu_memory_fraction=0.5",
        "--flush_filesystem_caches=true",
        "--remove_unused_fields_from_bundle_metagraph=false",
        "--num_tflite_pools=4",
        "--num_tflite_interpreters_per_pool=2",
        "--skip_initialize_tpu",
    ],
)
def test_a_flag_that_changes_nothing_here_is_accepted_and_named(argument):
    name = argument.removeprefix("--").partition("=")[0]
    flags, unknown, ignored = parse(argument)
    assert (flags, unknown, list(ignored)) == (Flags(), (), [name])


def test_the_address_may_come_from_the_environment_and_the_flag_wins():
    assert parse(**{LISTEN_VARIABLE: "0.0.0.0"})[0].listen_address == "0.0.0.0"
    assert parse("--listen_address=::1", **{LISTEN_VARIABLE: "0.0.0.0"})[0].listen_address == "::1"


def test_usage_has_their_layout():
    lines = usage("python -m serving.server").splitlines()
    assert lines[:2] == ["usage: python -m serving.server", "Flags:"]
    assert lines[2].startswith("\t--port=8500                      \tint32\t")
    assert any(line.startswith('\t--model_name="default"') for line in lines)
    assert any(line.startswith("\t--enable_batching=false") for line in lines)
