"""Asking the database from a request, in a native thread: it may be slow to answer, and the other requests go on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from gateway.errors import GatewayError, RecordsUnavailable
from gateway.greenlets import wait_for
from gateway.logs import log_event

T = TypeVar("T")

MAX_SECONDS: Final = 5.0
THREADS: Final = 2
MAX_WAITING: Final = 64
"""Questions that a database which hangs may leave in memory; whoever comes then is refused at once."""


class DatabaseThreads:
    """A few threads, and a bound on what waits for them.

    Args:
        event: What the log says of a question that failed.
    """

    def __init__(self, event: str) -> None:
        self._event = event
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="records")
        self._room = threading.BoundedSemaphore(MAX_WAITING)

    def ask(self, question: Callable[[], T]) -> T:
        """What a question answers.

        Raises:
            GatewayError: the question's own.
            RecordsUnavailable: the database does not say, or too many wait already. What was to be written may be there all the
                same: whoever repeats the request will see.
        """
        if not self._room.acquire(blocking=False):
            raise RecordsUnavailable
        asked = self._threads.submit(question)
        asked.add_done_callback(lambda _: self._room.release())
        try:
            return wait_for(asked, MAX_SECONDS)
        except GatewayError:
            raise
        except Exception as error:  # noqa: BLE001 - drivers have errors of their own, whose words repeat the row
            log_event(self._event, {}, level=logging.ERROR, error=error)
            raise RecordsUnavailable from None

    def close(self) -> None:
        """End the threads, after the questions they have."""
        self._threads.shutdown()
