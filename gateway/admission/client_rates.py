"""How often one client may ask: a token bucket each, in a table that strangers cannot make grow."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.errors import ClientRateExceeded

MAX_CLIENTS: Final = 4096
"""Of the table, about half a mebibyte. Past it the client that was silent longest starts anew, with a full bucket."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_seconds: float


class ClientRates:
    """Requests per second and client, with room for a burst.

    Args:
        per_second: Requests a second that one client may go on making; 0 for no limit.
        burst: Requests that a client which was silent may make at once.
        clock: Seconds.
    """

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    @property
    def are_limited(self) -> bool:
        """Whether there is a limit at all."""
        return self._per_second > 0

    def take(self, client: str) -> None:
        """Count one request of a client.

        Raises:
            ClientRateExceeded: it has asked too often; nothing is counted, so that asking in vain does not lock it out.
        """
        if self.are_limited:
            self._require_token(client).tokens -= 1

    def require(self, client: str) -> None:
        """Refuse whom `take` would refuse, and count nothing.

        Raises:
            ClientRateExceeded: it has asked too often.
        """
        if self.are_limited:
            self._require_token(client)

    def _require_token(self, client: str) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.get(client)
        if bucket is None:
            bucket = self._buckets[client] = _Bucket(self._burst, now)
            if len(self._buckets) > MAX_CLIENTS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(client)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at_seconds) * self._per_second)
        bucket.at_seconds = now
        if bucket.tokens < 1:
            raise ClientRateExceeded(retry_after_seconds=(1 - bucket.tokens) / self._per_second)
        return bucket
