"""Finding a receipt for a request, in a native thread: the database may be slow to answer."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from gateway.access.secret_keys import SecretKeys
from gateway.errors import RecordsUnavailable, ScreeningUnknown
from gateway.greenlets import wait_for
from gateway.logs import log_event
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.audit.trail import AuditTrail
from gateway.records.kept_names import kept_name
from gateway.records.receipt import Receipt

READ_SECONDS: Final = 5.0
READ_THREADS: Final = 2
MAX_WAITING: Final = 64
"""Questions that a database which hangs may leave in memory; whoever comes then is refused at once."""


class ReceiptReader:
    """Finds receipts by id.

    Args:
        find: Asks the database; None where it has none.
        note: Keeps who asked for which receipt, and whether there is one, before it is shown; see `note_readings`.
    """

    def __init__(self, find: Callable[[str], Receipt | None], note: Callable[[str, str, bool], None]) -> None:
        self._find = find
        self._note = note
        self._threads = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="records")
        self._room = threading.BoundedSemaphore(MAX_WAITING)

    def find(self, screening_id: str, caller: str) -> Receipt:
        """The receipt of an answer, for a caller of this name.

        Raises:
            ScreeningUnknown: no answer has this id.
            RecordsUnavailable: the database does not say, or cannot keep that it was asked.
        """
        try:
            wanted = str(uuid.UUID(screening_id))
        except ValueError:
            raise ScreeningUnknown from None
        if not self._room.acquire(blocking=False):
            raise RecordsUnavailable
        asked = self._threads.submit(self._find_noted, wanted, caller)
        asked.add_done_callback(lambda _: self._room.release())
        try:
            receipt = wait_for(asked, READ_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller hears that it is not there now
            log_event("receipt not read", {}, level=logging.ERROR, error=error)
            raise RecordsUnavailable from None
        if receipt is None:
            raise ScreeningUnknown
        return receipt

    def close(self) -> None:
        """End the threads, after the questions they have."""
        self._threads.shutdown()

    def _find_noted(self, wanted: str, caller: str) -> Receipt | None:
        receipt = self._find(wanted)
        self._note(caller, wanted, receipt is not None)
        return receipt


def note_readings(trail: AuditTrail, keys: SecretKeys) -> Callable[[str, str, bool], None]:
    """What notes in the audit trail that a caller asked for a receipt."""

    def note(caller: str, receipt_id: str, found: bool) -> None:
        event = AuditEvent(AuditKind.ANSWER_READ, kept_name(caller, keys), receipt_id, {"found": int(found)})
        trail.write(event)

    return note
