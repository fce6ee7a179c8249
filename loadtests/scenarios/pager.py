"""Alertmanager's notifications in a scenario: kept by the name of their receiver, so that they can be judged. Nobody is paged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from serving.local.webhook import HEARTBEAT, WebhookListener

FIRING: Final = "firing"
RESOLVED: Final = "resolved"


@dataclass(frozen=True, slots=True)
class Notification:
    """One of Alertmanager's posts.

    Attributes:
        receiver: Last part of the path that it came to.
        status: `firing` or `resolved`.
        alerts: Names of the alerts in it that fire, or are over.
        at: When it came, monotonic seconds.
    """

    receiver: str
    status: str
    alerts: tuple[str, ...]
    at: float


class Pager(WebhookListener):
    """Listens inside the block, on a free port."""

    def __init__(self) -> None:
        super().__init__(self._take_post)
        self._notifications: list[Notification] = []
        self._came = threading.Condition()

    def _take_post(self, receiver: str, content: dict[str, Any]) -> None:
        names = tuple(sorted({alert["labels"]["alertname"] for alert in content["alerts"]}))
        self.take(Notification(receiver, content["status"], names, time.monotonic()))

    def take(self, notification: Notification) -> None:
        """Keep one."""
        with self._came:
            self._notifications.append(notification)
            self._came.notify_all()

    def notifications(self, status: str | None = None, *, but: tuple[str, ...] = (HEARTBEAT,)) -> list[Notification]:
        """What came so far, oldest first; heartbeats are left out unless asked for."""
        with self._came:
            return [each for each in self._notifications if each.receiver not in but and status in (None, each.status)]

    def is_quiet(self) -> bool:
        """Whether everything that was told is told as over."""
        last = {(each.receiver, alert): each.status for each in self.notifications() for alert in each.alerts}
        return FIRING not in last.values()

    def wait_for(self, holds: Callable[[list[Notification]], bool], seconds: float) -> bool:
        """Wait until what came fits; whether it did in time."""
        with self._came:
            return self._came.wait_for(lambda: holds(list(self._notifications)), seconds)
