"""Changes that the files show and the history does not: their writers died between making and recording them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from serving.repository.errors import NothingPinned, RecordUnreadable
from serving.repository.history import GOING_LIVE, HISTORY_NAME, Action, HistoryRecord, append_record, find_missing
from serving.repository.journal import JOURNAL_NAME, Promotion
from serving.repository.manifest import MANIFEST_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from serving.repository.approval import Approvals
    from serving.repository.pin import Pin
    from serving.repository.repository import ModelRepository


def record_missed_changes(repository: ModelRepository, approvals: Approvals) -> None:
    """Append what the history lacks. The caller holds the repository's lock."""
    records = repository.history()
    path = repository.directory / HISTORY_NAME
    for record in find_missing(records, _visible_changes(repository, approvals, records)):
        append_record(path, record)
    live = _find_missing_pin(repository, records)
    if live is not None:
        append_record(path, live)
    approvals.finish()


def _visible_changes(
    repository: ModelRepository, approvals: Approvals, records: Sequence[HistoryRecord]
) -> Iterator[HistoryRecord]:
    """What the files show. A record that cannot be read must not stop the command that replaces it."""
    published = {record.number for record in records if record.action is Action.PUBLISH}
    for version in repository.versions():
        # A directory without a manifest was not published from here: `list` shows it, the history does not.
        if version not in published and (repository.version_path(version) / MANIFEST_NAME).is_file():
            yield HistoryRecord.now(Action.PUBLISH, version, repository.digest(version))
    unrecorded = approvals.find_unrecorded()
    if unrecorded is not None:
        yield unrecorded
    with suppress(RecordUnreadable):
        if repository.has_policy():
            policy = repository.policy()
            yield HistoryRecord.now(Action.POLICY, policy.number, policy.digest)


def _find_missing_pin(repository: ModelRepository, records: Sequence[HistoryRecord]) -> HistoryRecord | None:
    """The record of the pin, where the last one that speaks of going live names something else."""
    try:
        pin = repository.pin()
    except (NothingPinned, RecordUnreadable):
        return None
    last = next((record for record in reversed(records) if record.action in GOING_LIVE), None)
    if last is not None and (last.number, last.digest) == (pin.version, pin.digest):
        return None
    # A promotion has noted when, by whom and why before it moved the pin: nothing about it is recorded late or twice.
    promotion = _promotion_that_moved(repository, pin)
    if promotion is not None:
        return promotion.record
    return HistoryRecord.now(Action.PIN, pin.version, pin.digest, recovered=True)


def _promotion_that_moved(repository: ModelRepository, pin: Pin) -> Promotion | None:
    try:
        promotion = Promotion.from_json((repository.directory / JOURNAL_NAME).read_text(encoding="utf-8"))
    except (FileNotFoundError, RecordUnreadable, UnicodeDecodeError):
        return None
    return promotion if promotion.has_moved(pin) else None
