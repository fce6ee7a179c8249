"""Making a version live, step by step: each step leaves the repository in a state that the next call goes on from.

    verify   every byte against the manifest, the approval, the crop that the version expects
    note     promotion.json: what is about to happen, by whom and why
    load     models.config names the new version beside the old one; the servers poll that file
    ask      wait until the version is AVAILABLE on every address behind the servers' names, and its golden crops through each
    move     pin.json, and the one line of the history: from here on gateways ask for the new version
    grace    until no request can still be on its way to the old version
    unload   models.config names the new version only; wait until the old one is gone everywhere
    finish   promotion.json is removed

Whatever goes wrong before `move` puts models.config back, and nobody noticed anything. The pinned version is always one that
models.config names, and one that was AVAILABLE on every address when the pin was moved.

Where pin.json is damaged, what the history made live last counts as live: gateways still ask for it. The pin is then written
again, also for the same version.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import time
from collections.abc import Callable, Sequence
from typing import Final

from serving.contract.model import PREPROCESSING_VERSION
from serving.repository.availability import ServerGroup
from serving.repository.errors import (
    NothingPinned,
    PromotionAbandoned,
    PromotionUnfinished,
    RecordUnreadable,
    RepositoryError,
)
from serving.repository.followers import find_stragglers, parse_gateway
from serving.repository.history import Action, timestamp
from serving.repository.journal import Promotion
from serving.repository.live import LiveVersion, find_live, find_rollback_target
from serving.repository.pin import Pin
from serving.repository.promotion_files import PromotionFiles
from serving.repository.promotion_lock import promotion_lock
from serving.repository.repository import ModelRepository
from serving.repository.rollout import POLL_SECONDS, Patience, Rollout
from serving.repository.served import ServedVersions
from serving.wire.errors import GoldenUnreadable
from serving.wire.golden_check import GoldenCrops, read_golden

_NOUNS: Final = {Action.PROMOTE: "promotion", Action.ROLLBACK: "rollback"}


class Step(enum.StrEnum):
    """What is about to be done; see the head of this module."""

    VERIFY = "verify"
    NOTE = "note"
    LOAD = "load"
    ASK = "ask"
    MOVE = "move"
    GRACE = "grace"
    UNLOAD = "unload"
    FINISH = "finish"


class Promoter:
    """Makes versions of one repository live.

    Args:
        repository: Where they are.
        group: The model servers that take traffic.
        patience: How long to wait for what.
        served_from: The model's directory as the servers see it; as `models.config` says, or as it is here, where "".
        gateways: `http://host:port` of gateways that must follow the pin before the old version is unloaded.
        wait_seconds: How long to wait for another command that is at work in this repository.
        tell: Told in words what happens.
        observe: Told of each step before it is done.

    Raises:
        ServerNameInvalid: a gateway's address is none.
    """

    def __init__(
        self,
        repository: ModelRepository,
        group: ServerGroup,
        patience: Patience | None = None,
        *,
        served_from: str = "",
        gateways: Sequence[str] = (),
        wait_seconds: float = 0.0,
        tell: Callable[[str], None] = lambda _: None,
        observe: Callable[[Step], None] = lambda _: None,
    ) -> None:
        self._repository = repository
        self._group = group
        self._patience = patience or Patience()
        self._gateways = tuple(map(parse_gateway, gateways))
        self._wait_seconds = wait_seconds
        self._tell = tell
        self._observe = observe
        self._files = PromotionFiles(repository, served_from)
        self._rollout = Rollout(group, repository.model_name, self._patience, self._files.served_path, tell)

    def promote(self, version: int, by: str, why: str) -> Pin:
        """Make a version live; go on where an earlier call for it stopped.

        Raises:
            PromotionRunning: another command is at work.
            PromotionAbandoned: a server cannot load the version, does not answer in time, or answers wrongly. All is as before.
            PromotionUnfinished: it is live, but the old version could not be unloaded yet.
            RepositoryError: the version is missing, damaged or not approved, or a record cannot be read.
        """
        with promotion_lock(self._repository.directory, f"promote {version}", self._wait_seconds):
            self._record_what_was_missed()
            return self._make_live(Action.PROMOTE, version, by, why)

    def rollback(self, by: str, why: str, to: int | None = None) -> Pin:
        """Make the version live that was live before, or `to`. An unfinished promotion is undone, and nothing else.

        Raises:
            NothingToRollBackTo: no version was live before.
            RepositoryError: as `promote`.
        """
        with promotion_lock(self._repository.directory, "rollback", self._wait_seconds):
            self._record_what_was_missed()
            unfinished, pin, live = self._files.read_journal(), self._pin(), self._live()
            if to is None and unfinished is not None:
                if unfinished.action is Action.ROLLBACK:
                    to = unfinished.version
                elif pin is None and live is not None and not unfinished.has_moved(live):
                    to = live.version
                elif pin is not None and not unfinished.has_moved(pin):
                    self._undo(unfinished, "Rolled back before it went live.")
                    self._tell(f"version {pin.version} stays live; run rollback again to go back from it")
                    return pin
            if to is None:
                to = find_rollback_target(self._repository.history(), self._repository.model_name)
            return self._make_live(Action.ROLLBACK, to, by, why)

    def _make_live(self, action: Action, version: int, by: str, why: str) -> Pin:
        unfinished, pinned, live = self._files.read_journal(), self._pin(), self._live()
        self._observe(Step.VERIFY)
        try:
            pin, golden = self._verify(version)
        except RepositoryError as error:
            if unfinished is not None and unfinished.version == version and not unfinished.has_moved(live):
                self._undo(unfinished, str(error))
            raise
        if unfinished is not None and not unfinished.is_of(pin):
            self._resolve(unfinished, live, pin)
            unfinished = None
        if unfinished is None and pinned is not None and (pinned.version, pinned.digest) == (pin.version, pin.digest):
            return self._confirm(pin, golden)
        promotion = unfinished or Promotion(
            action=action,
            model=pin.model,
            version=pin.version,
            digest=pin.digest,
            from_version=None if live is None else live.version,
            from_digest=None if live is None else live.digest,
            by=by,
            why=why,
            started=timestamp(),
        )
        if unfinished is not None:
            promotion = self._from_what_is_live(unfinished, live)
            self._tell(f"going on with the {_NOUNS[promotion.action]} of version {version} that {promotion.by} started")
        if not promotion.has_moved(pinned):
            promotion = self._load_and_move(promotion, pin, golden)
        self._unload(promotion)
        return pin

    def _from_what_is_live(self, unfinished: Promotion, live: Pin | LiveVersion | None) -> Promotion:
        if live is None or unfinished.has_moved(live):
            return unfinished
        return dataclasses.replace(unfinished, from_version=live.version, from_digest=live.digest)

    def _verify(self, version: int) -> tuple[Pin, GoldenCrops]:
        pin = self._repository.make_pin(version)
        expected = pin.contract.crop.preprocessing_version
        if expected != PREPROCESSING_VERSION:
            message = (
                f"Version {version} expects crops of {expected}, and this release makes {PREPROCESSING_VERSION}: gateways "
                "would give it no traffic. Export it again with this release, or upgrade."
            )
            raise PromotionAbandoned(message)
        try:
            golden = read_golden(self._repository.version_path(version))
        except GoldenUnreadable as error:
            message = f"Version {version} cannot be checked: {error}"
            raise PromotionAbandoned(message) from error
        self._tell(f"version {version} is what was published and approved, digest {pin.digest}")
        return pin, golden

    def _load_and_move(self, promotion: Promotion, pin: Pin, golden: GoldenCrops) -> Promotion:
        self._observe(Step.NOTE)
        self._files.write_journal(promotion)
        try:
            old_failures = self._rollout.find_failures(pin.version)
            self._observe(Step.LOAD)
            self._files.serve({*self._kept_versions(promotion), pin.version})
            self._observe(Step.ASK)
            results = self._rollout.check(pin.contract, golden, old_failures)
            self._require_unchanged(pin)
            evidence = {"servers": {address: result.as_dict() for address, result in results.items()}}
            # Noted before the pin moves: whoever finds the moved pin without a record of it knows what to record.
            promotion = dataclasses.replace(promotion, moved=timestamp(), evidence=evidence)
            self._files.write_journal(promotion)
            self._observe(Step.MOVE)
            self._repository.go_live(pin, promotion.record)
        except RepositoryError as error:
            self._undo(promotion, str(error))
            raise
        self._tell(f"version {pin.version} is live")
        return promotion

    def _require_unchanged(self, pin: Pin) -> None:
        """Loading took its time: what went live must be what was verified."""
        if self._repository.verify(pin.version) != pin.digest:
            message = f"Version {pin.version} changed while it was loaded. Publish it again as a new version."
            raise PromotionAbandoned(message)

    def _unload(self, promotion: Promotion) -> None:
        self._observe(Step.GRACE)
        if promotion.from_version is not None:
            self._wait_for_followers(promotion)
        # Also the one that is in the config no longer: an earlier call may have died while it waited for the unloading.
        old = {*self._files.read_served().versions, promotion.from_version or promotion.version} - {promotion.version}
        self._observe(Step.UNLOAD)
        self._files.serve({promotion.version})
        self._rollout.wait_until_gone(old)
        self._observe(Step.FINISH)
        self._files.remove_journal()

    def _wait_for_followers(self, promotion: Promotion) -> None:
        followed = dt.datetime.fromisoformat(promotion.moved)
        deadline = time.monotonic() + self._patience.deadline_seconds
        while self._gateways and (stragglers := find_stragglers(self._gateways, promotion.version, promotion.digest)):
            if time.monotonic() > deadline:
                message = (
                    f"Version {promotion.version} is live, but not every gateway follows: {'; '.join(stragglers)}. The old "
                    "version stays loaded; run the same command again to finish."
                )
                raise PromotionUnfinished(message)
            time.sleep(POLL_SECONDS)
            followed = dt.datetime.now(dt.UTC)
        passed = max(0.0, (dt.datetime.now(dt.UTC) - followed).total_seconds())
        left = self._patience.grace_seconds - passed
        if left > 0:
            self._tell(f"waiting {left:.1f} s for requests that are on their way to version {promotion.from_version}")
            time.sleep(left)

    def _confirm(self, pin: Pin, golden: GoldenCrops) -> Pin:
        """The version is live already: see that every server has it and answers rightly, and unload everything else."""
        self._tell(f"version {pin.version} is live already")
        old_failures = self._rollout.find_failures(pin.version)
        served = self._files.read_served().versions
        self._files.serve({*served, pin.version})
        try:
            self._rollout.check(pin.contract, golden, old_failures)
        except PromotionAbandoned as error:
            message = f"Version {pin.version} is live, and something is wrong with it. {error}"
            raise PromotionUnfinished(message) from error
        self._files.serve({pin.version})
        self._rollout.wait_until_gone({*served} - {pin.version})
        return pin

    def _resolve(self, unfinished: Promotion, live: Pin | LiveVersion | None, wanted: Pin) -> None:
        """End another promotion that died: finish it where its version is live, undo it where it is not."""
        if not unfinished.has_moved(live):
            self._undo(unfinished, f"Version {wanted.version} was made live instead.")
        elif wanted.version in self._files.read_served().versions:
            # Going back in a hurry: the version is still loaded, so there is nothing to unload first.
            self._files.remove_journal()
        else:
            self._tell(f"finishing the {_NOUNS[unfinished.action]} of version {unfinished.version} first")
            self._unload(unfinished)

    def _undo(self, promotion: Promotion, why: str) -> None:
        self._files.serve(self._kept_versions(promotion))
        records = self._repository.history()
        if not any(
            record.action is Action.ABANDON and record.details.get("started") == promotion.started for record in records
        ):
            self._repository.append(promotion.abandoned(timestamp(), why))
        self._files.remove_journal()
        self._tell(f"the {_NOUNS[promotion.action]} of version {promotion.version} is undone: nothing went live")

    def _kept_versions(self, promotion: Promotion) -> set[int]:
        """What stays loaded beside the new version; without a pin that can be read, whatever the servers have."""
        pin, live = self._pin(), self._live()
        if pin is not None:
            return {pin.version}
        kept = set(self._files.read_served().versions) - {promotion.version}
        return kept if live is None else kept | {live.version}

    def _live(self) -> Pin | LiveVersion | None:
        """What callers are answered by: the pinned version, or, where the pin is damaged, what the history made live last.

        Raises:
            RecordUnreadable: neither says.
        """
        try:
            return self._repository.pin()
        except NothingPinned:
            return None
        except RecordUnreadable as error:
            live = find_live(self._repository.history())
            if live is None:
                message = (
                    f"{error} The history names no version that went live either, so nobody knows which one must stay loaded. "
                    "Put back a good pin.json, or remove it where no gateway has ever followed it."
                )
                raise RecordUnreadable(message) from error
            return live

    def _pin(self) -> Pin | None:
        """What pin.json says; None where there is none, or none that can be read."""
        try:
            return self._repository.pin()
        except (NothingPinned, RecordUnreadable):
            return None

    def _record_what_was_missed(self) -> None:
        with self._repository.exclusive():
            pass


def write_first_config(repository: ModelRepository, served_from: str = "") -> ServedVersions:
    """Write `models.config` where there is none, so that servers can start: the pinned version, or none yet.

    Where there is one, only the servers' path is changed, if another is given.

    Raises:
        PromotionRunning: another command is at work, and there is something to write.
        RecordUnreadable: `pin.json` or `models.config` cannot be read.
    """
    files = PromotionFiles(repository, served_from)
    # A server that starts while a promotion waits for it must not be kept from starting.
    if not files.says(files.read_served().versions):
        with promotion_lock(repository.directory, "init"):
            files.serve(files.read_served().versions)
    return files.read_served()
