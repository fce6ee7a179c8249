"""The native thread with which a gateway deletes by itself what has had its time."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from gateway.logs import log_event
from gateway.records.retention.expiry import Expiry
from monitoring.record_metrics import RecordMetrics

INTERVAL_SECONDS: Final = 3600.0


class RetentionThread:
    """Looks every hour; several gateways may, and one of them deletes.

    Args:
        expiry: Deletes.
        metrics: Told how each look ended.
    """

    def __init__(self, expiry: Expiry, metrics: RecordMetrics) -> None:
        self._expiry = expiry
        self._metrics = metrics
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self, interval_seconds: float = INTERVAL_SECONDS) -> None:
        """Begin, with a look at once."""
        self._interval_seconds = interval_seconds
        self._thread.start()

    def close(self) -> None:
        """End after the batch that is being deleted."""
        self._ended.set()
        if self._thread.ident:
            self._thread.join()

    def look(self) -> None:
        """Delete what has had its time, and say how that went."""
        try:
            deleted = self._expiry.run(time.time_ns() // 1000, lambda: not self._ended.is_set())
        except Exception as error:  # noqa: BLE001 - the next look is tried whatever it was; drivers' words repeat rows
            self._metrics.count_retention_run("failed")
            log_event("retention failed", {}, level=logging.ERROR, error=error)
            return
        self._metrics.count_retention_run("elsewhere" if deleted is None else "done")

    def _run(self) -> None:
        while not self._ended.is_set():
            self.look()
            self._ended.wait(self._interval_seconds)
