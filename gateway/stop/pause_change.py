"""One change of the stop switch: what `pause.json` holds of the latest, and `pauses.jsonl` of all."""

from __future__ import annotations

import dataclasses
import enum
import json
import uuid
from dataclasses import dataclass, field
from typing import Any, Final, Self

from serving.repository.history import timestamp

PAUSE_SCHEMA: Final = "symmetra.pause/1"


class PauseReason(enum.StrEnum):
    """Why screening is paused, as callers and metrics are told. The free text of a person stays in the record."""

    OPERATOR = "operator"
    GOLDEN_MISMATCH = "golden_mismatch"
    """The model answered known crops otherwise than when the version was exported."""
    POLARITY_REVERSED = "polarity_reversed"
    """Its answers are those of the opposite."""
    DIGEST_MISMATCH = "digest_mismatch"
    """The version's files are not the ones that were published and pinned."""
    STATE_UNREADABLE = "state_unreadable"
    """Nobody can say whether screening is paused, so it is. Never written, only ever found."""

    @property
    def is_mismatch(self) -> bool:
        """Whether the sentinel found it."""
        return self in {self.GOLDEN_MISMATCH, self.POLARITY_REVERSED, self.DIGEST_MISMATCH}


class PauseAction(enum.StrEnum):
    """What a change does."""

    PAUSE = "pause"
    RESUME = "resume"
    NOTE = "note"
    """A pause while one was in force: the first one's reason stays, this one's is kept too."""


class PauseRecordUnreadable(Exception):
    """Not what this gateway writes."""


@dataclass(frozen=True, slots=True)
class PauseChange:
    """One change.

    Attributes:
        id: Of this change, so that the history has it exactly once.
        at: When, UTC, ISO 8601 with microseconds.
        action: What it does.
        reason: The class of reason that callers are told; of the pause that it ends for `RESUME`.
        by: Who.
        why: Their words, or what the sentinel found; never told to callers.
        details: What the sentinel saw; which look a resume stands on.
        recovered: True where the process that made the change died before it could note it in the history.
    """

    id: str
    at: str
    action: PauseAction
    reason: PauseReason
    by: str
    why: str
    details: dict[str, Any] = field(default_factory=dict)
    recovered: bool = False

    @classmethod
    def now(
        cls, action: PauseAction, reason: PauseReason, *, by: str, why: str, details: dict[str, Any] | None = None
    ) -> Self:
        """A change of this moment."""
        return cls(str(uuid.uuid4()), timestamp(), action, reason, by, why, details or {})

    def to_json(self, *, indent: int | None = None) -> str:
        """JSON with sorted keys."""
        return json.dumps({"schema": PAUSE_SCHEMA, **dataclasses.asdict(self)}, sort_keys=True, indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            PauseRecordUnreadable: not JSON, another schema, or a field missing, unknown or of another type.
        """
        try:
            fields = json.loads(text)
            if fields.pop("schema") != PAUSE_SCHEMA:
                message = f"it is not of schema {PAUSE_SCHEMA}"
                raise PauseRecordUnreadable(message)
            change = cls(
                **(fields | {"action": PauseAction(fields["action"]), "reason": PauseReason(fields["reason"])})
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            message = f"it cannot be read: {error}"
            raise PauseRecordUnreadable(message) from error
        texts = (change.id, change.at, change.by, change.why)
        if not all(isinstance(text, str) for text in texts) or not isinstance(change.details, dict):
            message = "it holds a field of another type"
            raise PauseRecordUnreadable(message)
        return change
