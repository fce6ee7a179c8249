"""How the gateway speaks with the identity provider: HTTPS, JSON, bounded in bytes and in time, without redirects.

Blocking, so it is called in threads of its own.
"""

from __future__ import annotations

import json
import ssl
import time
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

TIMEOUT_SECONDS: Final = 3.0
"""For one document, from asking to its last byte."""
MAX_DOCUMENT_BYTES: Final = 512 * 1024


class IssuerAway(Exception):
    """No answer, a wrong one, or none that can be used; the message holds nothing of it."""


class ProviderHttp:
    """Asks one identity provider.

    Args:
        ca_file: Certificates to trust instead of the system's.
    """

    def __init__(self, ca_file: Path | None = None) -> None:
        self._opener = _opener(ca_file)

    def document(self, address: str) -> dict[str, Any]:
        """The JSON object at an address.

        Raises:
            IssuerAway: there is none.
        """
        status, document = self._ask(urllib.request.Request(address))  # noqa: S310 - the opener knows HTTP and HTTPS alone
        if status != HTTPStatus.OK:
            message = "it answered with another status than 200"
            raise IssuerAway(message)
        return document

    def answer_to_form(
        self, address: str, form: Mapping[str, str], authorization: str | None
    ) -> tuple[int, dict[str, Any]]:
        """The status and the JSON object that a form is answered with.

        Args:
            address: Where the form is sent.
            form: Its fields.
            authorization: The header of that name, if any.

        Raises:
            IssuerAway: no object came back.
        """
        headers = {"Accept": "application/json"} | ({"Authorization": authorization} if authorization else {})
        body = urlencode(form).encode()
        return self._ask(urllib.request.Request(address, body, headers))  # noqa: S310 - as above

    def _ask(self, request: urllib.request.Request) -> tuple[int, dict[str, Any]]:
        end = time.monotonic() + TIMEOUT_SECONDS
        content = b""
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                status: int = response.status
                # The timeout above holds for each piece, so a trickle needs the deadline too.
                while piece := response.read1(65536):
                    content += piece
                    if len(content) > MAX_DOCUMENT_BYTES or time.monotonic() > end:
                        message = "its document is too large or too slow"
                        raise IssuerAway(message)
            document = json.loads(content)
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            message = "it gave no document"
            raise IssuerAway(message) from error
        if not isinstance(document, dict):
            message = "its document is no object"
            raise IssuerAway(message)
        return status, document


def _opener(ca_file: Path | None) -> urllib.request.OpenerDirector:
    """HTTP and HTTPS and nothing else: no files, and no redirects, which could lead anywhere, also out of TLS."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener
