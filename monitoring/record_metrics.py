"""Metrics of keeping records: what is deleted when its time is over, and what waits on the disk while the database is away."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry

from monitoring.declaring import Declaration, counter, gauge, initialise

RETENTION_RESULTS: Final = ("done", "failed", "elsewhere")
"""How a look for records whose time is over ends; `elsewhere` where another gateway was at it."""

RETENTION_RUNS: Final = Declaration(
    "symmetra_retention_runs", "counter", "Looks for records whose time is over, by result.", ("result",)
)
JOURNAL_BYTES: Final = Declaration(
    "symmetra_journal_bytes", "gauge", "Receipts on this gateway's disk that the database has not taken yet."
)
SPOOLED: Final = Declaration(
    "symmetra_receipts_spooled",
    "counter",
    "Receipts that went to this gateway's journal because the database was away.",
)
RECORD_DECLARATIONS: Final = (RETENTION_RUNS, JOURNAL_BYTES, SPOOLED)


class RecordMetrics:
    """These metrics in one registry.

    Args:
        registry: A registry of its own, also per test.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._retention_runs = counter(RETENTION_RUNS, registry)
        self._journal_bytes = gauge(JOURNAL_BYTES, registry)
        self._spooled = counter(SPOOLED, registry)
        initialise(self._retention_runs, RETENTION_RESULTS)

    def count_retention_run(self, result: str) -> None:
        """One look, with a result of `RETENTION_RESULTS`."""
        self._retention_runs.labels(result).inc()

    def set_journal_bytes(self, size_bytes: int) -> None:
        """Size of the journal."""
        self._journal_bytes.set(size_bytes)

    def count_spooled(self, count: int) -> None:
        """So many receipts went to the journal."""
        self._spooled.inc(count)
