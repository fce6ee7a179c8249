"""The records of one gateway, put together from its settings; nothing where they are off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.access.secret_keys import SecretKeys
from gateway.records.away.when_away import WhenAway
from gateway.records.database_tls import DatabaseTls
from gateway.records.record_keys import record_keys_of
from gateway.settings import Settings
from monitoring.metrics import Metrics

if TYPE_CHECKING:  # imported only where records are on
    from gateway.records.audit.refusals import Refusals
    from gateway.records.audit.thread import AuditThread
    from gateway.records.audit.trail import AuditTrail
    from gateway.records.away.spool import Spool
    from gateway.records.reader import ReceiptReader
    from gateway.records.recorder import ReceiptRecorder
    from gateway.records.retention.thread import RetentionThread
    from gateway.records.store import ReceiptStore
    from gateway.reviews.desk import ReviewDesk

RECORDS_EXTENSION: Final = "symmetra_records"
"""Where the application has its `Records`; None where they are off."""


@dataclass(frozen=True, slots=True)
class Records:
    """The parts.

    Attributes:
        recorder: Keeps receipts.
        reader: Finds them.
        trail: Keeps who did and saw what.
        refusals: Counts who was refused; `keys` names them.
        keys: The secret of the records.
        audit: Writes what was counted and makes checkpoints, once it is started.
        reviews: Takes reviews and outcomes.
        retention: Deletes what has had its time, once it is started.
        closers: End the threads and connections, in this order.
    """

    recorder: ReceiptRecorder
    reader: ReceiptReader
    trail: AuditTrail
    refusals: Refusals
    keys: SecretKeys
    audit: AuditThread
    reviews: ReviewDesk
    retention: RetentionThread
    closers: tuple[Callable[[], None], ...]

    def start(self) -> None:
        """Start what works by itself."""
        self.retention.start()
        self.audit.start()

    def close(self) -> None:
        """Write what waits, and let go of the database and the journal."""
        for close in self.closers:
            close()


def open_records(settings: Settings, metrics: Metrics) -> Records | None:
    """The parts; None where records are off."""
    if settings.records_url is None:
        return None
    from gateway.records.audit.chain import AuditChain  # noqa: PLC0415 - SQLAlchemy, only where records are on
    from gateway.records.audit.checkpoint import CheckpointKeys  # noqa: PLC0415 - the same, and cryptography
    from gateway.records.audit.checkpoints import Checkpoints, publish_checkpoint  # noqa: PLC0415 - the same
    from gateway.records.audit.macs import AuditKeys  # noqa: PLC0415 - and what comes with it
    from gateway.records.audit.refusals import Refusals  # noqa: PLC0415 - the same
    from gateway.records.audit.screenings import note_screenings  # noqa: PLC0415 - the same
    from gateway.records.audit.thread import AuditThread  # noqa: PLC0415 - the same
    from gateway.records.audit.trail import AuditTrail  # noqa: PLC0415 - the same
    from gateway.records.database import CONNECT_SECONDS, open_database  # noqa: PLC0415 - the same
    from gateway.records.reader import ReceiptReader, note_readings  # noqa: PLC0415 - the same
    from gateway.records.recorder import ReceiptRecorder  # noqa: PLC0415 - the same
    from gateway.records.retention.expiry import Expiry  # noqa: PLC0415 - the same
    from gateway.records.retention.policy import RetentionPolicy  # noqa: PLC0415 - the same
    from gateway.records.retention.thread import RetentionThread  # noqa: PLC0415 - the same
    from gateway.records.store import ReceiptStore, is_away  # noqa: PLC0415 - the same
    from gateway.records.writer import ReceiptWriter  # noqa: PLC0415 - the same
    from gateway.reviews.desk import ReviewDesk  # noqa: PLC0415 - the same
    from gateway.reviews.outcome_store import OutcomeStore  # noqa: PLC0415 - the same
    from gateway.reviews.review_store import ReviewStore  # noqa: PLC0415 - the same

    keys = record_keys_of(settings)
    audit_keys = AuditKeys(keys)
    engine = open_database(settings.records_url, CONNECT_SECONDS, DatabaseTls.of(settings))
    chain = AuditChain(audit_keys)
    store = ReceiptStore(engine, note_screenings(chain, audit_keys))
    trail = AuditTrail(engine, chain)
    spool = _open_spool(settings, store, metrics)
    writer = ReceiptWriter(store.write if spool is None else spool.write, is_away)
    recorder = ReceiptRecorder(writer, keys, when_away=settings.records_when_away, metrics=metrics)
    reviews = ReviewDesk(ReviewStore(engine, chain), OutcomeStore(engine, chain), trail, keys, metrics.reviews)
    retention = RetentionThread(Expiry(engine, chain, RetentionPolicy.of(settings)), metrics.records)
    publish = partial(publish_checkpoint, file=settings.audit_checkpoint_file)
    refusals = Refusals()
    audit = AuditThread(trail, refusals, Checkpoints(engine, chain, CheckpointKeys(keys), publish))
    reader = ReceiptReader(store.find, note_readings(trail, keys))
    closers = (
        retention.close,
        reader.close,
        reviews.close,
        trail.close,
        writer.close,
        *(() if spool is None else (spool.close,)),
        audit.close,  # after all that writes: it signs the end of the trail
        store.close,
    )
    return Records(recorder, reader, trail, refusals, keys, audit, reviews, retention, closers)


def _open_spool(settings: Settings, store: ReceiptStore, metrics: Metrics) -> Spool | None:
    """What keeps receipts while the database is away; None where answers do without."""
    if settings.records_when_away is not WhenAway.SPOOL or settings.records_journal_file is None:
        return None
    from gateway.records.away.journal import Journal  # noqa: PLC0415 - only where it is wanted
    from gateway.records.away.spool import Spool  # noqa: PLC0415 - the same
    from gateway.records.store import is_away  # noqa: PLC0415 - SQLAlchemy

    journal = Journal(settings.records_journal_file, settings.records_journal_bytes)
    return Spool(
        journal, write=store.write, write_missing=store.write_missing, is_away=is_away, metrics=metrics.records
    )
