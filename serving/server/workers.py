"""Threads in which versions are loaded and unloaded, so that a slow one does not hold up the others."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Workers:
    """Runs pieces of work beside the caller, or, without threads, in the caller's own thread.

    Args:
        threads: How many pieces run at the same time; 0 means that `run` returns when its work is done.
    """

    def __init__(self, threads: int) -> None:
        self._slots = threading.Semaphore(threads) if threads > 0 else None
        self._lock = threading.Lock()
        self._running: set[threading.Thread] = set()

    def run(self, work: Callable[[], None]) -> None:
        """Do one piece of work, which must not raise."""
        if self._slots is None:
            work()
            return
        # Daemons: a load that hangs must not keep the process from ending.
        thread = threading.Thread(target=self._run_in_turn, args=(self._slots, work), name="loader", daemon=True)
        with self._lock:
            self._running.add(thread)
        thread.start()

    def join(self, timeout_seconds: float | None = None) -> bool:
        """Wait until no work runs; whether that is so.

        Args:
            timeout_seconds: How long to wait at most; None waits for the end.
        """
        ends_at = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        with self._lock:
            running = list(self._running)
        for thread in running:
            thread.join(None if ends_at is None else max(0.0, ends_at - time.monotonic()))
        return not any(thread.is_alive() for thread in running)

    def _run_in_turn(self, slots: threading.Semaphore, work: Callable[[], None]) -> None:
        try:
            with slots:
                work()
        finally:
            with self._lock:
                self._running.discard(threading.current_thread())
