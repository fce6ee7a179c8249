"""Removing old versions, but never one that could be needed to answer or to go back to.

Kept in any case: the pinned version, every version that `models.config` names, the one that `rollback` would return to, both
ends of a promotion that is under way, the newest ones, and what was not published from here. A version is first renamed
(model servers pass over a name that is no number), then recorded, then deleted: a collection that died is gone on with by the
next one.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from serving.repository.durable import flush_directory
from serving.repository.errors import NothingPinned, NothingToRollBackTo, VersionDamaged
from serving.repository.history import HISTORY_NAME, Action, HistoryRecord, append_record
from serving.repository.live import find_rollback_target
from serving.repository.manifest import MANIFEST_NAME
from serving.repository.promotion_files import PromotionFiles
from serving.repository.promotion_lock import promotion_lock
from serving.repository.repository import ModelRepository

DEFAULT_KEEP: Final = 5
_REMOVED_NAME: Final = re.compile(r"removed-([1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Collection:
    """What would be removed, and why the rest stays.

    Attributes:
        removable: Versions, lowest first.
        kept: Version to reason.
        leftovers: Versions that an earlier collection had removed but not deleted yet.
    """

    removable: tuple[int, ...]
    kept: dict[int, str]
    leftovers: tuple[int, ...]


def plan_collection(repository: ModelRepository, keep: int = DEFAULT_KEEP) -> Collection:
    """Find what could be removed; nothing is changed.

    Args:
        repository: Where the versions are.
        keep: How many of the newest versions stay in any case; at least 1.

    Raises:
        RecordUnreadable: `pin.json`, `models.config` or another record cannot be read: nothing may be removed then.
    """
    versions = repository.versions()
    newest = versions[-max(keep, 1) :]
    kept = dict.fromkeys(newest, "one of the newest")
    for version in versions:
        if not (repository.version_path(version) / MANIFEST_NAME).is_file():
            kept[version] = "not published from here"
    kept |= {version: reason for version, reason in _needed(repository) if version in versions}
    removable = tuple(version for version in versions if version not in kept)
    return Collection(removable, dict(sorted(kept.items())), tuple(number for number, _ in _leftovers(repository)))


def collect(repository: ModelRepository, keep: int, by: str, why: str) -> Collection:
    """Remove what `plan_collection` finds, and what an earlier collection left; returns what was done.

    Raises:
        PromotionRunning: a promotion is at work.
        RecordUnreadable: as `plan_collection`.
    """
    with promotion_lock(repository.directory, "collect"):
        plan = plan_collection(repository, keep)
        for version in plan.removable:
            try:
                digest = repository.digest(version)
            except VersionDamaged:
                digest = ""
            with repository.exclusive():
                target = repository.directory / f"removed-{version}"
                repository.version_path(version).rename(target)
                flush_directory(repository.directory)
                _record(repository, version, digest, by, why)
        recorded = {record.number for record in repository.history() if record.action is Action.REMOVE}
        for version, path in _leftovers(repository):
            if version not in recorded:
                with repository.exclusive():
                    _record(repository, version, "", by, why, recovered=True)
            shutil.rmtree(path)
        flush_directory(repository.directory)
    return plan


def _needed(repository: ModelRepository) -> Iterator[tuple[int, str]]:
    """Versions that must stay; the weightiest reason for one comes last."""
    files = PromotionFiles(repository)
    with contextlib.suppress(NothingToRollBackTo):
        yield find_rollback_target(repository.history(), repository.model_name), "rollback returns to it"
    for version in files.read_served().versions:
        yield version, "models.config names it"
    promotion = files.read_journal()
    if promotion is not None:
        yield promotion.version, "a promotion of it is under way"
        if promotion.from_version is not None:
            yield promotion.from_version, "a promotion from it is under way"
    with contextlib.suppress(NothingPinned):
        yield repository.pin().version, "it is pinned"


def _leftovers(repository: ModelRepository) -> list[tuple[int, Path]]:
    if not repository.directory.is_dir():
        return []
    found = ((_REMOVED_NAME.fullmatch(path.name), path) for path in repository.directory.iterdir())
    return sorted((int(match[1]), path) for match, path in found if match)


def _record(
    repository: ModelRepository, version: int, digest: str, by: str, why: str, *, recovered: bool = False
) -> None:
    record = HistoryRecord.now(Action.REMOVE, version, digest, by=by, why=why, recovered=recovered)
    append_record(repository.directory / HISTORY_NAME, record)
