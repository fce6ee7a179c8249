"""Holding receipts against the events of their answers."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import Connection, Row, exists, func, select

from gateway.records.audit.event import AuditKind
from gateway.records.audit.findings import FindingKind, Findings
from gateway.records.audit.macs import AuditKeys
from gateway.records.audit.retentions import Retentions
from gateway.records.audit.screenings import RECEIPT_MAC, receipt_mac
from gateway.records.receipt import Receipt
from gateway.records.tables import AUDIT_EVENTS, RECEIPTS

AT_ONCE: Final = 500


class ReceiptReview:
    """Follows a verification from event to event.

    Args:
        connection: To the snapshot that the events come from.
        keys: Of the chain.
        retentions: What was deleted because its time was over.
        findings: Told what is wrong.

    Attributes:
        right: Receipts that have the code of their event.
        gone: Receipts that are not there any more: their subject's records were erased, or their time was over.
        before: Receipts without an event that were written before the trail began.
    """

    def __init__(self, connection: Connection, keys: AuditKeys, retentions: Retentions, findings: Findings) -> None:
        self._connection = connection
        self._retentions = retentions
        self._keys = keys
        self._findings = findings
        self._waiting: dict[str, Row[Any]] = {}
        self._began_us: int | None = None
        self.right = self.gone = self.before = 0

    def hold_against(self, event: Row[Any]) -> None:
        """The next event."""
        if self._began_us is None:
            self._began_us = event.at_us
        if event.kind == AuditKind.SCREENING and event.receipt_id is not None:
            self._waiting[event.receipt_id] = event
            if len(self._waiting) >= AT_ONCE:
                self._check_waiting()

    def finish(self) -> None:
        """After the last event: receipts that no event speaks of."""
        self._check_waiting()
        spoken_of = exists().where(
            AUDIT_EVENTS.c.receipt_id == RECEIPTS.c.id, AUDIT_EVENTS.c.kind == AuditKind.SCREENING.value
        )
        began = RECEIPTS.c.answered_at_us < (self._began_us or 0)
        unspoken = select(func.count()).select_from(RECEIPTS).where(~spoken_of)
        self.before = self._connection.execute(unspoken.where(began)).scalar_one()
        added = self._connection.execute(unspoken.where(~began)).scalar_one()
        if added:
            says = f"{added} receipts were put in past the trail: no event speaks of them, and they are not from before it began"
            self._findings.add(FindingKind.RECEIPT_ADDED, says)

    def _check_waiting(self) -> None:
        found = self._connection.execute(select(RECEIPTS).where(RECEIPTS.c.id.in_(list(self._waiting))))
        receipts = {row.id: Receipt(**row._mapping) for row in found}  # noqa: SLF001 - SQLAlchemy's public name
        erased = self._erased_of([receipt_id for receipt_id in self._waiting if receipt_id not in receipts])
        for receipt_id, event in self._waiting.items():
            if receipt_id not in receipts:
                self._note_gone(receipt_id, event, is_erased=receipt_id in erased)
            elif self._has_code(receipts[receipt_id], event):
                self.right += 1
            else:
                says = f"the receipt {receipt_id} is not as event {event.sequence} says that it was written"
                self._findings.add(FindingKind.RECEIPT_CHANGED, says)
        self._waiting.clear()

    def _erased_of(self, receipt_ids: list[str]) -> set[str]:
        if not receipt_ids:
            return set()
        columns = AUDIT_EVENTS.c
        query = select(columns.receipt_id).where(
            columns.receipt_id.in_(receipt_ids), columns.kind == AuditKind.ERASURE.value
        )
        return set(self._connection.execute(query).scalars())

    def _note_gone(self, receipt_id: str, event: Row[Any], *, is_erased: bool) -> None:
        details = _details(event)
        traffic, answered_at_us = details.get("traffic"), details.get("answered_at_us")
        before_us = self._retentions.receipts_before_us.get(traffic, 0) if isinstance(traffic, str) else 0
        if is_erased or (isinstance(answered_at_us, int) and answered_at_us < before_us):
            self.gone += 1
        else:
            says = f"the receipt {receipt_id} of event {event.sequence} is gone: no erasure and no retention says that it deleted it"
            self._findings.add(FindingKind.RECEIPT_MISSING, says)

    def _has_code(self, receipt: Receipt, event: Row[Any]) -> bool:
        if event.key_id not in self._keys:
            return False
        try:
            return bool(_details(event).get(RECEIPT_MAC) == receipt_mac(receipt, self._keys, event.key_id))
        except TypeError:
            return False  # somebody put bytes into the receipt


def _details(event: Row[Any]) -> dict[str, Any]:
    try:
        details = json.loads(event.details)
    except ValueError:
        details = None
    return details if isinstance(details, dict) else {}  # somebody changed it, and its code says so
