"""Events in transactions of their own, for what writes nothing else: an answer that was read, a sign-in, a pause."""

from __future__ import annotations

from sqlalchemy import Engine

from gateway.records.audit.chain import AuditChain
from gateway.records.audit.event import AuditEvent
from gateway.records.database_threads import DatabaseThreads


class AuditTrail:
    """Writes events.

    Args:
        engine: Of the records.
        chain: Appends them.
    """

    def __init__(self, engine: Engine, chain: AuditChain) -> None:
        self._engine = engine
        self._chain = chain
        self._threads = DatabaseThreads("audit event not kept")

    def write(self, *events: AuditEvent) -> None:
        """Write events in one transaction: they are on the disk when this returns. For native threads; errors are SQLAlchemy's."""
        with self._engine.begin() as connection:
            self._chain.append(connection, events)

    def note(self, *events: AuditEvent) -> None:
        """The same for a request, which waits while others run. Nothing is done or shown that could not be noted.

        Raises:
            RecordsUnavailable: it could not be written, or nobody can say whether it was.
        """
        self._threads.ask(lambda: self.write(*events))

    def close(self) -> None:
        """Write what waits, and end the threads."""
        self._threads.close()
