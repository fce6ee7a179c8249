"""Text files and flags to settings: which models, which batching, which monitoring."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from google.protobuf import text_format
from google.protobuf.message import Message

from serving.server.errors import InvalidArgument
from serving.server.versions import Latest, VersionPolicy, read_policy
from serving.wire.server_config_pb2 import BatchingParameters, ModelServerConfig, MonitoringConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from serving.server.flags import Flags

PLATFORM: Final = "tensorflow"
DEFAULT_METRICS_PATH: Final = "/monitoring/prometheus/metrics"

_Config = TypeVar("_Config", bound=Message)


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """One entry of the model config."""

    name: str
    base_path: Path
    policy: VersionPolicy = field(default_factory=Latest)
    labels: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchingSettings:
    """One BatchingParameters message with its defaults filled in (tensorflow/core/kernels/batching_util)."""

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    allowed_batch_sizes: tuple[int, ...] = ()
    pad_variable_length_inputs: bool = False


def read_models(flags: Flags) -> tuple[ModelSettings, ...]:
    """The models that the flags or their config file name.

    Raises:
        InvalidArgument: Nothing is named, or the file or an entry cannot be used.
    """
    if flags.model_config_file:
        return read_model_config(Path(flags.model_config_file))
    if not flags.model_base_path:
        message = "Both server_options.model_base_path and server_options.model_config_file are empty!"
        raise InvalidArgument(message)
    return (_checked(ModelSettings(flags.model_name, Path(flags.model_base_path))),)


def read_model_config(path: Path) -> tuple[ModelSettings, ...]:
    """The models of a ModelServerConfig file; an empty file means none.

    Raises:
        InvalidArgument: The file cannot be parsed, or an entry cannot be served.
    """
    config = _read_text_proto(path, ModelServerConfig())
    if config.WhichOneof("config") == "custom_model_config":
        message = "ModelServer does not yet support custom model config."
        raise InvalidArgument(message)
    models: dict[str, ModelSettings] = {}
    for entry in config.model_config_list.config:
        if entry.name in models:
            message = f"Illegal to list model {entry.name} multiple times in config list"
            raise InvalidArgument(message)
        if not entry.model_platform:
            message = (
                "Illegal setting neither ModelServerConfig::model_type (deprecated) nor "
                f"ModelServerConfig::model_platform, model name is {entry.name}"
            )
            raise InvalidArgument(message)
        if entry.model_platform != PLATFORM:
            message = f"Model {entry.name} requests unsupported platform {entry.model_platform}"
            raise InvalidArgument(message)
        if entry.HasField("logging_config"):
            message = "No request-logger-creator provided."
            raise InvalidArgument(message)
        policy = read_policy(entry.model_version_policy)
        models[entry.name] = _checked(
            ModelSettings(entry.name, Path(entry.base_path), policy, dict(entry.version_labels))
        )
    return tuple(models.values())


def read_batching(flags: Flags) -> BatchingSettings | None:
    """How to batch; None where batching is off.

    Raises:
        InvalidArgument: A file without --enable_batching, one that cannot be parsed, or impossible parameters.
    """
    if not flags.enable_batching:
        if flags.batching_parameters_file:
            message = (
                "server_options.batching_parameters_file is set without setting server_options.enable_batching to true."
            )
            raise InvalidArgument(message)
        return None
    parameters = BatchingParameters()
    if flags.batching_parameters_file:
        _read_text_proto(Path(flags.batching_parameters_file), parameters)
    return batching_settings(parameters)


def batching_settings(parameters: BatchingParameters) -> BatchingSettings:
    """One BatchingParameters message, checked.

    Raises:
        InvalidArgument: Impossible parameters, or large batch splitting, which is not implemented.
    """
    if parameters.enable_large_batch_splitting.value or parameters.HasField("max_execution_batch_size"):
        message = "enable_large_batch_splitting and max_execution_batch_size are not implemented by this server"
        raise InvalidArgument(message)
    given = {
        name: getattr(parameters, name).value
        for name in ("max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads")
        if parameters.HasField(name)
    }
    settings = BatchingSettings(
        **given,
        allowed_batch_sizes=tuple(parameters.allowed_batch_sizes),
        pad_variable_length_inputs=parameters.pad_variable_length_inputs,
    )
    if settings.num_batch_threads < 1:
        message = f"num_batch_threads must be positive; was {settings.num_batch_threads}"
        raise InvalidArgument(message)
    if settings.max_batch_size < 1:
        message = f"max_batch_size must be positive; was {settings.max_batch_size}"
        raise InvalidArgument(message)
    if settings.batch_timeout_micros < 0:
        message = f"batch_timeout_micros must be non-negative; was {settings.batch_timeout_micros}"
        raise InvalidArgument(message)
    if settings.max_enqueued_batches < 0:
        message = f"max_enqueued_batches must be non-negative; was {settings.max_enqueued_batches}"
        raise InvalidArgument(message)
    sizes = settings.allowed_batch_sizes
    if any(later <= earlier for earlier, later in zip((0, *sizes), sizes, strict=False)):
        message = "allowed_batch_sizes entries must be monotonically increasing"
        raise InvalidArgument(message)
    if sizes and sizes[-1] != settings.max_batch_size:
        message = (
            "Last entry in allowed_batch_sizes must match max_batch_size; last entry was "
            f"{sizes[-1]}; expected {settings.max_batch_size}"
        )
        raise InvalidArgument(message)
    return settings


def read_metrics_path(flags: Flags) -> str | None:
    """Where on the REST port Prometheus may scrape; None where monitoring is off.

    Raises:
        InvalidArgument: The file cannot be parsed.
    """
    if not flags.monitoring_config_file:
        return None
    prometheus = _read_text_proto(Path(flags.monitoring_config_file), MonitoringConfig()).prometheus_config
    return (prometheus.path or DEFAULT_METRICS_PATH) if prometheus.enable else None


def _checked(model: ModelSettings) -> ModelSettings:
    if not model.base_path.is_absolute():
        message = f"Expected model {model.name} to have an absolute path or URI; got base_path()={model.base_path}"
        raise InvalidArgument(message)
    return model


def _read_text_proto(path: Path, config: _Config) -> _Config:
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), config)
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        message = f"Invalid protobuf file: '{path}' ({error})"
        raise InvalidArgument(message) from error
