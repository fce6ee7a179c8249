"""Patients' photos, evenly spaced: each is sent when it is due, whatever becomes of the others."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self

from loadtests.errors import ScenarioFailed
from loadtests.scenarios.judging import LATE_START_SECONDS, Sending

SENDERS: Final = 24
"""Photos on their way at once; where all hang, the next ones start late, and the report says so."""
PATIENCE_SECONDS: Final = 30.0
NONE: Final = "none"
PATH: Final = "/v1/screenings"


class PhotoSender:
    """Posts photos with one key, and remembers how each ended.

    Args:
        port: Of the front door, on loopback.
        key: API key.
    """

    def __init__(self, port: int, key: str) -> None:
        self._port, self._headers = port, {"X-API-Key": key, "Accept": "application/json"}
        self._lock = threading.Lock()
        self._by_status: Counter[str] = Counter()
        self._due = self._late = 0

    def send(self, photo: bytes, content_type: str = "image/jpeg") -> tuple[int, bytes]:
        """Post one on a connection of its own: the HTTP status and the body; 0 where no answer came."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("POST", PATH, photo, {**self._headers, "Content-Type": content_type})
            response = connection.getresponse()
            status, body = response.status, response.read()
        except (OSError, http.client.HTTPException):
            status, body = 0, b""
        finally:
            connection.close()
        with self._lock:
            self._by_status[str(status) if status else NONE] += 1
        return status, body

    def note_due(self, *, is_late: bool) -> None:
        """One more was due."""
        with self._lock:
            self._due += 1
            self._late += is_late

    def note_unsent(self, count: int) -> None:
        """So many were due and never sent."""
        with self._lock:
            self._due += count
            self._late += count

    def sending(self) -> Sending:
        """How it went so far."""
        with self._lock:
            return Sending(self._due, self._late, dict(sorted(self._by_status.items())))


class EvenTraffic:
    """Sends within the block, so many photos a second.

    Args:
        sender: Sends them.
        a_second: In real time.
        take: Makes the next photo, and its content type.
    """

    def __init__(self, sender: PhotoSender, a_second: float, take: Callable[[], tuple[bytes, str]]) -> None:
        self._sender, self._every_seconds, self._take = sender, 1.0 / a_second, take
        self._stop = threading.Event()
        self._errors: list[Exception] = []
        self._thread = threading.Thread(target=self._keep_sending, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, and wait for the answers that are on their way.

        Raises:
            ScenarioFailed: A photo could not be made or sent, and nothing else went wrong.
        """
        self._stop.set()
        self._thread.join()
        if self._errors and error is None:
            message = f"a photo could not be made or sent ({type(self._errors[0]).__name__}: {self._errors[0]}), so nothing is said of the alarms"
            raise ScenarioFailed(message) from self._errors[0]

    def _keep_sending(self) -> None:
        began, number = time.monotonic(), 0
        with ThreadPoolExecutor(SENDERS) as senders:
            while not self._stop.wait(max(0.0, began + number * self._every_seconds - time.monotonic())):
                senders.submit(self._send, began + number * self._every_seconds)
                number += 1
            # Whoever was due and had no sender is late for good.
            waiting = senders._work_queue.qsize()  # noqa: SLF001 - it tells nobody else how many wait
            senders.shutdown(wait=False, cancel_futures=True)
        self._sender.note_unsent(waiting)

    def _send(self, due_at: float) -> None:
        try:
            photo, content_type = self._take()
            self._sender.note_due(is_late=time.monotonic() - due_at > LATE_START_SECONDS)
            self._sender.send(photo, content_type)
        except Exception as error:  # noqa: BLE001 - a thread of a pool tells nobody; it is raised at the end
            self._errors.append(error)
