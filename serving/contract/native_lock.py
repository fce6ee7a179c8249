"""A lock that blocks the native thread it is called in, whatever gevent has replaced.

gevent's monkey patching swaps `threading.Lock`, `threading.Condition` and `queue.SimpleQueue` for versions that switch
greenlets. Photos are decoded and looked at in native threads, where such a wait would need an event loop of its own.
The C class behind `queue.SimpleQueue` is left alone and blocks natively in every process.
"""

from __future__ import annotations

from _queue import SimpleQueue
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


class NativeLock:
    """For `with`: one native thread at a time. A queue of one token: taking the token locks, putting it back unlocks."""

    def __init__(self) -> None:
        self._token: SimpleQueue[None] = SimpleQueue()
        self._token.put(None)

    def __enter__(self) -> Self:
        """Wait for the token and take it."""
        self._token.get()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Put the token back."""
        self._token.put(None)
