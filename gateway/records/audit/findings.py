"""What a verification found: the ways in which a trail can be other than it was written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MAX_KEPT: Final = 100
"""Findings with their words; the rest are counted."""


class FindingKind(StrEnum):
    """What is wrong."""

    EVENT_CHANGED = "event_changed"
    EVENTS_MISSING = "events_missing"
    EVENTS_ADDED = "events_added"
    EVENT_UNREADABLE = "event_unreadable"
    KEY_UNKNOWN = "key_unknown"
    END_WRONG = "end_wrong"
    CHECKPOINT_WRONG = "checkpoint_wrong"
    CHECKPOINT_MISSING = "checkpoint_missing"
    OUTSIDE_CHECKPOINT_WRONG = "outside_checkpoint_wrong"
    CUT_OFF = "cut_off"
    REWRITTEN = "rewritten"
    RECEIPT_CHANGED = "receipt_changed"
    RECEIPT_ADDED = "receipt_added"
    RECEIPT_MISSING = "receipt_missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written.

    Attributes:
        kind: What.
        says: A sentence with the numbers.
    """

    kind: FindingKind
    says: str


@dataclass(slots=True)
class Findings:
    """All of them, in bounded memory.

    Attributes:
        kept: The first ones.
        counts: How many of each kind.
    """

    kept: list[Finding] = field(default_factory=list)
    counts: Counter[FindingKind] = field(default_factory=Counter)

    def add(self, kind: FindingKind, says: str) -> None:
        """Note one."""
        self.counts[kind] += 1
        if len(self.kept) < MAX_KEPT:
            self.kept.append(Finding(kind, says))

    @property
    def total(self) -> int:
        """How many."""
        return self.counts.total()
