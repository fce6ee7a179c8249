"""What the model server answers or stops with.

ServerError
├── FlagMalformed          a value that a flag cannot take
├── FlagUnsupported        a flag of TensorFlow Serving that this server knows and does not implement
└── StatusError            an answer with a code and a message, word for word TensorFlow Serving's where it has one
    ├── Unknown
    ├── InvalidArgument
    ├── DeadlineExceeded
    ├── NotFound
    ├── ResourceExhausted
    ├── FailedPrecondition
    ├── Unimplemented
    │   └── OutputNotCarried a run whose answer has no form on the wire
    ├── Internal
    ├── Unavailable
    └── DataLoss

The codes are those of gRPC, which are TensorFlow's too; `status_of` makes the right class from a number.
"""

from __future__ import annotations

import enum
from typing import ClassVar


class Code(enum.IntEnum):
    """gRPC's status codes."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class ServerError(Exception):
    """Root of the tree."""


class FlagMalformed(ServerError):
    """A value that a flag cannot take."""


class FlagUnsupported(ServerError):
    """A flag that would change something here, if it were implemented. Never ignored in silence."""


class StatusError(ServerError):
    """An answer other than OK. `str(error)` is "CODE: message", as TensorFlow prints a status."""

    code: ClassVar[Code] = Code.UNKNOWN

    def __init__(self, message: str) -> None:
        super().__init__(f"{self.code.name}: {message}")
        self.message = message


class Unknown(StatusError):
    """What has no better code."""


class InvalidArgument(StatusError):
    """The request is wrong whatever the state of the server."""

    code = Code.INVALID_ARGUMENT


class DeadlineExceeded(StatusError):
    """Nobody waits for this answer any more."""

    code = Code.DEADLINE_EXCEEDED


class NotFound(StatusError):
    """No such model, version or file."""

    code = Code.NOT_FOUND


class ResourceExhausted(StatusError):
    """No thread left, or a deadline that passed in the queue."""

    code = Code.RESOURCE_EXHAUSTED


class FailedPrecondition(StatusError):
    """The request is well-formed, but this version or this state cannot answer it."""

    code = Code.FAILED_PRECONDITION


class Unimplemented(StatusError):
    """A part of TensorFlow Serving's contract that this server leaves out."""

    code = Code.UNIMPLEMENTED


class OutputNotCarried(Unimplemented):
    """The model ran, and its output is of a dtype that answers of this server do not carry, such as bfloat16."""


class Internal(StatusError):
    """A request that cannot even be decoded, or a fault of this server."""

    code = Code.INTERNAL


class Unavailable(StatusError):
    """Busy: the same request may succeed in a moment."""

    code = Code.UNAVAILABLE


class DataLoss(StatusError):
    """A file that is damaged."""

    code = Code.DATA_LOSS


_CLASS_OF: dict[int, type[StatusError]] = {error.code: error for error in StatusError.__subclasses__()}


def status_of(code: int, message: str) -> StatusError:
    """The error for a numeric code, such as TensorFlow's `OpError.error_code`; an unlisted code becomes Unknown."""
    return _CLASS_OF.get(code, Unknown)(message)
