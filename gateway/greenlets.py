"""The seam between greenlets, which wait for the network, and threads, which do the work.

Only the HTTP sockets are gevent's. Nothing is monkey-patched: photos are decoded, gRPC is called and metrics are scraped
in ordinary threads with ordinary locks, and a greenlet that waits for one of them lets the others run. gRPC's own gevent
mode (`grpc.experimental.gevent`) is not needed and not used.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

import gevent
from gevent.event import Event

T = TypeVar("T")


def wait_for(future: Future[T], timeout_seconds: float) -> T:
    """The result of a future that a thread completes; other greenlets run meanwhile.

    Raises:
        TimeoutError: not done in time; the thread goes on, its result is dropped.
    """
    if not is_done_within(future, timeout_seconds):
        raise TimeoutError
    return future.result()


def is_done_within(future: Future[T], timeout_seconds: float) -> bool:
    """Wait, whatever becomes of the future, and say whether it is done in time; other greenlets run meanwhile."""
    if future.done():
        return True
    loop = gevent.get_hub().loop
    done = Event()
    # Events belong to their hub's thread, so the worker thread only asks the loop to set it.
    wake: Callable[[Future[T]], None] = lambda _: loop.run_callback_threadsafe(done.set)  # noqa: E731 - typed
    future.add_done_callback(wake)
    return bool(done.wait(timeout_seconds))


def run_in_thread(work: Callable[[], T], name: str) -> Future[T]:
    """Start work in a thread of its own, a daemon: work that hangs must not keep the gateway from ending."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - handed on
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


def repeat(work: Callable[[], object], interval_seconds: float) -> None:
    """Do this now and then every so many seconds, in a greenlet that ends with the process. `work` raises nothing."""

    def run() -> None:
        while True:
            work()
            gevent.sleep(interval_seconds)

    gevent.spawn(run)


@contextmanager
def time_limit(seconds: float, error: Exception) -> Generator[None, None, None]:
    """Raise `error` inside the block when it takes longer; it is raised where the block waits for a socket."""
    with gevent.Timeout(seconds, error):
        yield
