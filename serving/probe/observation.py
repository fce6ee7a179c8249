"""One look at the model server: is the version AVAILABLE, and are its golden answers right?"""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import grpc

from serving.wire.client import AVAILABLE
from serving.wire.errors import AnswerMalformed, CallFailed
from serving.wire.golden_check import GoldenCrops, GoldenResult, check_golden
from serving.wire.overload import is_busy

if TYPE_CHECKING:
    from serving.repository import Pin
    from serving.wire.client import ModelServerClient

_GONE: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.ABORTED})


class Outcome(enum.StrEnum):
    """What a look found."""

    RIGHT = "right"
    """The version is AVAILABLE and every crop asked about got its golden answer."""
    BUSY = "busy"
    """A full queue, a missed deadline, RESOURCE_EXHAUSTED: nothing was learned about the answers.

    A server that hangs for ever looks the same from here; the time of the last success tells them apart."""
    WRONG = "wrong"
    """An answer that is not the golden one, of another version, or no probability at all."""
    NOT_LOADED = "not_loaded"
    """The server is there and the version is not."""
    REFUSED = "refused"
    """Any other status: the server does not run what the version's own contract says."""
    UNAVAILABLE = "unavailable"
    """Nobody answers at the address."""
    NOT_PINNED = "not_pinned"
    """There is no pin, or none that can be trusted."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look found.

    Attributes:
        outcome: What was found.
        reason: The same for a person.
        golden: What the golden crops gave; None where the look did not come that far.
        golden_seconds: How long they took; None where they were not answered.
    """

    outcome: Outcome
    reason: str
    golden: GoldenResult | None = None
    golden_seconds: float | None = None


def observe(client: ModelServerClient, pin: Pin, golden: GoldenCrops, deadline_seconds: float) -> Observation:
    """Ask a server about a version and some of its golden crops. Whatever the server does becomes an outcome.

    Args:
        client: The server.
        pin: The version that must answer.
        golden: The crops to ask about.
        deadline_seconds: For each call.
    """
    try:
        fault = _find_fault(client, pin, deadline_seconds)
        if fault is not None:
            return Observation(Outcome.NOT_LOADED, fault)
        started = time.monotonic()
        result = check_golden(client, pin.contract, golden, deadline_seconds)
        seconds = time.monotonic() - started
    except CallFailed as error:
        return Observation(_outcome_of(error), str(error))
    except AnswerMalformed as error:
        return Observation(Outcome.WRONG, str(error))
    return Observation(Outcome.RIGHT if result.passed else Outcome.WRONG, str(result), result, seconds)


def _find_fault(client: ModelServerClient, pin: Pin, deadline_seconds: float) -> str | None:
    """Why the version does not answer; None where it is AVAILABLE."""
    for status in client.model_status(pin.model, pin.version, deadline_seconds):
        if status.version == pin.version:
            if status.state == AVAILABLE:
                return None
            return f"version {pin.version} of {pin.model} is {status.state}. {status.error_message}".rstrip()
    return f"the server does not know version {pin.version} of {pin.model}"


def _outcome_of(error: CallFailed) -> Outcome:
    if error.code is grpc.StatusCode.NOT_FOUND:
        return Outcome.NOT_LOADED
    if is_busy(error):
        return Outcome.BUSY
    return Outcome.UNAVAILABLE if error.code in _GONE else Outcome.REFUSED
