"""A program that looks again and again until it is told to stop, its metrics on a port of their own."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

from prometheus_client import CollectorRegistry, start_http_server


def look_until_stopped(
    look: Callable[[], object],
    registry: CollectorRegistry,
    *,
    host: str,
    port: int,
    interval_seconds: float,
    started: Callable[[], None],
) -> None:
    """Serve the metrics and look, until SIGTERM or SIGINT.

    Args:
        look: One look; must not raise.
        registry: Of the metrics.
        host: Where they are served.
        port: The same.
        interval_seconds: Between the end of a look and the next.
        started: Told once the port is had.

    Raises:
        OSError: the port cannot be had.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server, thread = start_http_server(port, host, registry)
    started()
    try:
        while not stop.is_set():
            look()
            stop.wait(interval_seconds)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
