"""The model config: which models are served from where, as flags, a text file or a call say it.

What may stand in one, and in which order faults are found, is that of ServerCore::ReloadConfig
(tensorflow_serving/model_servers/server_core.cc). A path may be a URI there; here only `file://` leads anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from serving.server.errors import InvalidArgument
from serving.server.text_files import read_text_proto
from serving.server.versions import Latest, VersionPolicy, read_policy
from serving.wire.server_config_pb2 import OTHER, TENSORFLOW, ModelConfig, ModelConfigList, ModelServerConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from serving.server.flags import Flags

PLATFORM: Final = "tensorflow"
_PLATFORM_OF_TYPE: Final = {TENSORFLOW: PLATFORM, OTHER: "other"}
_URI: Final = re.compile(r"[a-zA-Z][0-9a-zA-Z.]*://")
_LOCAL_SCHEME: Final = "file://"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """One entry of the model config."""

    name: str
    base_path: Path
    policy: VersionPolicy = field(default_factory=Latest)
    labels: Mapping[str, int] = field(default_factory=dict)


def read_config(flags: Flags) -> ModelServerConfig:
    """The config that the flags or their file name.

    Raises:
        InvalidArgument: Nothing is named, the file cannot be parsed, or it holds a config that no server can take.
    """
    if flags.model_config_file:
        return read_config_file(Path(flags.model_config_file))
    if not flags.model_base_path:
        message = "Both server_options.model_base_path and server_options.model_config_file are empty!"
        raise InvalidArgument(message)
    entry = ModelConfig(name=flags.model_name, base_path=flags.model_base_path, model_platform=PLATFORM)
    config = ModelServerConfig(model_config_list=ModelConfigList(config=[entry]))
    check_list(config.model_config_list)
    return config


def read_config_file(path: Path) -> ModelServerConfig:
    """The config in a text file; an empty file holds none.

    Raises:
        InvalidArgument: The file cannot be parsed, or holds a config that no server can take.
    """
    config = read_text_proto(path, ModelServerConfig())
    if config.WhichOneof("config") == "custom_model_config":
        message = "ModelServer does not yet support custom model config."
        raise InvalidArgument(message)
    check_list(config.model_config_list)
    return config


def check_list(models: ModelConfigList) -> None:
    """Refuse a list that is wrong in itself.

    Raises:
        InvalidArgument: A name twice, or a path that is not absolute.
    """
    names: set[str] = set()
    for entry in models.config:
        if entry.name in names:
            message = f"Illegal to list model {entry.name} multiple times in config list"
            raise InvalidArgument(message)
        names.add(entry.name)
    for entry in models.config:
        if not (entry.base_path.startswith("/") or _URI.match(entry.base_path)):
            message = f"Expected model {entry.name} to have an absolute path or URI; got base_path()={entry.base_path}"
            raise InvalidArgument(message)


def check_platforms_stay(old: ModelConfigList, new: ModelConfigList) -> None:
    """Refuse a list that gives a model of the list before it another platform.

    Raises:
        InvalidArgument: A model's platform changes, or is not said.
    """
    old_platforms = {entry.name: _platform_of(entry) for entry in old.config if _says_platform(entry)}
    for entry in new.config:
        old_platform = old_platforms.get(entry.name)
        if old_platform is not None and _platform_of(entry) != old_platform:
            message = (
                f"Illegal to change a model's platform. For model {entry.name} platform was {old_platform} and new "
                f"platform requested is {_platform_of(entry)}"
            )
            raise InvalidArgument(message)


def labels_of(models: ModelConfigList) -> dict[str, dict[str, int]]:
    """Model -> label -> version."""
    return {entry.name: dict(entry.version_labels) for entry in models.config}


def settings_of(models: ModelConfigList) -> tuple[ModelSettings, ...]:
    """What to load and watch.

    Raises:
        InvalidArgument: A platform that is not said, or that is not TensorFlow.
    """
    for entry in models.config:
        platform = _platform_of(entry)
        if platform != PLATFORM:
            message = f"Model {entry.name} requests unsupported platform {platform}"
            raise InvalidArgument(message)
    return tuple(
        ModelSettings(
            entry.name,
            Path(entry.base_path.removeprefix(_LOCAL_SCHEME)),
            read_policy(entry.model_version_policy),
            dict(entry.version_labels),
        )
        for entry in models.config
    )


def check_logging(models: ModelConfigList) -> None:
    """Refuse request logging, for which the open-source server has nothing to log to either.

    Raises:
        InvalidArgument: An entry asks for it.
    """
    if any(entry.HasField("logging_config") for entry in models.config):
        message = "No request-logger-creator provided."
        raise InvalidArgument(message)


def _says_platform(entry: ModelConfig) -> bool:
    return bool(entry.model_platform) != bool(entry.model_type)


def _platform_of(entry: ModelConfig) -> str:
    if not _says_platform(entry):
        which = "both" if entry.model_platform else "neither"
        last = "and" if entry.model_platform else "nor"
        message = (
            f"Illegal setting {which} ModelServerConfig::model_type (deprecated) {last} "
            f"ModelServerConfig::model_platform, model name is {entry.name}"
        )
        raise InvalidArgument(message)
    return entry.model_platform or _PLATFORM_OF_TYPE.get(entry.model_type, "other")
