"""`history.jsonl`: one JSON line per change, appended and flushed, never rewritten.

A crash can leave the last line cut short. Readers pass over such a line; the change it spoke of is either visible in the
repository itself (and recorded again by the next writer) or never happened.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from serving.repository.durable import append_line
from serving.repository.errors import RecordUnreadable

if TYPE_CHECKING:
    from pathlib import Path


class Action(enum.StrEnum):
    """What a record speaks of."""

    PUBLISH = "publish"
    PIN = "pin"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """One change.

    Attributes:
        at: When, UTC, ISO 8601 with microseconds.
        action: What happened.
        number: The version, or the policy's number for `Action.POLICY`.
        digest: The version's or the policy's sha256, in hexadecimal.
        recovered: True where the process that made the change died before it could record it; `at` is then when the
            next writer noticed.
    """

    at: str
    action: Action
    number: int
    digest: str
    recovered: bool = False

    @classmethod
    def now(cls, action: Action, number: int, digest: str, *, recovered: bool = False) -> Self:
        """A record of this moment."""
        at = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
        return cls(at, action, number, digest, recovered)


def append_record(path: Path, record: HistoryRecord) -> None:
    """Append a record and flush it. The caller holds the repository's lock."""
    append_line(path, json.dumps(dataclasses.asdict(record), sort_keys=True))


def read_records(path: Path) -> tuple[HistoryRecord, ...]:
    """All records, oldest first; none where there is no history yet.

    Raises:
        RecordUnreadable: A line that is JSON but no record: somebody else wrote it.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ()
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            fields = json.loads(line)
        except json.JSONDecodeError:
            continue
        try:
            records.append(HistoryRecord(**(fields | {"action": Action(fields["action"])})))
        except (KeyError, TypeError, ValueError) as error:
            message = f"{path.name}, line {number}, is not a record of this repository."
            raise RecordUnreadable(message) from error
    return tuple(records)
