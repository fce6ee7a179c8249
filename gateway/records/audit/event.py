"""What the audit trail keeps of one thing that somebody did, and the closed list of such things."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MAX_VALUE_CHARACTERS: Final = 256
"""Of a detail: room for a digest, an id, a moment; none for a letter."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")

SYSTEM: Final = "system"
"""The actor where the gateway acts by itself."""
TERMINAL: Final = "terminal"
"""The actor of a command: whoever may run it on a machine with the site's secret. Login names are names of people."""
NOBODY_KNOWN: Final = "nobody"
"""The actor where nobody can say who asked."""


class AuditKind(StrEnum):
    """What was done. Names are never changed or used again: the chain outlives releases."""

    SCREENING = "screening"
    """An answer was given; written with its receipt."""
    ANSWER_READ = "answer_read"
    """An earlier answer was asked for."""
    RECORDS_READ = "records_read"
    """Several records were read at once, as by a list."""
    REVIEW = "review"
    OUTCOME = "outcome"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    REFUSED = "refused"
    """Records were asked for by somebody who may not see or change them."""
    PAUSE = "pause"
    RESUME = "resume"
    EXPORT = "export"
    """Everything of one subject was handed out."""
    ERASURE = "erasure"
    """Everything of one subject was deleted."""
    RETENTION = "retention"
    """Records whose time was over were deleted."""
    BACKUP = "backup"
    RESTORE = "restore"
    REPLAY = "replay"
    """An earlier answer was calculated again."""
    CHECKPOINT = "checkpoint"
    """The length of the chain was signed."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One thing that was done. Its moment and its number come from the chain.

    Attributes:
        kind: What.
        actor: Who, as receipts name callers (`gateway.records.kept_names`): never a person's name.
        receipt_id: The answer that it was about, if any.
        details: Figures and codes, by name. No free text, nothing that a client chose: what is here stays.

    Raises:
        ValueError: a detail has no plain name, or is longer than a figure or a code can be.
    """

    kind: AuditKind
    actor: str
    receipt_id: str | None = None
    details: Mapping[str, str | int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the details."""
        for name, value in self.details.items():
            if not _NAME.fullmatch(name) or (isinstance(value, str) and len(value) > MAX_VALUE_CHARACTERS):
                message = f"no detail of an audit event: {name!r}"
                raise ValueError(message)

    @property
    def details_text(self) -> str:
        """The details as they are kept: JSON, always the same for the same details."""
        return json.dumps(dict(self.details), sort_keys=True, separators=(",", ":")) if self.details else "{}"
