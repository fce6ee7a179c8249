"""Messages in protobuf's text format, which all of the server's files are written in."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from google.protobuf import text_format
from google.protobuf.message import Message

from serving.server.errors import InvalidArgument
from serving.server.logs import log

if TYPE_CHECKING:
    from pathlib import Path

_Config = TypeVar("_Config", bound=Message)


def read_text_proto(path: Path, message: _Config) -> _Config:
    """Fill a message from a file, and return it.

    Raises:
        InvalidArgument: The file cannot be read or parsed.
    """
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), message)
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        # Theirs as well answers with the path alone and says elsewhere what is wrong with the file.
        log("text file cannot be read", path=str(path), kind=message.DESCRIPTOR.name, error=str(error))
        words = f"Invalid protobuf file: '{path}'"
        raise InvalidArgument(words) from error
