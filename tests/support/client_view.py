"""What a client sees of a gateway, screening after screening, while a test breaks things behind it."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.gateway_process import GatewayProcess

PAUSE_SECONDS = 0.05
RECOVERED_ANSWERS = 6
"""So many right answers in a row, and the gateway has recovered."""
WAIT_SECONDS = 120.0


@dataclass(frozen=True)
class Seen:
    """One screening as its client saw it; status 0 where there was no HTTP answer."""

    began: float
    seconds: float
    status: int
    code: str
    p_no_depression: float | None
    has_retry_after: bool

    @property
    def outcome(self) -> str:
        return f"{self.status} {self.code}".strip()


class ClientView:
    """Clients that send the same photo again and again, each on connections of its own, until the block ends."""

    def __init__(self, gateway: GatewayProcess, photo: bytes, *, clients: int = 2) -> None:
        self._gateway = gateway
        self._photo = photo
        self._seen: list[Seen] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def since(self, moment: float) -> list[Seen]:
        """Screenings that began after a moment and have ended, in the order of their ends."""
        with self._lock:
            return [seen for seen in self._seen if seen.began >= moment]

    def wait_for(self, holds: Callable[[list[Seen]], bool], since: float) -> list[Seen]:
        """Wait until the screenings since a moment are as said, and return them."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not holds(seen := self.since(since)):
            assert time.monotonic() < deadline, Counter(each.outcome for each in seen)
            time.sleep(PAUSE_SECONDS)
        return seen

    def wait_for_outcome(self, outcome: str, since: float, count: int = 5) -> list[Seen]:
        """Wait for so many of one outcome."""
        return self.wait_for(lambda seen: sum(each.outcome == outcome for each in seen) >= count, since)

    def recovered_seconds(self, since: float) -> float:
        """From a moment to the first of so many right answers in a row, whose last ends the wait."""
        seen = self.wait_for(_last_ones_are_right, since)
        first = next(number for number in range(len(seen)) if all(each.status == 200 for each in seen[number:]))
        return max(0.0, seen[first].began + seen[first].seconds - since)

    def _ask(self) -> None:
        while not self._ended.is_set():
            self._note(time.monotonic())
            time.sleep(PAUSE_SECONDS)

    def _note(self, began: float) -> None:
        status, code, p, headers = 0, "no answer", None, {}
        try:
            status, headers, body = self._gateway.request(
                "POST", "/v1/screenings", self._photo, {"Content-Type": "image/jpeg"}
            )
            content = json.loads(body)
            code, p = content.get("code", ""), content.get("p_no_depression")
        except (OSError, http.client.HTTPException):
            pass
        seen = Seen(began, time.monotonic() - began, status, code, p, "Retry-After" in headers)
        with self._lock:
            self._seen.append(seen)


def _last_ones_are_right(seen: list[Seen]) -> bool:
    return len(seen) >= RECOVERED_ANSWERS and all(each.status == 200 for each in seen[-RECOVERED_ANSWERS:])


def summary(seen: list[Seen]) -> str:
    """Outcomes, how many of each, and the slowest of each: `503 model_unavailable x 12 (slowest 0.4 s)`."""
    counts = Counter(each.outcome for each in seen)
    return ", ".join(
        f"{outcome} x {count} (slowest {max(each.seconds for each in seen if each.outcome == outcome):.1f} s)"
        for outcome, count in counts.most_common()
    )
