"""`models.config`: which versions the model servers load. Beside the versions; written by `promote` and `rollback` only.

The servers are started with `--model_config_file` naming it and `--model_config_file_poll_wait_seconds` above 0: a config that
nothing polls never loads anything. It names versions by number (policy `specific`) and never uses labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from google.protobuf import text_format

from serving.repository.errors import RecordUnreadable
from serving.repository.repository import SERVED_NAME
from serving.wire.server_config_pb2 import ModelServerConfig

_PLATFORM: Final = "tensorflow"
_HEADER: Final = "# Written by `python -m serving.repository`, which owns what is live. Do not edit: the next promotion replaces it.\n"


@dataclass(frozen=True, slots=True)
class ServedVersions:
    """The content of `models.config`.

    Attributes:
        model: Name of the model.
        base_path: The model's directory as the model servers see it; "" where no version is served.
        versions: What is served, lowest first; none for servers that wait for the first promotion.
    """

    model: str
    base_path: str
    versions: tuple[int, ...]

    def to_text(self) -> str:
        """Text proto, as both servers read it.

        No version is an empty list of models, which is legal at start and later: a listed model without versions would keep
        the ports of a starting server closed, and an empty file would be ignored while another config is in force.
        """
        config = ModelServerConfig()
        config.model_config_list.SetInParent()
        if self.versions:
            entry = config.model_config_list.config.add(
                name=self.model, base_path=self.base_path, model_platform=_PLATFORM
            )
            entry.model_version_policy.specific.versions.extend(sorted(self.versions))
        return _HEADER + text_format.MessageToString(config)

    @classmethod
    def from_text(cls, text: str, model: str) -> Self:
        """Read what `to_text` wrote.

        Raises:
            RecordUnreadable: not text proto, other models, or versions that are not named by number.
        """
        try:
            config = text_format.Parse(text, ModelServerConfig())
        except text_format.ParseError as error:
            message = f"{SERVED_NAME} cannot be read: {error}."
            raise RecordUnreadable(message) from error
        entries = config.model_config_list.config
        if not entries:
            return cls(model, "", ())
        versions = tuple(entries[0].model_version_policy.specific.versions)
        if len(entries) > 1 or entries[0].name != model or not versions:
            message = (
                f"{SERVED_NAME} was not written by this program: it must name {model} alone, by version numbers. "
                "Move it away and promote again."
            )
            raise RecordUnreadable(message)
        return cls(model, entries[0].base_path, tuple(sorted(versions)))
