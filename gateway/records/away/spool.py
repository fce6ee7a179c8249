"""Writes receipts to the database or, while it is away, to the journal, and brings them over when it is back: in order, once each."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final

from gateway.logs import log_event
from gateway.records.away.journal import Journal
from gateway.records.receipt import Receipt
from monitoring.record_metrics import RecordMetrics

RETRY_SECONDS: Final = 1.0
MAX_AT_ONCE: Final = 200
"""Receipts that are brought over in one transaction."""


class Spool:
    """Takes receipts from one thread; another, its own, brings them over.

    While anything waits in the journal every receipt goes there, so that all reach the database in the order in which they came.

    Args:
        journal: Where they wait.
        write: Writes receipts to the database in one transaction, or raises.
        write_missing: The same, without those that the database has.
        is_away: Whether an error says that the database is away.
        metrics: Told what waits.
        retry_seconds: Between two tries.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        write: Callable[[Sequence[Receipt]], None],
        write_missing: Callable[[Sequence[Receipt]], None],
        is_away: Callable[[Exception], bool],
        metrics: RecordMetrics,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._journal = journal
        self._write = write
        self._write_missing = write_missing
        self._is_away = is_away
        self._metrics = metrics
        self._retry_seconds = retry_seconds
        self._lock = threading.Lock()
        self._waits = threading.Event()
        self._ended = threading.Event()
        if not journal.is_empty:
            self._waits.set()
        metrics.set_journal_bytes(journal.size_bytes)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def write(self, receipts: Sequence[Receipt]) -> None:
        """Keep receipts: they are on a disk when this returns.

        Raises:
            JournalFull: there is no room in the journal.
            OSError: the journal's disk does not take them.
            Exception: the database refuses them, and is not away.
        """
        with self._lock:
            if not self._journal.is_empty:
                self._append(receipts)
                return
        try:
            self._write(receipts)
        except Exception as error:
            if not self._is_away(error):
                raise
            # It may have taken them all the same and gone before it said so: `write_missing` will see.
            with self._lock:
                self._append(receipts)
            log_event("database away, receipts go to the journal", {}, level=logging.WARNING, error=error)

    def close(self) -> None:
        """End the thread and leave the journal; what waits in it waits for the next start."""
        self._ended.set()
        self._waits.set()
        self._thread.join()
        self._journal.close()

    def _write_those_taken(self, receipts: Sequence[Receipt]) -> None:
        """All of them together; where the database refuses that and is not away, one by one, up to the one that it refuses."""
        try:
            self._write_missing(receipts)
        except Exception as error:
            if self._is_away(error) or len(receipts) == 1:
                raise
            for each in receipts:
                self._write_missing([each])

    def _append(self, receipts: Sequence[Receipt]) -> None:
        self._journal.append(receipts)
        self._metrics.set_journal_bytes(self._journal.size_bytes)
        self._metrics.count_spooled(len(receipts))
        self._waits.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._waits.wait()
            if not self._bring_over():
                self._ended.wait(self._retry_seconds)

    def _bring_over(self) -> bool:
        """Bring some of it over; whether that went well. Nothing ends the thread: what is not brought over now is tried again."""
        try:
            with self._lock:
                if self._journal.is_empty:
                    self._waits.clear()
                    return True
                receipts, end = self._journal.waiting(MAX_AT_ONCE)
            self._write_those_taken(receipts)
            with self._lock:
                self._journal.take(end)
                self._metrics.set_journal_bytes(self._journal.size_bytes)
                is_over = self._journal.is_empty
        except Exception as error:  # noqa: BLE001 - whatever it was, they stay in the journal and are tried again
            if not self._is_away(error):
                log_event("journal not taken by the database", {}, level=logging.ERROR, error=error)
            return False
        if is_over:
            log_event("journal is in the database", {})
        return True
