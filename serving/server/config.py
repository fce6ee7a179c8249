"""Text files and flags to settings: which models, which monitoring."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from google.protobuf import text_format
from google.protobuf.message import Message

from serving.server.errors import InvalidArgument
from serving.server.versions import Latest, VersionPolicy, read_policy
from serving.wire.server_config_pb2 import ModelServerConfig, MonitoringConfig

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


def read_metrics_path(flags: Flags) -> str | None:
    """Where on the REST port Prometheus may scrape; None where monitoring is off.

    Raises:
        InvalidArgument: The file cannot be parsed.
    """
    if not flags.monitoring_config_file or not flags.rest_api_port:
        # Theirs does not even read the file where there is no port to scrape.
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
