"""The event of an answer, and the code of its receipt in it: a receipt that is changed later no longer has it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final

from sqlalchemy import Connection

from gateway.records.audit.chain import AuditChain
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.audit.macs import AuditKeys
from gateway.records.receipt import Receipt

RECEIPT_MAC: Final = "receipt_mac"
"""Name of the detail. Its key is the one of the event."""
COVERED: Final = (
    "id", "receipt_schema", "answered_at_us", "model_name", "model_version", "model_digest", "policy_number", "policy_digest",
    "preprocessing_version", "severity_ppm", "p_no_depression", "band", "traffic", "caller", "subject_digest", "photo_digest",
    "content",
)  # fmt: skip
"""Fields of a receipt that its code covers; a field that is added later is not covered, so that old codes stay right."""
_FORMAT: Final = "symmetra receipt 1"
_COVERED_OF: Final = attrgetter(*COVERED)


def note_screenings(chain: AuditChain, keys: AuditKeys) -> Callable[[Connection, Sequence[Receipt]], object]:
    """What appends the events of receipts in the transaction that writes them."""

    def note(connection: Connection, receipts: Sequence[Receipt]) -> object:
        return chain.append(connection, [screening_event(receipt, keys) for receipt in receipts])

    return note


def screening_event(receipt: Receipt, keys: AuditKeys) -> AuditEvent:
    """The event of an answer that is given now."""
    details: dict[str, str | int] = {
        RECEIPT_MAC: receipt_mac(receipt, keys, keys.making_id),
        # What retention goes by: with both, a receipt whose time was over can be told from one that somebody took away.
        "traffic": receipt.traffic,
        "answered_at_us": receipt.answered_at_us,
    }
    return AuditEvent(AuditKind.SCREENING, receipt.caller, receipt.id, details)


def receipt_mac(receipt: Receipt, keys: AuditKeys, key_id: str) -> str:
    """The code of a receipt, 64 hexadecimal digits.

    Raises:
        KeyError: the key is not there.
    """
    return keys.code(key_id, json.dumps([_FORMAT, *_COVERED_OF(receipt)]))
