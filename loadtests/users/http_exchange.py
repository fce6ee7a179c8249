"""HTTP/1.1 to one target: connections are kept for the next request, and no request is ever repeated.

Locust's own clients send a request again where a kept connection turns out to be closed, and count once. Here a connection
is used again only soon after its last answer, and one that fails under a request is an error of that request.
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtests.run.target import Target

FREE_SECONDS: Final = 5.0
"""For which a connection is used again; servers close idle ones later than this."""


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer.

    Attributes:
        status: Of HTTP.
        content_type: As the answer says.
        body: All of it.
    """

    status: int
    content_type: str
    body: bytes


class HttpExchange:
    """Sends requests to one target.

    Args:
        target: The gateway.
        headers: That go with every request.
        ca_file: Of who signed its certificate; None for the system's own.
    """

    def __init__(self, target: Target, headers: Mapping[str, str], ca_file: Path | None = None) -> None:
        self._target = target
        self._headers = dict(headers)
        self._context = ssl.create_default_context(cafile=ca_file) if target.is_tls else None
        self._free: list[tuple[float, http.client.HTTPConnection]] = []

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Send one request and read its answer.

        Raises:
            OSError: The connection failed, or was not accepted.
            http.client.HTTPException: What came back is no answer.
        """
        connection = self._take_free() or self._connect()
        is_kept = False
        try:
            # Who turns a request away from its head alone answers and closes while the photo is still being sent.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body, {**self._headers, **(headers or {})})
            answer = connection.getresponse()
            content = answer.read()
            is_kept = not answer.will_close
            return Response(answer.status, answer.getheader("Content-Type", ""), content)
        finally:
            # Also where the caller gave up in between: what would come later belongs to nobody.
            if is_kept:
                self._free.append((time.monotonic(), connection))
            else:
                connection.close()

    def close(self) -> None:
        """Close the connections that are free."""
        while self._free:
            self._free.pop()[1].close()

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._target.host, self._target.port
        if self._context is not None:
            return http.client.HTTPSConnection(host, port, context=self._context)
        return http.client.HTTPConnection(host, port)

    def _take_free(self) -> http.client.HTTPConnection | None:
        """The one that was used last; where that is long ago, so it is for all the others."""
        while self._free:
            used_at, connection = self._free.pop()
            if time.monotonic() - used_at < FREE_SECONDS:
                return connection
            connection.close()
        return None
