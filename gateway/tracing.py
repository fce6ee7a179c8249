"""W3C Trace Context (level 1) in and out: the caller's trace goes on to the model server, and back in `traceresponse`.

The gateway passes the trace on, with a span id of its own, and names the trace in its log lines. Trace ids are random numbers by
the standard, and nothing but such a number is accepted. It records spans where the settings name a collector (`gateway.spans`), of
traces whose caller has them recorded, and of those that begin here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.random_ids import random_hexadecimal, random_uuid

TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"
MAX_STATE_MEMBERS: Final = 32
MAX_STATE_CHARACTERS: Final = 512
"""What the standard asks to be passed on at least, and more than this no one needs to."""
SAMPLED: Final = 0x01

_PARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_KEY: Final = r"(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})"
_MEMBER: Final = re.compile(
    rf"({_KEY})=([\x20-\x2b\x2d-\x3c\x3e-\x7e]{{0,255}}[\x21-\x2b\x2d-\x3c\x3e-\x7e])", re.ASCII
)
_REQUEST_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Trace:
    """One request's place in a trace.

    Attributes:
        trace_id: 32 hexadecimal digits: of the caller's trace, or of a new one.
        span_id: 16 hexadecimal digits: of this request, new each time.
        flags: Only the bit `SAMPLED`, as the caller set it.
        state: The caller's `tracestate`, unchanged; empty without one.
        parent_id: 16 hexadecimal digits: the caller's span; empty where the trace begins here.
    """

    trace_id: str
    span_id: str
    flags: int = 0
    state: str = ""
    parent_id: str = ""

    @property
    def parent(self) -> str:
        """This request as somebody's `traceparent`; also the value of `traceresponse`."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What goes on to the model server, as gRPC metadata."""
        state = ((TRACESTATE, self.state),) if self.state else ()
        return ((TRACEPARENT, self.parent), *state)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a request that ended at `ended_ns` (nanoseconds since 1970) and took so many seconds."""

    name: str
    ended_ns: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ObservedRequest:
    """A request that ended, as a collector of spans may know it: templates, numbers and codes of ours.

    Attributes:
        trace: Its place in a trace.
        method: Of HTTP.
        route: Template.
        status: Of the answer.
        code: Of the problem, where it is one.
        traffic: Class of the caller.
        began_ns, ended_ns: Nanoseconds since 1970.
        stages: Of a screening, as they ended.
    """

    trace: Trace
    method: str
    route: str
    status: int
    code: str | None
    traffic: str
    began_ns: int
    ended_ns: int
    stages: tuple[Stage, ...]


class SpanSink(Protocol):
    """What takes requests to a collector."""

    def take(self, request: ObservedRequest) -> None:
        """Take one along, in microseconds; never waits and never fails."""
        ...


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)
_stages: ContextVar[list[Stage] | None] = ContextVar("stages", default=None)


def begin_trace(parents: Sequence[str], states: Sequence[str], *, records_spans: bool = False) -> Trace:
    """The trace of a request, from its `traceparent` and `tracestate` headers; a new one where they are not valid.

    From here on, `outgoing_metadata` in the same context names it.

    Args:
        parents: Values of `traceparent`.
        states: Values of `tracestate`.
        records_spans: Whether spans are recorded here: then those of a trace that begins here are.
    """
    trace = _continued(parents, states) or Trace(
        random_hexadecimal(16), random_hexadecimal(8), SAMPLED if records_spans else 0
    )
    _current.set(trace)
    _stages.set([] if records_spans and trace.flags & SAMPLED else None)
    return trace


def note_stage(name: str, seconds: float, *, before_seconds: float = 0.0) -> None:
    """A stage of the current request took so long, and ended so long before now; nothing where no span is recorded."""
    stages = _stages.get()
    if stages is not None:
        stages.append(Stage(name, time.time_ns() - round(before_seconds * 1e9), seconds))


def noted_stages() -> tuple[Stage, ...] | None:
    """The stages of the current request; None where no span of it is recorded."""
    stages = _stages.get()
    return None if stages is None else tuple(stages)


def outgoing_metadata() -> tuple[tuple[str, str], ...]:
    """The current trace as gRPC metadata; empty outside a request."""
    trace = _current.get()
    return () if trace is None else trace.metadata


def accepted_request_id(values: Sequence[str]) -> str:
    """The caller's X-Request-Id where it is a UUID, in lower case; otherwise a new one.

    Nothing but a UUID, because it is logged: a number of a patient or a name must not get there.
    """
    if len(values) == 1 and _REQUEST_ID.fullmatch(values[0]):
        return values[0].lower()
    return random_uuid()


def _continued(parents: Sequence[str], states: Sequence[str]) -> Trace | None:
    found = _PARENT.fullmatch(parents[0]) if len(parents) == 1 else None
    if found is None:
        return None
    version, trace_id, parent_id, flags, rest = found.groups()
    # Later versions may append fields; version 00 has none, and ff is not one.
    if version == "ff" or (version == "00" and rest is not None):
        return None
    if not int(trace_id, 16) or not int(parent_id, 16):
        return None
    return Trace(trace_id, random_hexadecimal(8), int(flags, 16) & SAMPLED, _valid_state(states), parent_id)


def _valid_state(states: Sequence[str]) -> str:
    """The header as it came, its repetitions joined; empty where it is not valid, because half of it would mislead."""
    state = ",".join(states)
    members = [member for part in state.split(",") if (member := part.strip(" \t"))]
    parsed = [_MEMBER.fullmatch(member) for member in members]
    keys = {found[1] for found in parsed if found is not None}
    if len(state) > MAX_STATE_CHARACTERS or len(members) > MAX_STATE_MEMBERS or len(keys) != len(members):
        return ""
    return ",".join(members)
