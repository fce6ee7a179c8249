"""Hospital systems that never rest: each sends the next photo to a gateway that says it is ready, and keeps what came back."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

POLL_SECONDS = 0.1
"""Between two looks at who is ready, as a balancer takes them."""


class PhotoLoad:
    """So many clients; requests go round the ready gateways, each on a connection of its own, as from an ingress.

    Args:
        ports: Of the gateways on loopback; the list may change while the load runs.
        photo: What is sent.
        clients: How many.
        pause_seconds: Between an answer and the next photo of one client.
        follows_readiness: Whether gateways that are not ready are left out.
    """

    def __init__(
        self,
        ports: Sequence[int],
        photo: bytes,
        clients: int,
        pause_seconds: float = 0.0,
        *,
        follows_readiness: bool = True,
    ) -> None:
        self.ports = ports
        self.ready: list[int] = list(ports)
        self._follows_readiness = follows_readiness
        self._photo = photo
        self._pause_seconds = pause_seconds
        self._stopping = threading.Event()
        self._seen = threading.Condition()
        self._outcomes: list[tuple[float, int, str]] = []
        self._threads = [threading.Thread(target=self._watch, name="balancer")]
        self._threads += [threading.Thread(target=self._send, args=(number,)) for number in range(clients)]

    def __enter__(self) -> Self:
        if self._follows_readiness:
            self._look()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)

    @property
    def outcomes(self) -> Counter[str]:
        """How often what came back: a status, with its code where it is a problem, or the class of the error."""
        with self._seen:
            return Counter(what for _, _, what in self._outcomes)

    def answered_by(self, port: int) -> int:
        """Photos that this gateway answered."""
        with self._seen:
            return sum(1 for _, by, what in self._outcomes if by == port and what == "200")

    def wait_for_answers(self, count: int, port: int | None = None) -> None:
        """Wait until so many more photos were answered, by this gateway where one is named."""

        def answered() -> int:
            return sum(1 for _, by, what in self._outcomes if what == "200" and port in (None, by))

        with self._seen:
            wanted = answered() + count
            assert self._seen.wait_for(lambda: answered() >= wanted, 60.0), (count, port)

    def _watch(self) -> None:
        while self._follows_readiness and not self._stopping.wait(POLL_SECONDS):
            self._look()

    def _look(self) -> None:
        self.ready = [port for port in list(self.ports) if self._ask(port, "GET", "/readyz") == "200"]

    def _send(self, number: int) -> None:
        turn = number
        while not self._stopping.is_set():
            ready = self.ready
            port = ready[turn % len(ready)] if ready else 0
            turn += 1
            what = self._ask(port, "POST", "/v1/screenings", self._photo) if ready else "nobody ready"
            with self._seen:
                self._outcomes.append((time.monotonic(), port, what))
                self._seen.notify_all()
            self._stopping.wait(self._pause_seconds if ready else POLL_SECONDS)

    def _ask(self, port: int, method: str, path: str, body: bytes | None = None) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request(method, path, body, {"Content-Type": "image/jpeg"} if body else {})
            response = connection.getresponse()
            content = response.read()
            if response.status >= 400:
                return f"{response.status} {json.loads(content).get('code')}"
            return str(response.status)
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()
