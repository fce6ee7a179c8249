"""`approvals/<n>.json`: who let a version go live or refused it, why, and every figure that the decision rests on.

The file holds the latest decision about a version; `history.jsonl` holds all of them. An approval is of content, not of a
number: it counts only for a version whose digest is the one that was judged.
"""

from __future__ import annotations

import dataclasses
import enum
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from serving.repository.durable import flush_directory, make_directory, write_atomically
from serving.repository.errors import ApprovalInvalid, NotApproved, RecordUnreadable
from serving.repository.history import Action, HistoryRecord, timestamp

if TYPE_CHECKING:
    from pathlib import Path

APPROVAL_SCHEMA: Final = "symmetra.approval/1"
FOLDER_NAME: Final = "approvals"
_UNRECORDED_NAME: Final = "unrecorded"


class Decision(enum.StrEnum):
    """What was decided."""

    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ChangePolicyUsed:
    """The rules that were applied: their name, and the sha256 of their file, in hexadecimal."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody says of a version, and on what grounds.

    Attributes:
        by: Who says it: a person, or a program by its name.
        why: Their reason; for a refusal, what failed.
        evidence: Every figure that it rests on, as JSON.
        change_policy: The rules that were applied; None where somebody decided without any.
        report: The same for people, as Markdown.
    """

    by: str
    why: str
    evidence: dict[str, Any]
    change_policy: ChangePolicyUsed | None = None
    report: str | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """The content of `approvals/<n>.json`.

    Attributes:
        model: Name of the model.
        version: The version that was judged.
        digest: sha256 of its manifest, in hexadecimal; "" for a refused version whose manifest cannot be read.
        decision: What was decided.
        by: Who decided: a person, or a program by its name.
        why: The reason; for a refusal, what failed.
        at: When, UTC, ISO 8601 with microseconds.
        change_policy: The rules that were applied; None where somebody decided without any.
        evidence: Every figure that the decision rests on, as JSON.

    Raises:
        ApprovalInvalid: Nobody, or no reason, is named.
    """

    model: str
    version: int
    digest: str
    decision: Decision
    by: str
    why: str
    at: str
    change_policy: ChangePolicyUsed | None = None
    evidence: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a decision that nobody could be asked about."""
        if not self.by.strip() or not self.why.strip():
            message = "A decision about a version needs a name and a reason: say by whom and why."
            raise ApprovalInvalid(message)

    @classmethod
    def now(cls, model: str, version: int, digest: str, decision: Decision, statement: Statement) -> Self:
        """A decision of this moment."""
        said = (statement.by, statement.why, timestamp(), statement.change_policy, statement.evidence)
        return cls(model, version, digest, decision, *said)

    @property
    def record(self) -> HistoryRecord:
        """The line of the history that speaks of it."""
        action = Action.APPROVE if self.decision is Decision.APPROVED else Action.REFUSE
        return HistoryRecord(self.at, action, self.version, self.digest, by=self.by, why=self.why)

    def to_json(self) -> str:
        """JSON with sorted keys.

        Raises:
            ApprovalInvalid: The evidence holds something that JSON cannot carry, such as NaN.
        """
        fields = {"schema": APPROVAL_SCHEMA, **dataclasses.asdict(self)}
        try:
            return json.dumps(fields, sort_keys=True, indent=2, allow_nan=False) + "\n"
        except (TypeError, ValueError) as error:
            message = f"The evidence cannot be written as JSON: {error}."
            raise ApprovalInvalid(message) from error

    @classmethod
    def from_json(cls, text: str, name: str) -> Self:
        """Read and check an approval; `name` is the file's, for the message.

        Raises:
            RecordUnreadable: Not JSON, another schema, or a field missing, unknown or of another type.
        """
        try:
            fields = json.loads(text)
            if fields.pop("schema") != APPROVAL_SCHEMA:
                message = f"{name} is not of schema {APPROVAL_SCHEMA}."
                raise RecordUnreadable(message)
            fields["decision"] = Decision(fields["decision"])
            if fields["change_policy"] is not None:
                fields["change_policy"] = ChangePolicyUsed(**fields["change_policy"])
            texts = ("model", "digest", "by", "why", "at")
            if type(fields["version"]) is not int or not all(isinstance(fields[key], str) for key in texts):
                message = f"{name} holds a field of another type than this repository writes."
                raise RecordUnreadable(message)
            return cls(**fields)
        except (ApprovalInvalid, AttributeError, KeyError, TypeError, ValueError) as error:
            message = f"{name} cannot be read: {error}."
            raise RecordUnreadable(message) from error


class ApprovalState(enum.StrEnum):
    """What a list of versions says of the decision about one."""

    APPROVED = "approved"
    REFUSED = "refused"
    OTHER_CONTENT = "other content"
    """What was approved is not what lies there now."""
    UNREADABLE = "unreadable"
    NONE = "not approved"


class Approvals:
    """The folder `approvals/` of one model. Writers hold the repository's lock.

    Args:
        directory: The model's directory.
        model: The model's name.
    """

    def __init__(self, directory: Path, model: str) -> None:
        self._folder = directory / FOLDER_NAME
        self._model = model

    def read(self, version: int) -> Approval | None:
        """The latest decision about a version; None where there is none.

        Raises:
            RecordUnreadable: The file is not what this repository writes, or speaks of another version or model.
        """
        path = self._folder / f"{version}.json"
        name = f"{FOLDER_NAME}/{path.name}"
        try:
            approval = Approval.from_json(path.read_text(encoding="utf-8"), name)
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            message = f"{name} cannot be read: {error}."
            raise RecordUnreadable(message) from error
        if (approval.model, approval.version) != (self._model, version):
            message = f"{name} speaks of {approval.model} version {approval.version}."
            raise RecordUnreadable(message)
        return approval

    def write(self, approval: Approval, report: str | None) -> None:
        """Write a decision, and beside it the same for people (Markdown); each file is whole or not there.

        Call `finish` once the history has a record of it.
        """
        content = approval.to_json()
        make_directory(self._folder)
        # Whoever finds this note looks whether the history knows of the decision: it would have to read every file else.
        write_atomically(self._folder / _UNRECORDED_NAME, f"{approval.version}\n")
        told = self._folder / f"{approval.version}.md"
        # The old text goes first and the new one comes last: a writer that dies leaves a decision without its text, which
        # the JSON holds in full, but never a text that tells of another decision than the one that stands.
        if told.exists():
            told.unlink()
            flush_directory(self._folder)
        write_atomically(self._folder / f"{approval.version}.json", content)
        if report is not None:
            write_atomically(told, report)

    def state(self, version: int, digest: str) -> ApprovalState:
        """What was decided about the content with this digest."""
        try:
            approval = self.read(version)
        except RecordUnreadable:
            return ApprovalState.UNREADABLE
        if approval is None:
            return ApprovalState.NONE
        if approval.decision is Decision.REFUSED:
            return ApprovalState.REFUSED
        return ApprovalState.APPROVED if approval.digest == digest else ApprovalState.OTHER_CONTENT

    def require(self, version: int, digest: str) -> None:
        """Let pass only an approval of exactly this content.

        Raises:
            NotApproved: There is none, or a refusal, or one of other content. The sentence says which command to run.
            RecordUnreadable: The file is not what this repository writes.
        """
        approval = self.read(version)
        name = f"Version {version} of {self._model}"
        command = (
            f"python -m training approve --run RUN --repository {self._folder.parent.parent} --version {version} "
            "--by WHO --why TEXT"
        )
        if approval is None:
            message = f"{name} is not approved, and only an approved version can be made live. Run: {command}"
            raise NotApproved(message)
        if approval.decision is Decision.REFUSED:
            message = (
                f"{name} was refused by {approval.by} at {approval.at}: {approval.why} To judge it again: {command}"
            )
            raise NotApproved(message)
        if approval.digest != digest:
            message = (
                f"{name} is not what was approved: the approval is of digest {approval.digest[:12]}, the version's is "
                f"{digest[:12]}. Run: {command}"
            )
            raise NotApproved(message)

    def finish(self) -> None:
        """Note that the decision written last stands in the history."""
        with suppress(FileNotFoundError):
            (self._folder / _UNRECORDED_NAME).unlink()
            flush_directory(self._folder)

    def find_unrecorded(self) -> HistoryRecord | None:
        """What the history should say of a decision whose writer died before it could record it; it may say so already."""
        try:
            version = int((self._folder / _UNRECORDED_NAME).read_text(encoding="utf-8"))
            approval = self.read(version)
        except (FileNotFoundError, ValueError, RecordUnreadable):
            return None
        return approval.record if approval else None
