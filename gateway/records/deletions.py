"""Deleting receipts with what hangs on them, and the receipt of the deletion, in one transaction: both are there or neither."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, delete, insert

from gateway.records.tables import DELETIONS, OUTCOMES, RECEIPTS, REVIEWS

MAX_AT_ONCE: Final = 500
"""Receipts of one transaction: others who write wait for it."""


class DeletionKind(StrEnum):
    """Why something was deleted."""

    RETENTION = "retention"
    """Its time was over."""
    ERASURE = "erasure"
    """Its subject asked for it."""


def delete_receipts(connection: Connection, receipt_ids: Sequence[str]) -> dict[str, int]:
    """Delete receipts and their reviews and outcomes; how many of each, by table."""
    counts = {}
    for table, column in (
        (REVIEWS, REVIEWS.c.receipt_id),
        (OUTCOMES, OUTCOMES.c.receipt_id),
        (RECEIPTS, RECEIPTS.c.id),
    ):
        counts[table.name] = connection.execute(delete(table).where(column.in_(receipt_ids))).rowcount
    return counts


def keep_deletion(
    connection: Connection,
    kind: DeletionKind,
    actor: str,
    content: Mapping[str, str | int],
    reference: str | None = None,
) -> str:
    """Write the receipt of a deletion, and return its id.

    Args:
        connection: In whose transaction it was deleted.
        kind: Why.
        actor: Who did it, as the audit trail names them.
        content: Counts by table, and the rule.
        reference: What finds it again: of an erasure a keyed digest that no deleted row held; see `gateway.records.subjects`.
    """
    deletion_id = str(uuid.uuid4())
    connection.execute(
        insert(DELETIONS).values(
            id=deletion_id,
            at_us=time.time_ns() // 1000,
            kind=kind.value,
            actor=actor,
            reference=reference,
            content=json.dumps(dict(content), sort_keys=True, separators=(",", ":")),
        )
    )
    return deletion_id
