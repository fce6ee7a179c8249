"""`history.jsonl`: one JSON line per change, appended and flushed, never rewritten.

A crash can leave the last line cut short. Readers pass over such a line; the change it spoke of is either visible in the
repository itself (and recorded again by the next writer) or never happened.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from serving.repository.durable import append_line
from serving.repository.errors import RecordUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


HISTORY_NAME: Final = "history.jsonl"


class Action(enum.StrEnum):
    """What a record speaks of."""

    PUBLISH = "publish"
    PIN = "pin"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    ABANDON = "abandon"
    """A promotion or rollback that was given up: nothing went live."""
    REMOVE = "remove"
    APPROVE = "approve"
    REFUSE = "refuse"
    POLICY = "policy"


GOING_LIVE: Final = frozenset({Action.PIN, Action.PROMOTE, Action.ROLLBACK})
"""After each of these another version answers; `live.py` says which one when."""


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """One change.

    Attributes:
        at: When, UTC, ISO 8601 with microseconds.
        action: What happened.
        number: The version, or the policy's number for `Action.POLICY`.
        digest: The version's or the policy's sha256, in hexadecimal.
        by: Who decided, for everything that somebody decides; "" otherwise and in lines of earlier releases.
        why: Their reason, likewise.
        recovered: True where the process that made the change died before it could record it; `at` is then when the
            next writer noticed.
        details: For promotions: which version was live before, when it was started, and what each model server answered.
    """

    at: str
    action: Action
    number: int
    digest: str
    recovered: bool = False
    by: str = ""
    why: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def now(
        cls, action: Action, number: int, digest: str, *, by: str = "", why: str = "", recovered: bool = False
    ) -> Self:
        """A record of this moment."""
        return cls(timestamp(), action, number, digest, recovered, by, why)

    @property
    def subject(self) -> tuple[str, int | None]:
        """What it speaks of: there is one pin and one policy, but each version is published and decided by itself."""
        if self.action in {Action.APPROVE, Action.REFUSE}:
            return "decision", self.number
        if self.action in GOING_LIVE:
            return "live", None
        return self.action, None if self.action is Action.POLICY else self.number

    @property
    def change(self) -> tuple[Action, int, str, str, str]:
        """What happened, whenever it did: two records of one change are equal in this."""
        return self.action, self.number, self.digest, self.by, self.why


def timestamp() -> str:
    """This moment, as records write it: UTC, ISO 8601 with microseconds."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")


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


def find_missing(records: Iterable[HistoryRecord], visible: Iterable[HistoryRecord]) -> tuple[HistoryRecord, ...]:
    """Records of changes that the files show and the history does not: their writers died before they could record them.

    Args:
        records: The history, oldest first.
        visible: What the files show of what was changed last.
    """
    last = {record.subject: record.change for record in records}
    missing = [record for record in visible if last.get(record.subject) != record.change]
    return tuple(dataclasses.replace(record, at=timestamp(), recovered=True) for record in missing)
