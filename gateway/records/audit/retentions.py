"""What retention says in the trail of what it deleted: the oldest events, and receipts of a class of traffic up to a moment.

Whoever verifies believes these events no sooner than any other: each is held against its own code on the way.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final, Self

from sqlalchemy import Connection, select

from gateway.records.audit.chain import Head
from gateway.records.audit.event import AuditKind
from gateway.records.audit.macs import GENESIS
from gateway.records.tables import AUDIT_EVENTS

IN_PIECES: Final = {"yield_per": 1000}
"""Rows in memory."""


@dataclass(slots=True)
class Retentions:
    """All of it together.

    Attributes:
        deleted_through: The last event that was deleted; number 0 where none was.
        receipts_before_us: By class of traffic, from before which moment receipts were deleted.
    """

    deleted_through: Head = field(default_factory=lambda: Head(0, GENESIS))
    receipts_before_us: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """As the events of a trail say."""
        found = cls()
        query = select(AUDIT_EVENTS.c.details).where(AUDIT_EVENTS.c.kind == AuditKind.RETENTION.value)
        for details in connection.execute(query, execution_options=IN_PIECES).scalars():
            try:
                found._add(json.loads(details))
            except (ValueError, TypeError, AttributeError):
                continue  # somebody changed it, and its code says so
        return found

    def _add(self, details: dict[str, Any]) -> None:
        through, mac = details.get("audit_through"), details.get("audit_mac")
        if isinstance(through, int) and isinstance(mac, str) and through > self.deleted_through.sequence:
            self.deleted_through = Head(through, mac)
        traffic, before_us = details.get("traffic"), details.get("before_us")
        if isinstance(traffic, str) and isinstance(before_us, int):
            self.receipts_before_us[traffic] = max(before_us, self.receipts_before_us.get(traffic, 0))
