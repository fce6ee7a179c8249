"""Something that the identity provider says, remembered: fetched by a thread, never once per request, and for a while without it.

What is known is used at once, whatever the provider does meanwhile, and renewed behind whoever uses it. Requests that must wait
for it share one fetch, and nothing that they hold can make us ask more often than every `min_interval_seconds`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

from gateway.errors import IdentityProviderUnavailable
from gateway.greenlets import is_done_within, run_in_thread
from gateway.logs import log_event

T = TypeVar("T")

RENEW_SECONDS: Final = 300.0
"""Age from which on it is renewed."""
MIN_INTERVAL_SECONDS: Final = 10.0
WAIT_SECONDS: Final = 7.0
"""For a fetch, which reads two documents of 3 s at most."""


class Remembered(Generic[T]):
    """One thing that the provider says. Everything here changes only in the thread that serves.

    Args:
        read: Asks the provider; called in a thread; raises where it cannot.
        read_event: What the log says when it was read.
        min_interval_seconds: Between two fetches, successful or not.
        clock: Seconds.
    """

    def __init__(
        self,
        read: Callable[[], T],
        *,
        read_event: str,
        min_interval_seconds: float = MIN_INTERVAL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._read_event = read_event
        self._min_interval_seconds = min_interval_seconds
        self._clock = clock
        self._value: T | None = None
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._fetch: Future[T] | None = None
        self.has_failed = False
        """Whether the last fetch that ended brought nothing."""

    @property
    def value(self) -> T | None:
        """What is known; of any age."""
        self._take()
        return self._value

    @property
    def age_seconds(self) -> float:
        """Of what is known; infinite where nothing is."""
        return float("inf") if self._read_at is None else self._clock() - self._read_at

    @property
    def is_fetching(self) -> bool:
        """Whether a fetch goes on whose outcome nobody took yet."""
        return self._fetch is not None

    def renew(self) -> None:
        """Start a fetch, unless one goes on or the last was a moment ago; nobody waits for it."""
        now = self._clock()
        if self._fetch is not None or (
            self._tried_at is not None and now - self._tried_at < self._min_interval_seconds
        ):
            return
        self._tried_at = now
        self._fetch = run_in_thread(self._read, "identity-provider")

    def renew_if_old(self) -> None:
        """Start a fetch where what is known is of some age."""
        if self.age_seconds > RENEW_SECONDS:
            self.renew()

    def wait(self) -> bool:
        """Wait for the fetch that goes on, if any; false where it does not end in time."""
        if self._fetch is not None and not is_done_within(self._fetch, WAIT_SECONDS):
            return False
        self._take()
        return True

    def _take(self) -> None:
        if self._fetch is None or not self._fetch.done():
            return
        fetch, self._fetch = self._fetch, None
        error = fetch.exception()
        if error is not None:
            if not self.has_failed:
                log_event(
                    "identity provider away", {"code": IdentityProviderUnavailable.code}, error=_as_exception(error)
                )
            self.has_failed = True
            return
        self._value = fetch.result()
        self._read_at = self._clock()
        self.has_failed = False
        log_event(self._read_event, {})


def _as_exception(error: BaseException) -> Exception | None:
    return error if isinstance(error, Exception) else None
