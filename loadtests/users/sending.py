"""What every kind of user offers: to send the request with a given number, and to say what came back."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Final, Protocol

from loadtests.run.format import NO_ANSWER, TIMEOUT
from loadtests.run.recording import OUT_OF_SOCKETS, Said


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a request.

    Attributes:
        outcome: Of `loadtests.run.format.OUTCOMES`.
        status: HTTP status or name of a gRPC status; None where there was no answer.
        said: Of a photo.
    """

    outcome: str
    status: str | None
    said: Said | None = None


class Sender(Protocol):
    """One kind of user."""

    def send(self, number: int, patience_seconds: float) -> Sent:
        """Send the request with this number, and wait for its answer, at most so long."""
        ...


GIVEN_UP: Final = Sent(TIMEOUT, None)


def unanswered(error: OSError) -> Sent:
    """A request whose connection failed."""
    return Sent(NO_ANSWER, OUT_OF_SOCKETS if error.errno in (errno.EMFILE, errno.ENFILE) else None)
