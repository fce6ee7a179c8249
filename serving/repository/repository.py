"""The versions of one model: publishing, checking, approving, pinning, and what happened when."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from serving.contract.errors import ContractInvalid
from serving.contract.model import MODEL_NAME, ModelContract
from serving.contract.policy import Policy
from serving.repository.approval import Approval, Approvals, Decision, Statement
from serving.repository.durable import flush_directory, flush_tree, locked, make_directory, write_atomically
from serving.repository.entries import VersionEntry, VersionState
from serving.repository.errors import (
    ApprovalInvalid,
    ModelNameInvalid,
    NothingPinned,
    PolicyOutdated,
    PromotionNeeded,
    RecordUnreadable,
    VersionDamaged,
    VersionMissing,
    VersionTaken,
)
from serving.repository.history import HISTORY_NAME, Action, HistoryRecord, append_record, read_records
from serving.repository.manifest import check_files, digest_of, write_manifest
from serving.repository.pin import Pin
from serving.repository.recovery import record_missed_changes
from serving.repository.staging import CONTRACT_PATH, Staging, find_stagings, staging_path

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODEL_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
UNCOMPARED: Final = ""
"""In place of the digest of a live version: the new one was compared with nothing."""
POLICY_NAME: Final = "policy.json"
SERVED_NAME: Final = "models.config"
"""What the model servers load; see `served.py`, which readers of pins need not import."""
_VERSION_NAME: Final = re.compile(r"[1-9][0-9]*")


class ModelRepository:
    """The directory `<root>/<model_name>/`. Reading needs no lock and no write access; writers exclude each other.

    Args:
        root: Folder of all models; made when something is first published.
        model_name: Name under which model servers serve it.

    Raises:
        ModelNameInvalid: A name that cannot be a directory of its own.
    """

    def __init__(self, root: Path | str, model_name: str = MODEL_NAME) -> None:
        if not _MODEL_NAME.fullmatch(model_name):
            message = f"{model_name!r} cannot name a model: use letters, digits, '_', '-' and '.'."
            raise ModelNameInvalid(message)
        self.model_name = model_name
        self.directory = Path(root).absolute() / model_name
        self._history = self.directory / HISTORY_NAME
        self._pin = self.directory / "pin.json"
        self._policy = self.directory / POLICY_NAME
        self._approvals = Approvals(self.directory, model_name)

    def versions(self) -> tuple[int, ...]:
        """Published versions, lowest first."""
        if not self.directory.is_dir():
            return ()
        paths = [path for path in self.directory.iterdir() if _VERSION_NAME.fullmatch(path.name) and path.is_dir()]
        return tuple(sorted(int(path.name) for path in paths))

    def version_path(self, version: int) -> Path:
        """The directory of a published version.

        Raises:
            VersionMissing: There is no such version.
        """
        path = self.directory / str(version)
        if version < 1 or not path.is_dir():
            known = ", ".join(map(str, self.versions())) or "none"
            message = f"{self.model_name} has no version {version}; published: {known}."
            raise VersionMissing(message)
        return path

    def next_version(self) -> int:
        """The number that `staging` would give now. Numbers are never used twice, not even after a removal."""
        used = {record.number for record in self.history() if record.action is Action.PUBLISH}
        used.update(self.versions())
        if self.directory.is_dir():
            used.update(staging.version for staging in find_stagings(self.directory))
        return max(used, default=0) + 1

    @contextmanager
    def staging(self, version: int | None = None) -> Iterator[Staging]:
        """Reserve a number and a directory to write the version into; removed at the end unless published.

        Two publishers never get the same number, also in different processes.

        Args:
            version: A number to insist on; the next free one when None.

        Raises:
            VersionTaken: The number is in use or was used before.
        """
        make_directory(self.directory)
        with ExitStack() as held:
            with self.exclusive():
                free = self.next_version()
                number = free if version is None else version
                if number < free:
                    message = f"Version {number} of {self.model_name} is taken or passed; the next is {free}."
                    raise VersionTaken(message)
                staging = Staging(number, staging_path(self.directory, number))
                held.enter_context(locked(staging.lock_path))
                held.callback(staging.remove)
                staging.path.mkdir()
            yield staging

    def publish(self, staging: Staging) -> str:
        """Make a staged version visible, all at once, and return its digest.

        The manifest is written, every file flushed, and the directory renamed: a crash at any moment leaves either no
        version or the whole one.

        Raises:
            VersionIncomplete: No SavedModel, no contract, another version's contract, or a link among the files.
            VersionTaken: The number appeared meanwhile.
        """
        staging.read_contract(self.model_name)
        digest = write_manifest(staging.path)
        flush_tree(staging.path)
        with self.exclusive():
            target = self.directory / str(staging.version)
            # rename(2) would silently replace an empty directory.
            if target.exists():
                message = f"Version {staging.version} of {self.model_name} appeared meanwhile."
                raise VersionTaken(message)
            staging.path.rename(target)
            flush_directory(self.directory)
            self._record(Action.PUBLISH, staging.version, digest)
        return digest

    def verify(self, version: int) -> str:
        """Compare every file of a version with its manifest and return the digest.

        Raises:
            VersionMissing: There is no such version.
            VersionDamaged: It differs; missing, changed and extra files are named.
        """
        return check_files(self.version_path(version), version)

    def digest(self, version: int) -> str:
        """sha256 of the version's manifest, without looking at the other files.

        Raises:
            VersionMissing: There is no such version.
            VersionDamaged: It has no manifest.
        """
        return digest_of(self.version_path(version), version)

    def contract(self, version: int) -> ModelContract:
        """The contract inside a version.

        Raises:
            VersionMissing: There is no such version.
            VersionDamaged: It holds no readable contract.
        """
        path = self.version_path(version) / CONTRACT_PATH
        try:
            return ModelContract.from_json(path.read_text(encoding="utf-8"))
        except (ContractInvalid, OSError, UnicodeDecodeError) as error:
            raise VersionDamaged(version, reason=f"{CONTRACT_PATH} cannot be read") from error

    def list(self) -> tuple[VersionEntry, ...]:
        """Everything that has a number: versions and stagings, lowest first. None is pinned where no pin can be read."""
        try:
            pinned = self.pin().version
        except (NothingPinned, RecordUnreadable):
            pinned = None
        entries = []
        for version in self.versions():
            try:
                digest = self.digest(version)
            except VersionDamaged:
                entries.append(VersionEntry(version, VersionState.NO_MANIFEST, None))
                continue
            state = VersionState.PINNED if version == pinned else VersionState.PUBLISHED
            entries.append(VersionEntry(version, state, digest, self._approvals.state(version, digest)))
        for staging in find_stagings(self.directory) if self.directory.is_dir() else ():
            state = VersionState.ABANDONED if staging.is_abandoned else VersionState.BEING_WRITTEN
            entries.append(VersionEntry(staging.version, state, None))
        return tuple(sorted(entries, key=lambda entry: entry.version))

    def remove_abandoned(self) -> tuple[int, ...]:
        """Remove what publishers that died left behind and return the numbers; living publishers are not disturbed."""
        if not self.directory.is_dir():
            return ()
        removed = []
        with self.exclusive():
            for staging in find_stagings(self.directory):
                if staging.is_abandoned:
                    staging.remove()
                    removed.append(staging.version)
        return tuple(removed)

    def pin(self) -> Pin:
        """The pinned version.

        Raises:
            NothingPinned: No version was pinned yet.
            RecordUnreadable: pin.json is not what this repository writes.
        """
        try:
            return Pin.from_json(self._pin.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            message = (
                f"No version of {self.model_name} is pinned yet. Make one live: python -m serving.repository promote N"
            )
            raise NothingPinned(message) from error
        except UnicodeDecodeError as error:
            message = f"pin.json cannot be read: {error}."
            raise RecordUnreadable(message) from error

    def approval(self, version: int) -> Approval | None:
        """The latest decision about a version; None where nobody decided yet.

        Raises:
            RecordUnreadable: The file is not what this repository writes.
        """
        return self._approvals.read(version)

    def approve(
        self, version: int, statement: Statement, judged_digest: str | None = None, live_digest: str | None = UNCOMPARED
    ) -> Approval:
        """Verify a version and let it go live: from now on it can be pinned.

        Args:
            version: The version.
            statement: Who approves it, why, and on what grounds.
            judged_digest: Digest of the content that was judged; what lies there now where None.
            live_digest: Digest of the live version that it was compared with, None where nothing else was live; `UNCOMPARED`
                where nobody looked.

        Raises:
            VersionMissing: There is no such version.
            VersionDamaged: It differs from its manifest.
            ApprovalInvalid: Nobody or no reason is named, the content is not what was judged, or another version is live by now.
        """
        digest = self.verify(version)
        if judged_digest not in {None, digest}:
            message = f"Version {version} changed while it was judged. Judge it again."
            raise ApprovalInvalid(message)
        return self._decide(Decision.APPROVED, version, digest, statement, live_digest)

    def refuse(self, version: int, statement: Statement) -> Approval:
        """Record that a version must not go live, damaged or not; an earlier approval of it ends.

        One that is pinned stays pinned: what is live changes only by a pin.

        Raises:
            VersionMissing: There is no such version.
            ApprovalInvalid: Nobody or no reason is named.
        """
        try:
            digest = self.digest(version)
        except VersionDamaged:
            digest = ""
        return self._decide(Decision.REFUSED, version, digest, statement)

    def make_pin(self, version: int) -> Pin:
        """Verify a version and return the pin that would make it live. Only an approved one can be.

        Raises:
            VersionMissing: There is no such version.
            VersionDamaged: It differs from its manifest.
            NotApproved: Nobody approved what lies there, or it was refused.
            RecordUnreadable: The approval is not what this repository writes.
        """
        digest = self.verify(version)
        self._approvals.require(version, digest)
        return Pin(self.model_name, version, digest, self.contract(version))

    def go_live(self, pin: Pin, record: HistoryRecord) -> None:
        """Write the pin and the record of it. For `promote`, which has asked every server first.

        Raises:
            NotApproved: The approval is gone since the pin was made; the old pin stays.
        """
        with self.exclusive():
            self._approvals.require(pin.version, pin.digest)
            write_atomically(self._pin, pin.to_json())
            append_record(self._history, record)

    def append(self, record: HistoryRecord) -> None:
        """Append a record to the history, together with what a dead writer left unrecorded."""
        with self.exclusive():
            append_record(self._history, record)

    def set_pin(self, version: int) -> Pin:
        """Verify a version and pin it without asking any server: for a repository that nothing is promoted in.

        Raises:
            PromotionNeeded: `models.config` is there: model servers load only what `promote` writes into it.
            VersionMissing: There is no such version.
            VersionDamaged: It differs from its manifest; the old pin stays.
            NotApproved: Nobody approved what lies there, or it was refused; the old pin stays.
            RecordUnreadable: The approval is not what this repository writes.
        """
        if (self.directory / SERVED_NAME).exists():
            message = (
                f"The model servers of {self.model_name} load what promotions write. Run: python -m serving.repository "
                f"promote {version}"
            )
            raise PromotionNeeded(message)
        pin = self.make_pin(version)
        self.go_live(pin, HistoryRecord.now(Action.PIN, version, pin.digest))
        return pin

    def policy(self) -> Policy:
        """The policy in force; the paper's thresholds where none was set.

        Raises:
            RecordUnreadable: policy.json is not what this repository writes.
        """
        try:
            return Policy.from_json(self._policy.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Policy()
        except (ContractInvalid, UnicodeDecodeError) as error:
            message = f"policy.json cannot be read: {error}."
            raise RecordUnreadable(message) from error

    def has_policy(self) -> bool:
        """Whether a policy was ever set."""
        return self._policy.exists()

    def set_policy(self, policy: Policy) -> None:
        """Put a policy in force.

        Raises:
            PolicyOutdated: Its number is not above the one in force: receipts name policies by number.
        """
        make_directory(self.directory)
        with self.exclusive():
            if self.has_policy():
                current = self.policy()
                if policy == current:
                    return
                if policy.number <= current.number:
                    message = f"The policy in force is number {current.number}; give the new one a higher number."
                    raise PolicyOutdated(message)
            write_atomically(self._policy, policy.to_json())
            self._record(Action.POLICY, policy.number, policy.digest)

    def history(self) -> tuple[HistoryRecord, ...]:
        """What was published, pinned and changed, oldest first.

        Raises:
            RecordUnreadable: A line that this repository did not write.
        """
        return read_records(self._history)

    def _decide(
        self,
        decision: Decision,
        version: int,
        digest: str,
        statement: Statement,
        live_digest: str | None = UNCOMPARED,
    ) -> Approval:
        with self.exclusive():
            # Under the lock: a pin that came after the comparison would make it one with what is no longer live.
            if live_digest not in {UNCOMPARED, self._live_beside(version)}:
                message = f"Another version went live while version {version} was judged. Judge it again."
                raise ApprovalInvalid(message)
            approval = Approval.now(self.model_name, version, digest, decision, statement)
            self._approvals.write(approval, statement.report)
            append_record(self._history, approval.record)
            self._approvals.finish()
        return approval

    def _live_beside(self, version: int) -> str | None:
        """Digest of the pinned version; None where nothing is pinned, or this version is."""
        try:
            pin = self.pin()
        except NothingPinned:
            return None
        return None if pin.version == version else pin.digest

    def _record(self, action: Action, number: int, digest: str) -> None:
        append_record(self._history, HistoryRecord.now(action, number, digest))

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep every other writer out for the time of a block; what a dead one left unrecorded is recorded first."""
        with locked(self.directory / ".lock"):
            record_missed_changes(self, self._approvals)
            yield
