"""The pace of one worker: each request starts when it is due, whatever the others do, and its latency counts from then."""

from __future__ import annotations

import gc
import resource
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import gevent
import numpy as np
from gevent.pool import Group
from numpy.typing import NDArray

from loadtests.arrivals import Seconds
from loadtests.run.recording import Ended, Recording
from loadtests.users.sending import GIVEN_UP, Sender

CPU_WINDOW_SECONDS: Final = 5
"""Over which the CPU of this process is averaged: a shorter burst is absorbed by the pause after it."""


class Pace:
    """Starts this worker's requests.

    Args:
        senders: By user type.
        users: User type of each request of the whole run.
        moments: At which they are due, in seconds from the start of the run.
        mine: Numbers of the requests that this worker starts.
        patience_seconds: After which a request is given up, from the moment at which it was due.
        on_end: Told of every request that ended.
    """

    def __init__(
        self,
        senders: Mapping[str, Sender],
        users: list[str],
        moments: Seconds,
        mine: NDArray[np.intp],
        *,
        patience_seconds: float,
        on_end: Callable[[Ended], None],
    ) -> None:
        self._senders = senders
        self._users = users
        self._moments = moments
        self._mine = mine
        self._patience_seconds = patience_seconds
        self._on_end = on_end
        self._recording = Recording()
        self._open = Group()
        self._began = 0.0

    def take_recording(self) -> Recording:
        """What was recorded since the last time."""
        recording, self._recording = self._recording, Recording()
        return recording

    def run(self, begins_in_seconds: float) -> bool:
        """Start every request when it is due, wait until the last one ended or was given up, and return True.

        A run that is killed before returns nothing: gevent's own value of a killed greenlet is no True.
        """
        _allow_many_sockets()
        # What is there now stays there; a collection in the middle of the run would delay whatever is due.
        gc.collect()
        gc.freeze()
        self._began = time.perf_counter() + begins_in_seconds
        self._recording.expect(self._moments[self._mine].tolist())
        watching = gevent.spawn(self._watch_cpu)
        try:
            for number in self._mine.tolist():
                due = float(self._moments[number])
                gevent.sleep(max(self._began + due - time.perf_counter(), 0))
                self._open.spawn(self._send, number, due)
            self._open.join()
            return True
        finally:
            watching.kill()
            self._open.kill()
            gc.unfreeze()

    def _send(self, number: int, due: float) -> None:
        started = time.perf_counter() - self._began
        self._recording.start(due, started)
        user_type = self._users[number]
        sent = GIVEN_UP
        patience = due + self._patience_seconds - started
        with gevent.Timeout(patience, exception=False):
            sent = self._senders[user_type].send(number, patience)
        at = time.perf_counter() - self._began
        ended = Ended(user_type, due, at, sent.outcome, sent.status, sent.said)
        self._recording.end(ended)
        self._on_end(ended)

    def _watch_cpu(self) -> None:
        used: deque[tuple[float, float]] = deque(maxlen=CPU_WINDOW_SECONDS + 1)
        while True:
            used.append((time.perf_counter(), time.process_time()))
            if len(used) == used.maxlen:
                (before, cpu_before), (now, cpu_now) = used[0], used[-1]
                self._recording.note_cpu((cpu_now - cpu_before) / (now - before))
            gevent.sleep(1)


def _allow_many_sockets() -> None:
    """As many as the system lets this process have: a request that waits for a descriptor does not start when it is due."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
