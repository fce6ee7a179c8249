"""The native thread that writes receipts. Those that wait together are written together: the disk is waited for once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final

from gateway.records.receipt import Receipt

MAX_WAITING: Final = 1024
"""Receipts that a database which hangs may leave in memory (2 KB each)."""
MAX_AT_ONCE: Final = 64


class WriterFull(Exception):
    """Too many receipts wait already."""


class ReceiptWriter:
    """Takes receipts from any thread and writes them in the order in which they came.

    Args:
        write: Writes receipts in one transaction, or raises.
        is_away: Whether an error of it says that the database is away, so that any other receipt would fail too.
    """

    def __init__(self, write: Callable[[Sequence[Receipt]], None], is_away: Callable[[Exception], bool]) -> None:
        self._write = write
        self._is_away = is_away
        self._waiting: queue.Queue[tuple[Receipt, Future[None]] | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._run, name="receipts", daemon=True)
        self._started = threading.Lock()

    def submit(self, receipt: Receipt) -> Future[None]:
        """Done when the receipt is on the disk; its error where it is not.

        Raises:
            WriterFull: nothing was taken on.
        """
        written: Future[None] = Future()
        try:
            self._waiting.put_nowait((receipt, written))
        except queue.Full as error:
            raise WriterFull from error
        if not self._thread.ident:
            self._start()
        return written

    def close(self) -> None:
        """Write what waits, and end the thread."""
        if self._thread.ident:
            self._waiting.put(None)
            self._thread.join()

    def _start(self) -> None:
        with self._started:
            if not self._thread.ident:
                self._thread.start()

    def _run(self) -> None:
        while True:
            batch, is_last = self._next_batch()
            if batch:
                self._write_batch(batch)
            if is_last:
                return

    def _next_batch(self) -> tuple[list[tuple[Receipt, Future[None]]], bool]:
        """What waits now, at least one; and whether it is the last."""
        batch: list[tuple[Receipt, Future[None]]] = []
        item = self._waiting.get()
        while item is not None:
            batch.append(item)
            if len(batch) >= MAX_AT_ONCE:
                return batch, False
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _write_batch(self, batch: list[tuple[Receipt, Future[None]]]) -> None:
        error = self._error_of(batch)
        if error is None or len(batch) == 1 or self._is_away(error):
            _tell(batch, error)
            return
        # One receipt that the database refuses must not cost those their answers who only waited beside it.
        for place, each in enumerate(batch):
            error = self._error_of([each])
            if error is not None and self._is_away(error):
                _tell(batch[place:], error)
                return
            _tell([each], error)

    def _error_of(self, batch: list[tuple[Receipt, Future[None]]]) -> Exception | None:
        try:
            self._write([receipt for receipt, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it was, each answer that waits must hear of it
            return error
        return None


def _tell(batch: list[tuple[Receipt, Future[None]]], error: Exception | None) -> None:
    for _, written in batch:
        if error is None:
            written.set_result(None)
        else:
            written.set_exception(error)
