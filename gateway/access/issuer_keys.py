"""The identity provider's keys, remembered: fetched by a thread, never once per request, and for a while without it.

A key that is known is used at once, whatever the provider does meanwhile; the set is renewed behind it. A key id that is not
known makes the request wait for a new set, but made-up ids cannot make us ask more often than every `min_interval_seconds`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

from gateway.errors import CredentialInvalid, IdentityProviderUnavailable
from gateway.greenlets import is_done_within
from gateway.logs import log_event

Key = TypeVar("Key")

RENEW_SECONDS: Final = 300.0
"""Age from which on the set is renewed: a key that the provider withdrew is refused that much later at most."""
MIN_INTERVAL_SECONDS: Final = 10.0
WAIT_SECONDS: Final = 7.0
"""For a fetch, which reads two documents of 3 s at most."""


class IssuerKeys(Generic[Key]):
    """Keys by their id.

    Args:
        read_keys: Asks the provider; called in a thread; raises where it cannot.
        stale_seconds: How long the keys go on when the provider cannot be asked.
        min_interval_seconds: Between two fetches, successful or not.
        clock: Seconds.
    """

    def __init__(
        self,
        read_keys: Callable[[], Mapping[str, Key]],
        *,
        stale_seconds: float,
        min_interval_seconds: float = MIN_INTERVAL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read_keys = read_keys
        self._stale_seconds = stale_seconds
        self._min_interval_seconds = min_interval_seconds
        self._clock = clock
        self._keys: Mapping[str, Key] = {}
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._failed = False
        self._fetch: Future[Mapping[str, Key]] | None = None

    def key(self, key_id: str | None) -> Key:
        """The key of that id; without an id the only key there is.

        Raises:
            CredentialInvalid: the provider has no such key.
            IdentityProviderUnavailable: that cannot be found out, or the keys are older than they may get.
        """
        self._take()
        key = self._find(key_id)
        if key is not None:
            if self._age() > RENEW_SECONDS:
                self._start()
            return key
        self._start()
        if self._fetch is not None:
            if not is_done_within(self._fetch, WAIT_SECONDS):
                raise IdentityProviderUnavailable
            self._take()
            key = self._find(key_id)
        if key is not None:
            return key
        if self._failed or self._age() > self._stale_seconds:
            raise IdentityProviderUnavailable
        raise CredentialInvalid

    def _find(self, key_id: str | None) -> Key | None:
        if self._age() > self._stale_seconds:
            return None
        if key_id is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(key_id)

    def _age(self) -> float:
        return float("inf") if self._read_at is None else self._clock() - self._read_at

    def _start(self) -> None:
        now = self._clock()
        if self._fetch is not None or (
            self._tried_at is not None and now - self._tried_at < self._min_interval_seconds
        ):
            return
        self._tried_at = now
        future: Future[Mapping[str, Key]] = Future()
        self._fetch = future

        def fetch() -> None:
            try:
                future.set_result(self._read_keys())
            except Exception as error:  # noqa: BLE001 - handed on
                future.set_exception(error)

        # A daemon: a provider that hangs must not keep the gateway from ending.
        threading.Thread(target=fetch, name="identity-provider", daemon=True).start()

    def _take(self) -> None:
        """Take what a finished fetch brought. Only here, in the thread that serves, does anything change."""
        if self._fetch is None or not self._fetch.done():
            return
        fetch, self._fetch = self._fetch, None
        error = fetch.exception()
        if error is not None:
            if not self._failed:
                log_event(
                    "identity provider away", {"code": IdentityProviderUnavailable.code}, error=_as_exception(error)
                )
            self._failed = True
            return
        self._keys = fetch.result()
        self._read_at = self._clock()
        self._failed = False
        log_event("identity provider keys read", {})


def _as_exception(error: BaseException) -> Exception | None:
    return error if isinstance(error, Exception) else None
