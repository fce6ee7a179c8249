"""The model server's own metrics, fetched from its REST port, so that nothing else needs that port.

It serves predictions too, without TLS and without asking who calls. The probe sits beside it and passes on this page only.
"""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from typing import Final

MAX_PAGE_BYTES: Final = 16 * 1024 * 1024
"""A page of TensorFlow Serving is about 100 KB; one that does not end must not fill memory."""
DEFAULT_PATH: Final = "/monitoring/prometheus/metrics"


@dataclass(frozen=True, slots=True)
class MetricsSource:
    """Where the server's metrics are.

    Attributes:
        host: Host of the REST port.
        port: The REST port.
        path: As in `monitoring.config`.
    """

    host: str
    port: int
    path: str = DEFAULT_PATH

    def fetch(self, deadline_seconds: float) -> str:
        """The page, or "" where there is none: the probe's own metrics must not depend on it.

        No proxy of the environment is used, and no redirect is followed.
        """
        connection = http.client.HTTPConnection(self.host, self.port, timeout=deadline_seconds)
        try:
            connection.request("GET", self.path)
            answer = connection.getresponse()
            content = answer.read(MAX_PAGE_BYTES + 1)
        except (OSError, http.client.HTTPException):
            return ""
        finally:
            connection.close()
        if answer.status != http.client.OK or len(content) > MAX_PAGE_BYTES:
            return ""
        page = content.decode("utf-8", errors="replace")
        return page if page.endswith("\n") or not page else page + "\n"
