"""Events in transactions of their own, for what writes nothing else: an answer that was read, a sign-in, a pause."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from sqlalchemy import Engine

from gateway.errors import RecordsUnavailable
from gateway.greenlets import wait_for
from gateway.logs import log_event
from gateway.records.audit.chain import AuditChain
from gateway.records.audit.event import AuditEvent

NOTE_SECONDS: Final = 5.0
MAX_WAITING: Final = 64
"""Events that a database which hangs may leave in memory; whoever comes then is refused at once."""


class AuditTrail:
    """Writes events.

    Args:
        engine: Of the records.
        chain: Appends them.
    """

    def __init__(self, engine: Engine, chain: AuditChain) -> None:
        self._engine = engine
        self._chain = chain
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="audit")
        self._room = threading.BoundedSemaphore(MAX_WAITING)

    def write(self, *events: AuditEvent) -> None:
        """Write events in one transaction: they are on the disk when this returns. For native threads; errors are SQLAlchemy's."""
        with self._engine.begin() as connection:
            self._chain.append(connection, events)

    def note(self, *events: AuditEvent) -> None:
        """The same for a request, which waits while others run. Nothing is done or shown that could not be noted.

        Raises:
            RecordsUnavailable: it could not be written, or nobody can say whether it was.
        """
        if not self._room.acquire(blocking=False):
            raise RecordsUnavailable
        written = self._thread.submit(self.write, *events)
        written.add_done_callback(lambda _: self._room.release())
        try:
            wait_for(written, NOTE_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever it was, what was to be noted must not go on
            # The class of the error alone: a driver's message repeats the row.
            log_event("audit event not kept", {}, level=logging.ERROR, error=error)
            raise RecordsUnavailable from None
