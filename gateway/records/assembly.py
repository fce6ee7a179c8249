"""The records of one gateway, put together from its settings; nothing where they are off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.records.record_keys import record_keys_of
from gateway.settings import Settings
from monitoring.metrics import Metrics

if TYPE_CHECKING:  # imported only where records are on
    from gateway.records.reader import ReceiptReader
    from gateway.records.recorder import ReceiptRecorder


def open_records(settings: Settings, metrics: Metrics) -> tuple[ReceiptRecorder | None, ReceiptReader | None]:
    """What keeps receipts and what finds them; both None where records are off."""
    if settings.records_url is None:
        return None, None
    from gateway.records.database import open_database  # noqa: PLC0415 - SQLAlchemy, only where records are on
    from gateway.records.reader import ReceiptReader  # noqa: PLC0415 - and what comes with it
    from gateway.records.recorder import ReceiptRecorder  # noqa: PLC0415 - the same
    from gateway.records.store import ReceiptStore, is_away  # noqa: PLC0415 - the same
    from gateway.records.writer import ReceiptWriter  # noqa: PLC0415 - the same

    store = ReceiptStore(open_database(settings.records_url))
    recorder = ReceiptRecorder(
        ReceiptWriter(store.write, is_away),
        record_keys_of(settings),
        required=settings.records_required,
        metrics=metrics,
    )
    return recorder, ReceiptReader(store.find)
