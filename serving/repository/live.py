"""Which version was live when: read from the history, and from nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from serving.repository.errors import NothingToRollBackTo
from serving.repository.history import GOING_LIVE, Action, HistoryRecord


@dataclass(frozen=True, slots=True)
class LiveVersion:
    """A version in the time that it was live.

    Attributes:
        version: Its number.
        digest: Its digest.
        since: When it went live, UTC, ISO 8601.
        record: The line of the history that says so.
    """

    version: int
    digest: str
    since: str
    record: HistoryRecord


def find_live(records: Sequence[HistoryRecord], at: dt.datetime | None = None) -> LiveVersion | None:
    """What was live at a moment, or last where None; None before the first version went live.

    Args:
        records: The history, oldest first.
        at: With a time zone.
    """
    live: LiveVersion | None = None
    for record in records:
        if record.action not in GOING_LIVE or (at is not None and dt.datetime.fromisoformat(record.at) > at):
            continue
        # The same version made live once more was live all along.
        if live is None or (live.version, live.digest) != (record.number, record.digest):
            live = LiveVersion(record.number, record.digest, record.at, record)
    return live


def find_rollback_target(records: Sequence[HistoryRecord], model: str) -> int:
    """The version that was live before the one that is; one that was rolled back from is never returned to.

    Going live puts a version on a pile, rolling back takes it off: after 1, 2, 3 and a rollback to 2, the next one is to 1.

    Raises:
        NothingToRollBackTo: there is none.
    """
    pile: list[int] = []
    for record in records:
        if record.action is Action.ROLLBACK and record.number in pile:
            while pile[-1] != record.number:
                pile.pop()
        elif record.action in GOING_LIVE and (not pile or pile[-1] != record.number):
            pile.append(record.number)
    if len(pile) < 2:
        message = (
            f"No version of {model} was live before the one that is. Name the version: "
            "python -m serving.repository rollback --to N"
        )
        raise NothingToRollBackTo(message)
    return pile[-2]
