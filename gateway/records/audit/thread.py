"""The native thread that writes refusals and makes checkpoints, so that no request waits for either."""

from __future__ import annotations

import logging
import threading
from typing import Final

from gateway.logs import log_event
from gateway.records.audit.checkpoints import Checkpoints
from gateway.records.audit.refusals import Refusals, event_of
from gateway.records.audit.trail import AuditTrail

INTERVAL_SECONDS: Final = 10.0


class AuditThread:
    """Looks every few seconds, and once more at the end.

    Args:
        trail: Where refusals are written.
        refusals: What was counted.
        checkpoints: Made when they are due.
    """

    def __init__(self, trail: AuditTrail, refusals: Refusals, checkpoints: Checkpoints) -> None:
        self._trail = trail
        self._refusals = refusals
        self._checkpoints = checkpoints
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit-thread", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Write what was counted, and end."""
        self._ended.set()
        if self._thread.ident:
            self._thread.join()

    def look(self) -> None:
        """Write what was counted, and make a checkpoint where one is due; the next look tries again what failed."""
        try:
            self._write_refusals()
            self._checkpoints.make_if_due()
        except Exception as error:  # noqa: BLE001 - drivers have errors of their own, whose words repeat rows
            log_event("audit trail not kept up", {}, level=logging.ERROR, error=error)

    def _write_refusals(self) -> None:
        taken = self._refusals.take()
        if not taken:
            return
        try:
            self._trail.write(*(event_of(refusal, times) for refusal, times in taken.items()))
        except Exception:
            for refusal, times in taken.items():
                self._refusals.count(refusal, times)
            raise

    def _run(self) -> None:
        while not self._ended.wait(INTERVAL_SECONDS):
            self.look()
        self.look()
        try:
            self._checkpoints.make()  # whoever looks while nothing runs must not find an end that nobody signed
        except Exception as error:  # noqa: BLE001 - as above
            log_event("audit trail not kept up", {}, level=logging.ERROR, error=error)
