"""`promotion.json`: the promotion that is under way, so that it can be gone on with after its process died at any point.

It is there from before the first change until after the last one. Where it is found, either the pin has moved already (then
everything up to the unloading of the old version was done) or nothing that a caller could notice has happened.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, Final, Self

from serving.repository.errors import RecordUnreadable
from serving.repository.history import Action, HistoryRecord
from serving.repository.live import LiveVersion
from serving.repository.pin import Pin

JOURNAL_NAME: Final = "promotion.json"
JOURNAL_SCHEMA: Final = "symmetra.promotion/1"


@dataclass(frozen=True, slots=True)
class Promotion:
    """One promotion or rollback.

    Attributes:
        action: `Action.PROMOTE` or `Action.ROLLBACK`.
        model: Name of the model.
        version: The version that goes live.
        digest: Its digest.
        from_version: The version that was live before; None where there was none.
        from_digest: Its digest.
        by: Who wants it.
        why: Their reason; may be empty.
        started: When, UTC, ISO 8601; no two promotions of a repository share it, so it also names this one.
        moved: When the pin was moved, or was about to be; "" before.
        evidence: What the servers answered, as JSON; filled before the pin moves.
    """

    action: Action
    model: str
    version: int
    digest: str
    from_version: int | None
    from_digest: str | None
    by: str
    why: str
    started: str
    moved: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)

    def is_of(self, pin: Pin | LiveVersion | None) -> bool:
        """Whether what is live is what this promotion makes live."""
        return pin is not None and (pin.version, pin.digest) == (self.version, self.digest)

    def has_moved(self, pin: Pin | LiveVersion | None) -> bool:
        """Whether this promotion has moved the pin."""
        return bool(self.moved) and self.is_of(pin)

    @property
    def record(self) -> HistoryRecord:
        """The one line of the history that speaks of it."""
        return self._record(self.action, self.moved, self.why)

    def abandoned(self, at: str, why: str) -> HistoryRecord:
        """The line that the history gets instead, where nothing went live."""
        return self._record(Action.ABANDON, at, why)

    def _record(self, action: Action, at: str, why: str) -> HistoryRecord:
        came_from = None if self.from_version is None else {"version": self.from_version, "digest": self.from_digest}
        details = {"from": came_from, "started": self.started, **self.evidence}
        return HistoryRecord(at, action, self.version, self.digest, by=self.by, why=why, details=details)

    def to_json(self) -> str:
        """JSON with sorted keys."""
        return json.dumps({"schema": JOURNAL_SCHEMA, **dataclasses.asdict(self)}, sort_keys=True, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            RecordUnreadable: not JSON, another schema, or a field missing, unknown or of another type.
        """
        try:
            fields = json.loads(text)
            if fields.pop("schema") != JOURNAL_SCHEMA:
                message = f"{JOURNAL_NAME} is not of schema {JOURNAL_SCHEMA}."
                raise RecordUnreadable(message)
            promotion = cls(**(fields | {"action": Action(fields["action"])}))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            message = f"{JOURNAL_NAME} cannot be read: {error}."
            raise RecordUnreadable(message) from error
        texts = (promotion.digest, promotion.by, promotion.why, promotion.started, promotion.moved)
        if type(promotion.version) is not int or not all(isinstance(text, str) for text in texts):
            message = f"{JOURNAL_NAME} holds a field of another type than this repository writes."
            raise RecordUnreadable(message)
        return promotion
