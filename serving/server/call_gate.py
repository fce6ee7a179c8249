"""How many calls run at once, and the way to none: a full server refuses, one that is about to end refuses and waits.

A call is running until its answer has left, not until its handler has returned: a server that ended in between would lose
an answer that it had computed.
"""

from __future__ import annotations

import threading

from serving.server.errors import ResourceExhausted, Unavailable


class CallGate:
    """Counts calls in and out. Safe to use from many threads.

    Args:
        max_running: Handlers at the same time.
    """

    def __init__(self, max_running: int) -> None:
        self._free = threading.Semaphore(max_running)
        self._changed = threading.Condition()
        self._unanswered = 0
        self._closed = False

    def enter(self) -> None:
        """Begin a call; `leave` ends its handler and `answered` the call.

        Raises:
            ResourceExhausted: As many handlers run as may; TensorFlow Serving's message.
            Unavailable: The server is about to end. Nothing was begun, so the caller may ask another server.
        """
        with self._changed:
            if self._closed:
                message = "The server is shutting down."
                raise Unavailable(message)
            if not self._free.acquire(blocking=False):
                message = "Server Threadpool Exhausted"
                raise ResourceExhausted(message)
            self._unanswered += 1

    def leave(self) -> None:
        """The handler of a call has returned."""
        self._free.release()

    def answered(self) -> None:
        """The answer of a call has left, or its caller has."""
        with self._changed:
            self._unanswered -= 1
            if not self._unanswered:
                self._changed.notify_all()

    def close(self) -> None:
        """Let nobody in any more."""
        with self._changed:
            self._closed = True

    def wait_until_empty(self, timeout_seconds: float) -> bool:
        """Wait for the calls that run; whether all were answered in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._unanswered, timeout_seconds)
