"""The way in that clients use: HTTP or HTTPS to the site's address, with a key. No proxy of the environment, no redirect."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from monitoring.sentinel.errors import NoAnswer, PauseFailed, SettingInvalid
from monitoring.sentinel.settings import DEADLINE_SECONDS

MAX_ANSWER_BYTES: Final = 1 << 20
IGNORE_VALIDITY_TIMES: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which Python has no name for: how a certificate that is over is still read."""
PAUSE_CAUSE: Final = "odd_answers"
"""Of the closed list that the operator page takes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        status: HTTP status.
        content: The JSON object; empty where the body is none.
    """

    status: int
    content: dict[str, Any]


class FrontDoor:
    """Sends requests to one address.

    Args:
        url: Its address.
        ca_file: Authorities that its certificate is trusted by; the system's where None.

    Raises:
        SettingInvalid: the file with the authorities cannot be used.
    """

    def __init__(self, url: str, ca_file: Path | None) -> None:
        parts = urlsplit(url)
        self._host, self._path = parts.hostname or "", parts.path
        self._is_tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._is_tls else 80)
        self._ca_file = ca_file
        try:
            self._context = self._new_context()
        except (OSError, ssl.SSLError) as error:
            message = f"the authorities in {ca_file} cannot be used: {error}"
            raise SettingInvalid(message) from error

    @property
    def target(self) -> str:
        """Host and port, as metrics name it."""
        return f"{self._host}:{self._port}"

    def screen(self, photo: bytes, key: str) -> Reply:
        """Send a photo as sentinel traffic.

        Raises:
            NoAnswer: nothing came back.
        """
        headers = {"Content-Type": "image/jpeg", "X-API-Key": key, "X-Traffic-Class": "sentinel"}
        return self._request("POST", "/v1/screenings", photo, headers)

    def pause(self, key: str) -> None:
        """Pause screening in every gateway, as an operator does.

        Raises:
            PauseFailed: it was not paused; the message says what came back.
        """
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-API-Key": key}
        try:
            reply = self._request("POST", "/operator/pause", urlencode({"cause": PAUSE_CAUSE}).encode(), headers)
        except NoAnswer as error:
            raise PauseFailed(error.code) from error
        # 303 leads a browser on to the page that says "paused"; whatever else came back is no pause.
        if reply.status != http.HTTPStatus.SEE_OTHER:
            message = f"status {reply.status}"
            raise PauseFailed(message)

    def certificate_expires_seconds(self) -> float | None:
        """When the certificate that the front door shows ends, as a Unix time; None without TLS, or where none can be had.

        One that is over is read too: then the moment lies in the past.
        """
        if not self._is_tls:
            return None
        context = self._new_context()
        context.verify_flags = ssl.VerifyFlags(context.verify_flags | IGNORE_VALIDITY_TIMES)
        try:
            with (
                socket.create_connection((self._host, self._port), timeout=DEADLINE_SECONDS) as connection,
                context.wrap_socket(connection, server_hostname=self._host) as tls,
            ):
                shown = tls.getpeercert()
        except (OSError, ssl.SSLError):
            return None
        ends = shown.get("notAfter") if shown else None
        return float(ssl.cert_time_to_seconds(ends)) if isinstance(ends, str) else None

    def _new_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=None if self._ca_file is None else str(self._ca_file))

    def _request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        connection: http.client.HTTPConnection
        if self._is_tls:
            connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=DEADLINE_SECONDS, context=self._context
            )
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=DEADLINE_SECONDS)
        try:
            connection.request(method, self._path + path, body=body, headers=headers)
            response = connection.getresponse()
            content = response.read(MAX_ANSWER_BYTES)
        except ssl.SSLCertVerificationError as error:
            raise NoAnswer("certificate_invalid") from error  # noqa: EM101 - a code, not a sentence
        except TimeoutError as error:
            raise NoAnswer("timed_out") from error  # noqa: EM101 - the same
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer("no_connection") from error  # noqa: EM101 - the same
        finally:
            connection.close()
        return Reply(response.status, _object(content))


def _object(content: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(content)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
