"""The identity provider's keys, remembered (`remembered`): a key that is known is used at once, an unknown one looked up.

A key id that is not known makes the request wait for a new set, but made-up ids cannot make us ask more often than that allows.
A key that the provider withdrew is refused when the set is renewed, `remembered.RENEW_SECONDS` later at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from gateway.access.remembered import MIN_INTERVAL_SECONDS, Remembered
from gateway.errors import CredentialInvalid, IdentityProviderUnavailable

Key = TypeVar("Key")


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
        self._stale_seconds = stale_seconds
        self._set = Remembered(
            read_keys,
            read_event="identity provider keys read",
            min_interval_seconds=min_interval_seconds,
            clock=clock,
        )

    def key(self, key_id: str | None) -> Key:
        """The key of that id; without an id the only key there is.

        Raises:
            CredentialInvalid: the provider has no such key.
            IdentityProviderUnavailable: that cannot be found out, or the keys are older than they may get.
        """
        key = self._find(key_id)
        if key is not None:
            self._set.renew_if_old()
            return key
        self._set.renew()
        if self._set.is_fetching:
            if not self._set.wait():
                raise IdentityProviderUnavailable
            key = self._find(key_id)
        if key is not None:
            return key
        if self._set.has_failed or self._set.age_seconds > self._stale_seconds:
            raise IdentityProviderUnavailable
        raise CredentialInvalid

    def _find(self, key_id: str | None) -> Key | None:
        keys = self._set.value
        if keys is None or self._set.age_seconds > self._stale_seconds:
            return None
        if key_id is None:
            return next(iter(keys.values())) if len(keys) == 1 else None
        return keys.get(key_id)
