"""Metrics of the sentinel outside, on a port of its own: job `sentinel`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry

from monitoring.declaring import Declaration, counter, gauge, initialise
from monitoring.sentinel.looking import LookResult

PAUSE_RESULTS: Final = ("paused", "failed")
LOOKS: Final = Declaration(
    "symmetra_blackbox_looks", "counter", "Looks through the site's front door, by what they found.", ("result",)
)
IN_A_ROW: Final = Declaration(
    "symmetra_blackbox_in_a_row",
    "gauge",
    "Latest looks that found the same, for what they found; 0 for everything else.",
    ("result",),
)
LAST_RIGHT: Final = Declaration(
    "symmetra_blackbox_last_right_seconds", "gauge", "When a look was last right, Unix time; 0 before the first."
)
LAST_LOOK: Final = Declaration("symmetra_blackbox_last_look_seconds", "gauge", "When it last looked, Unix time.")
PAUSES: Final = Declaration(
    "symmetra_blackbox_pauses",
    "counter",
    "Attempts to pause screening because answers were wrong, by result.",
    ("result",),
)
CERTIFICATE: Final = Declaration(
    "symmetra_certificate_expires_seconds",
    "gauge",
    "When the certificate that the front door shows ends, Unix time; absent without TLS.",
    ("target",),
)
DISK: Final = Declaration(
    "symmetra_disk_free_share", "gauge", "Share of a watched disk that is free, from 0 to 1.", ("disk",)
)
SENTINEL_DECLARATIONS: Final = (LOOKS, IN_A_ROW, LAST_RIGHT, LAST_LOOK, PAUSES, CERTIFICATE, DISK)


class SentinelMetrics:
    """These metrics in one registry.

    Args:
        registry: A registry of its own, also per test.
        disks: Name -> folder whose disk is watched; read at every scrape.
    """

    def __init__(self, registry: CollectorRegistry, disks: Mapping[str, Path]) -> None:
        self.registry = registry
        self._looks = counter(LOOKS, registry)
        self._in_a_row = gauge(IN_A_ROW, registry)
        self._last_right = gauge(LAST_RIGHT, registry)
        self._last_look = gauge(LAST_LOOK, registry)
        self._pauses = counter(PAUSES, registry)
        self._certificate = gauge(CERTIFICATE, registry)
        disk_free = gauge(DISK, registry)
        initialise(self._looks, list(LookResult))
        initialise(self._in_a_row, list(LookResult))
        initialise(self._pauses, PAUSE_RESULTS)
        # It began now: an alert on silence counts from here, and not from 1970.
        self._last_look.set(time.time())
        for name, folder in disks.items():
            disk_free.labels(name).set_function(_free_share_of(folder))

    def count_look(self, result: LookResult, in_a_row: int) -> None:
        """One look, the `in_a_row`-th that found the same."""
        self._looks.labels(result).inc()
        for known in LookResult:
            self._in_a_row.labels(known).set(in_a_row if known is result else 0)
        now = time.time()
        self._last_look.set(now)
        if result is LookResult.RIGHT:
            self._last_right.set(now)

    def count_pause(self, result: str) -> None:
        """One attempt to pause, with a result of `PAUSE_RESULTS`."""
        self._pauses.labels(result).inc()

    def set_certificate(self, target: str, expires_seconds: float) -> None:
        """When the certificate of the front door ends."""
        self._certificate.labels(target).set(expires_seconds)


def _free_share_of(folder: Path) -> Callable[[], float]:
    def free_share() -> float:
        try:
            usage = shutil.disk_usage(folder)
        except OSError:
            return float("nan")  # a disk that is gone is not full; no rule compares with NaN
        return usage.free / usage.total

    return free_share
