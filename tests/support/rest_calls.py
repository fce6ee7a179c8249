"""HTTP as it stands on the wire, for tests of the model server's REST port."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass

TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class RestAnswer:
    """Status code, headers with lower-case names, and the bytes of the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> str:
        """The message of an answer other than OK, which has one layout."""
        message = json.loads(self.body)["error"]
        assert self.headers["content-type"] == "application/json"
        return message


def call(port: int, method: str, path: str, body: bytes | str | None = None, **headers: str) -> RestAnswer:
    """One request on a connection of its own; header names with `_` for `-`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    content = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, content, named)
        answer = connection.getresponse()
        return RestAnswer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def predict(port: int, body: object, model: str = "kinds") -> RestAnswer:
    """Predict with the latest version; a body that is no text is sent as JSON."""
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return call(port, "POST", f"/v1/models/{model}:predict", content)


def send_raw(port: int, content: bytes) -> bytes:
    """What a server answers to these bytes, until it ends the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)
