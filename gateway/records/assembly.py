"""The records of one gateway, put together from its settings; nothing where they are off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.records.record_keys import record_keys_of
from gateway.settings import Settings
from monitoring.metrics import Metrics

if TYPE_CHECKING:  # imported only where records are on
    from gateway.records.audit.trail import AuditTrail
    from gateway.records.reader import ReceiptReader
    from gateway.records.recorder import ReceiptRecorder


@dataclass(frozen=True, slots=True)
class Records:
    """The parts.

    Attributes:
        recorder: Keeps receipts.
        reader: Finds them.
        trail: Keeps who did and saw what.
    """

    recorder: ReceiptRecorder
    reader: ReceiptReader
    trail: AuditTrail


def open_records(settings: Settings, metrics: Metrics) -> Records | None:
    """The parts; None where records are off."""
    if settings.records_url is None:
        return None
    from gateway.records.audit.chain import AuditChain  # noqa: PLC0415 - SQLAlchemy, only where records are on
    from gateway.records.audit.macs import AuditKeys  # noqa: PLC0415 - and what comes with it
    from gateway.records.audit.screenings import note_screenings  # noqa: PLC0415 - the same
    from gateway.records.audit.trail import AuditTrail  # noqa: PLC0415 - the same
    from gateway.records.database import open_database  # noqa: PLC0415 - the same
    from gateway.records.reader import ReceiptReader, note_readings  # noqa: PLC0415 - the same
    from gateway.records.recorder import ReceiptRecorder  # noqa: PLC0415 - the same
    from gateway.records.store import ReceiptStore, is_away  # noqa: PLC0415 - the same
    from gateway.records.writer import ReceiptWriter  # noqa: PLC0415 - the same

    keys = record_keys_of(settings)
    audit_keys = AuditKeys(keys)
    engine, chain = open_database(settings.records_url), AuditChain(audit_keys)
    store = ReceiptStore(engine, note_screenings(chain, audit_keys))
    trail = AuditTrail(engine, chain)
    recorder = ReceiptRecorder(
        ReceiptWriter(store.write, is_away), keys, required=settings.records_required, metrics=metrics
    )
    return Records(recorder, ReceiptReader(store.find, note_readings(trail, keys)), trail)
