"""The circuit breaker in front of the model server: while it is away, callers are told so at once, before any work.

closed     calls go through; `failures_to_open` failures in a row open it
open       no call goes through for `open_seconds`
half_open  one call goes through and decides: an answer closes the circuit, a failure opens it again

A failure is a server that cannot be reached or does not answer in time. A server that refuses, is too busy or lacks the
version is there: its callers get that answer, and the circuit stays closed. Used by the greenlets of one thread only, so
nothing here needs a lock.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from gateway.errors import GatewayError, PredictorTimeout, PredictorUnavailable

FAILURES_TO_OPEN: Final = 5
OPEN_SECONDS: Final = 2.0
"""So long is a model server that came back unused at most; so often is a photo prepared in vain while it is away."""
FAIR_SECONDS: Final = 1.0
"""A call that had less time than this and got no answer says nothing about the server."""


class State(enum.StrEnum):
    """Of the circuit; the closed set of the metric's label."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Circuit:
    """Lets calls through, or refuses them with `PredictorUnavailable`.

    Args:
        on_change: Told every new state, and the first one.
        failures_to_open: In a row, without an answer in between.
        open_seconds: Until one call may try again.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        on_change: Callable[[State], None],
        *,
        failures_to_open: int = FAILURES_TO_OPEN,
        open_seconds: float = OPEN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_change = on_change
        self._failures_to_open = failures_to_open
        self._open_seconds = open_seconds
        self._clock = clock
        self._failures = 0
        self._opened_seconds = 0.0
        self._trial_runs = False
        self._enter(State.CLOSED)

    def require_passable(self) -> None:
        """Refuse where a call would be refused now; costs nothing and takes no place.

        Raises:
            PredictorUnavailable: the circuit is open, or its one call is under way.
        """
        if self._state is State.CLOSED:
            return
        rest_seconds = self._opened_seconds + self._open_seconds - self._clock()
        if self._trial_runs or rest_seconds > 0:
            raise PredictorUnavailable(retry_after_seconds=max(rest_seconds, self._open_seconds))

    @contextmanager
    def call(self, allowed_seconds: float) -> Generator[None, None, None]:
        """Around one call, which tells the circuit how it ended.

        Args:
            allowed_seconds: What the call has until its deadline.

        Raises:
            PredictorUnavailable: no call goes through now.
        """
        self.require_passable()
        is_trial = self._state is not State.CLOSED
        if is_trial:
            self._trial_runs = True
            self._enter(State.HALF_OPEN)
        try:
            yield
        except PredictorUnavailable:
            self._note_failure(is_trial=is_trial)
            raise
        except PredictorTimeout:
            if allowed_seconds >= FAIR_SECONDS:
                self._note_failure(is_trial=is_trial)
            raise
        except GatewayError:
            self._note_answer()
            raise
        else:
            self._note_answer()
        finally:
            if is_trial:
                # Also where the call was given up without a word, such as by a client that went away.
                self._trial_runs = False

    def _note_answer(self) -> None:
        self._failures = 0
        if self._state is not State.CLOSED:
            self._enter(State.CLOSED)

    def _note_failure(self, *, is_trial: bool) -> None:
        self._failures += 1
        # While it is not closed only the trial counts: the others were sent before it opened.
        if is_trial or (self._state is State.CLOSED and self._failures >= self._failures_to_open):
            self._opened_seconds = self._clock()
            self._enter(State.OPEN)

    def _enter(self, state: State) -> None:
        self._state = state
        self._on_change(state)
