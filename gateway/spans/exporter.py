"""Sends spans to the site's collector, behind the callers' backs: nobody waits for it, and nothing fails for it.

A bounded queue, one thread, one attempt. What does not fit or does not arrive is counted and gone; so is what waits when the process
ends, a few seconds' worth.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from queue import Empty, Full, Queue
from typing import Any, Final

from gateway.spans.otlp import encode_requests
from gateway.tracing import ObservedRequest
from monitoring.metrics import Metrics

SERVICE: Final = "symmetra-gateway"
PATH: Final = "/v1/traces"
MAX_WAITING: Final = 1024
"""Requests, of about ten spans each: a few seconds at full load, one or two megabytes."""
BATCH: Final = 128
BATCH_SECONDS: Final = 2.0
"""That the first of a batch waits for company."""
TIMEOUT_SECONDS: Final = 5.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The settings say who is told."""

    def redirect_request(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - urllib's own signature
        """Refuse."""


class SpanExporter:
    """Takes requests, and sends them in batches.

    Args:
        address: Of the collector, without `/v1/traces`; not asked through any proxy.
        version: That runs here.
        metrics: Told what became of spans.
        max_waiting: Requests that wait at most.
        batch_seconds: That the first of a batch waits for company.
    """

    def __init__(
        self,
        address: str,
        version: str,
        metrics: Metrics,
        *,
        max_waiting: int = MAX_WAITING,
        batch_seconds: float = BATCH_SECONDS,
    ) -> None:
        self._url = address.rstrip("/") + PATH
        self._version = version
        self._metrics = metrics
        self._batch_seconds = batch_seconds
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
        self._waiting: Queue[ObservedRequest | None] = Queue(max_waiting)
        self._thread = threading.Thread(target=self._work, name="spans", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def take(self, request: ObservedRequest) -> None:
        """Send this one soon. Takes microseconds, never waits and never fails."""
        try:
            self._waiting.put_nowait(request)
        except Full:
            self._metrics.count_spans("dropped", _count([request]))

    def close(self) -> None:
        """Send what waits, and end."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch, goes_on = [first], True
            while len(batch) < BATCH:
                try:
                    request = self._waiting.get(timeout=self._batch_seconds)
                except Empty:
                    break
                if request is None:
                    goes_on = False
                    break
                batch.append(request)
            self._metrics.count_spans("exported" if self._send(batch) else "failed", _count(batch))
            if not goes_on:
                return

    def _send(self, batch: list[ObservedRequest]) -> bool:
        body = json.dumps(encode_requests(batch, service=SERVICE, version=self._version)).encode()
        request = urllib.request.Request(  # noqa: S310 - the settings take http and https only
            self._url, body, {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return bool(answer.status < 300)
        # A collector may be away or speak nonsense in more ways than one can name; the thread must outlive each.
        except Exception:  # noqa: BLE001 - see above; it is counted
            return False


def _count(batch: list[ObservedRequest]) -> int:
    return sum(1 + len(request.stages) for request in batch)
