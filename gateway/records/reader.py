"""Finding a receipt for a request, in a native thread: the database may be slow to answer."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from gateway.errors import RecordsUnavailable, ScreeningUnknown
from gateway.greenlets import wait_for
from gateway.logs import log_event
from gateway.records.receipt import Receipt

READ_SECONDS: Final = 5.0
READ_THREADS: Final = 2
MAX_WAITING: Final = 64
"""Questions that a database which hangs may leave in memory; whoever comes then is refused at once."""


class ReceiptReader:
    """Finds receipts by id.

    Args:
        find: Asks the database; None where it has none.
    """

    def __init__(self, find: Callable[[str], Receipt | None]) -> None:
        self._find = find
        self._threads = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="records")
        self._room = threading.BoundedSemaphore(MAX_WAITING)

    def find(self, screening_id: str) -> Receipt:
        """The receipt of an answer.

        Raises:
            ScreeningUnknown: no answer has this id.
            RecordsUnavailable: the database does not say.
        """
        try:
            wanted = str(uuid.UUID(screening_id))
        except ValueError:
            raise ScreeningUnknown from None
        if not self._room.acquire(blocking=False):
            raise RecordsUnavailable
        asked = self._threads.submit(self._find, wanted)
        asked.add_done_callback(lambda _: self._room.release())
        try:
            receipt = wait_for(asked, READ_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller hears that it is not there now
            log_event("receipt not read", {}, level=logging.ERROR, error=error)
            raise RecordsUnavailable from None
        if receipt is None:
            raise ScreeningUnknown
        return receipt
