"""HTTP requests: how many by route and status, and how long each kind takes from its first byte to its answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client import CollectorRegistry

from monitoring.declaring import OTHER, Declaration, closed, counter, histogram, initialise
from monitoring.latency import LATENCY_BUCKETS_SECONDS
from monitoring.traffic import TRAFFIC_CLASSES

STATUSES: Final = tuple(
    str(status)
    for status in (200, 304, 400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 421, 422, 429, 431, 500, 502, 503, 504)
)
REQUEST_KINDS: Final = ("screening", "page", "api", "probe", OTHER)
"""What a request is for: a photo's answer (by the API or the page), another page, another call of the API, a probe, anything else."""

REQUESTS: Final = Declaration(
    "symmetra_http_requests", "counter", "HTTP requests by route template and status.", ("route", "status")
)
REQUEST_SECONDS: Final = Declaration(
    "symmetra_http_request_seconds",
    "histogram",
    "Time per HTTP request by kind, the upload of its body included.",
    ("kind", "traffic"),
    LATENCY_BUCKETS_SECONDS,
)
REQUEST_DECLARATIONS: Final = (REQUESTS, REQUEST_SECONDS)


class RequestMetrics:
    """These metrics in one registry.

    Args:
        registry: A registry of its own, also per test.
        routes: Route templates of the application; the closed set of the label `route`.
        on_non_finite: Told of every duration that is none; it is dropped.
    """

    def __init__(
        self, registry: CollectorRegistry, *, routes: Iterable[str], on_non_finite: Callable[[], None]
    ) -> None:
        self._routes = (*routes, OTHER)
        self._on_non_finite = on_non_finite
        self._requests = counter(REQUESTS, registry)
        self._seconds = histogram(REQUEST_SECONDS, registry)
        initialise(self._requests, self._routes, (*STATUSES, OTHER))
        initialise(self._seconds, REQUEST_KINDS, TRAFFIC_CLASSES)

    def count(self, route: str, status: int) -> None:
        """One answer. `route` is a route template, never a path."""
        self._requests.labels(closed(route, self._routes), closed(str(status), STATUSES)).inc()

    def observe(self, kind: str, seconds: float, traffic: str) -> None:
        """How long a request of one of `REQUEST_KINDS` took; anything but a finite, non-negative number is dropped."""
        if not math.isfinite(seconds) or seconds < 0:
            self._on_non_finite()
            return
        self._seconds.labels(closed(kind, REQUEST_KINDS), traffic).observe(seconds)
