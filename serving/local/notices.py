"""Alertmanager's notifications in the local stack: they are told to the terminal, and nobody is paged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from serving.local.webhook import HEARTBEAT, WebhookListener


class Notices(WebhookListener):
    """Listens inside the block. The heartbeat is said once, or it would bury the rest.

    Args:
        tell: Told each line.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(self.take)
        self._tell = tell
        self._heard = False

    def take(self, receiver: str, content: dict[str, Any]) -> None:
        """Tell one notification, as Alertmanager posts it."""
        if receiver == HEARTBEAT:
            if not self._heard:
                self._tell("monitoring is alive (told to whoever waits for its heartbeat, and not repeated here)")
            self._heard = True
            return
        for alert in content["alerts"]:
            labels, notes = alert["labels"], alert["annotations"]
            over = "over: " if alert["status"] == "resolved" else ""
            self._tell(f"to {receiver}: {over}{labels['alertname']} ({labels['severity']})")
            self._tell(f"    {notes['summary']}")
            if not over:
                self._tell(f"    {notes['description']}")
                self._tell(f"    what to do: {notes['runbook_url']}")
