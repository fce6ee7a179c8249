"""Command-line flags, in TensorFlow Serving's syntax and with its defaults (tensorflow_serving/model_servers/main.cc).

Only `--name=value`; a bool may stand alone. An unknown argument is named, with the usage, and the server still starts,
as theirs does. A flag of theirs that is not implemented here stops the start by name, unless its value asks for what
this server does anyway. Two flags are ours: theirs listens on every address, and dies at once on SIGTERM.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from serving.server.errors import FlagMalformed, FlagUnsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FlagType: TypeAlias = Literal["bool", "int32", "int64", "float", "string"]
Value: TypeAlias = bool | int | float | str

LISTEN_VARIABLE: Final = "SYMMETRA_MODEL_SERVER_LISTEN_ADDRESS"
LOOPBACK: Final = "127.0.0.1"


def _flag(flag_type: FlagType, default: Value, usage: str) -> Any:  # noqa: ANN401 - dataclasses.field() is untyped too
    return field(default=default, metadata={"type": flag_type, "usage": usage})


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags that this server implements; each attribute is named as the flag."""

    port: int = _flag("int32", 8500, "TCP port of gRPC. 0 means no TCP, and then --grpc_socket_path must be set.")
    grpc_socket_path: str = _flag("string", "", "Listen for gRPC on this UNIX socket too.")
    rest_api_port: int = _flag("int32", 0, "TCP port of REST and monitoring. 0 means none.")
    rest_api_num_threads: int = _flag(
        "int32", 4 * (os.cpu_count() or 1), "Threads for REST; a request that finds none free waits."
    )
    rest_api_timeout_in_ms: int = _flag(
        "int32", 30000, "Milliseconds that a REST inference may take; 0 means for ever."
    )
    rest_api_enable_cors_support: bool = _flag("bool", False, "Let pages of any site ask over REST.")
    listen_address: str = _flag("string", LOOPBACK, f"Ours: address to listen on; also ${LISTEN_VARIABLE}.")
    shutdown_grace_seconds: int = _flag("int32", 30, "Ours: how long calls in flight may take after SIGTERM.")
    grpc_max_threads: int = _flag(
        "int32", 4 * (os.cpu_count() or 1), "Threads for gRPC; a call that finds none free is refused."
    )
    grpc_channel_arguments: str = _flag("string", "", "Comma separated name=value pairs for the gRPC server.")
    model_name: str = _flag("string", "default", "Name of the model at --model_base_path.")
    model_base_path: str = _flag("string", "", "Absolute path of the folder of numbered version folders.")
    model_config_file: str = _flag("string", "", "ModelServerConfig in text format; instead of the two above.")
    model_config_file_poll_wait_seconds: int = _flag(
        "int32", 0, "Read --model_config_file again after this many seconds; 0 means once."
    )
    file_system_poll_wait_seconds: int = _flag(
        "int32", 1, "Look for new versions after this many seconds; 0 means once."
    )
    max_num_load_retries: int = _flag("int32", 5, "How often to retry the load of a version after its first failure.")
    load_retry_interval_micros: int = _flag("int64", 60_000_000, "Microseconds between two attempts to load.")
    allow_version_labels_for_unavailable_models: bool = _flag(
        "bool", False, "Let a new label name a version that is not available yet."
    )
    saved_model_tags: str = _flag("string", "serve", "Comma separated tags of the MetaGraphDef to load.")
    enable_batching: bool = _flag("bool", False, "Run requests that wait at the same time as one batch.")
    batching_parameters_file: str = _flag("string", "", "BatchingParameters in text format.")
    enable_per_model_batching_parameters: bool = _flag(
        "bool", False, "Batch only versions that hold batching_params.pbtxt, and as it says."
    )
    enable_model_warmup: bool = _flag(
        "bool", True, "Run assets.extra/tf_serving_warmup_requests before a version takes traffic."
    )
    num_request_iterations_for_warmup: int = _flag("int32", 0, "How often to run each warm-up request; 0 means once.")
    tensorflow_session_parallelism: int = _flag("int64", 0, "Threads inside and between ops; 0 means automatic.")
    tensorflow_intra_op_parallelism: int = _flag("int64", 0, "Threads inside an op; 0 means automatic.")
    tensorflow_inter_op_parallelism: int = _flag(
        "int64", 0, "Threads between ops; 0 means that each call runs its ops one after the other."
    )
    tensorflow_session_config_file: str = _flag("string", "", "tensorflow.ConfigProto in text format.")
    mixed_precision: str = _flag("string", "", 'Precision of convolutions and the like; "bfloat16" or nothing.')
    num_load_threads: int = _flag(
        "int32", 0, "Threads to load versions in; 0 means one after the other. The first load has its own."
    )
    num_unload_threads: int = _flag("int32", 0, "Threads to unload versions in; 0 means one after the other.")
    ssl_config_file: str = _flag("string", "", "SSLConfig in text format, with inline PEM; for gRPC.")
    enable_grpc_healthcheck_service: bool = _flag("bool", False, "Serve grpc.health.v1.Health.")
    enable_signature_method_name_check: bool = _flag(
        "bool", False, "Refuse Predict on a signature whose method name is none of TensorFlow Serving's."
    )
    monitoring_config_file: str = _flag("string", "", "MonitoringConfig in text format; needs --rest_api_port.")
    enable_serialization_as_tensor_content: bool = _flag(
        "bool", False, "Answer with tensor_content instead of the typed fields."
    )
    version: bool = _flag("bool", False, "Print the versions and exit.")


@dataclass(frozen=True, slots=True)
class _Absent:
    """A flag of theirs that is not implemented.

    Attributes:
        flag_type: Type of its values.
        harmless: The values that ask for nothing more than this server does; None where every value is.
        reason: Why the others are refused, or why every value is harmless.
    """

    flag_type: FlagType
    harmless: tuple[Value, ...] | None
    reason: str = "it is not implemented"


_NO_GPU: Final = "this server runs on the CPU"
_NO_TFLITE: Final = "this server does not run TensorFlow Lite models"
_ABSENT: Final[dict[str, _Absent]] = {
    "flush_filesystem_caches": _Absent("bool", None, "only file systems that are not local have caches to flush"),
    "use_alts_credentials": _Absent("bool", (False,)),
    "platform_config_file": _Absent("string", ("",)),
    "per_process_gpu_memory_fraction": _Absent("float", None, _NO_GPU),
    "remove_unused_fields_from_bundle_metagraph": _Absent("bool", None, "nothing but signatures is kept here"),
    "prefer_tflite_model": _Absent("bool", (False,), _NO_TFLITE),
    "num_tflite_pools": _Absent("int32", None, _NO_TFLITE),
    "num_tflite_interpreters_per_pool": _Absent("int32", None, _NO_TFLITE),
    "xla_cpu_compilation_enabled": _Absent("bool", (False,)),
    "xla_gpu_compilation_enabled": _Absent("bool", (False,), _NO_GPU),
    "enable_profiler": _Absent("bool", None, "this server has no profiler service"),
    "thread_pool_factory_config_file": _Absent("string", ("",)),
    "skip_initialize_tpu": _Absent("bool", None, _NO_GPU),
}
_OURS: Final = {entry.name: entry.metadata["type"] for entry in fields(Flags)}
_LIMITS: Final = {"int32": 2**31, "int64": 2**63}


class CommandLine(NamedTuple):
    """A command line that was read.

    Attributes:
        flags: The flags that this server implements.
        unknown: The arguments that are no flag of either server.
        ignored: Flags of theirs that change nothing here, whatever their value, and why.
    """

    flags: Flags
    unknown: tuple[str, ...]
    ignored: dict[str, str]


def parse_flags(arguments: Sequence[str], environment: Mapping[str, str]) -> CommandLine:
    """Read the command line.

    Args:
        arguments: What followed the program's name.
        environment: Where the listening address may stand.

    Raises:
        FlagMalformed: A value that the flag cannot take.
        FlagUnsupported: A flag that is not implemented here, with a value that asks for it.
    """
    given: dict[str, Any] = {"listen_address": environment.get(LISTEN_VARIABLE, LOOPBACK)}
    unknown = []
    ignored: dict[str, str] = {}
    end = arguments.index("--") if "--" in arguments else len(arguments)
    for argument in arguments[:end]:
        name, equals, text = argument.removeprefix("--").partition("=")
        absent = _ABSENT.get(name)
        flag_type = absent.flag_type if absent else _OURS.get(name)
        if not argument.startswith("--") or flag_type is None or not (equals or flag_type == "bool"):
            unknown.append(argument)
            continue
        value = _read_value(name, flag_type, text if equals else "true")
        if absent is None:
            given[name] = value
        elif absent.harmless is None:
            ignored[name] = absent.reason
        elif value not in absent.harmless:
            message = f"--{name}={text or 'true'} is a flag of TensorFlow Serving that is not supported here: {absent.reason}."
            raise FlagUnsupported(message)
    flags = Flags(**given)
    if flags.file_system_poll_wait_seconds < 0 or flags.model_config_file_poll_wait_seconds < 0:
        message = "A negative poll interval is for TensorFlow Serving's own tests and not supported here; 0 means once."
        raise FlagUnsupported(message)
    return CommandLine(flags, (*unknown, *arguments[end:]), ignored)


def usage(program: str) -> str:
    """What is printed for an unknown argument or a malformed value, in TensorFlow's layout."""
    lines = [f"usage: {program}", "Flags:"]
    for entry in fields(Flags):
        shown = f'"{entry.default}"' if entry.metadata["type"] == "string" else str(entry.default).lower()
        lines.append(f"\t{f'--{entry.name}={shown}':<33}\t{entry.metadata['type']}\t{entry.metadata['usage']}")
    for words, are_ignored in (("accepted without effect", True), ("not supported unless at their default", False)):
        names = sorted(name for name, absent in _ABSENT.items() if (absent.harmless is None) == are_ignored)
        lines.append(f"Flags of TensorFlow Serving {words}: {', '.join(names)}.")
    return "\n".join(lines) + "\n"


def _read_value(name: str, flag_type: FlagType, text: str) -> Value:
    if flag_type == "string":
        return text
    if flag_type == "bool" and text in {"true", "1", "false", "0"}:
        return text in {"true", "1"}
    if flag_type == "float" and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
        return float(text)
    if flag_type in _LIMITS and re.fullmatch(r"[+-]?\d+", text, re.ASCII):
        number = int(text)
        if -_LIMITS[flag_type] <= number < _LIMITS[flag_type]:
            return number
    message = f"Couldn't interpret value {text} for flag {name}."
    raise FlagMalformed(message)
