"""The upload page, asked for as a browser does before anybody sends a photo."""

from __future__ import annotations

import http.client
from typing import Final

from loadtests.run.format import ANSWERED, FAILED, NO_ANSWER, SHED, WRONG
from loadtests.users.http_exchange import HttpExchange
from loadtests.users.sending import Sent, unanswered

OK: Final = 200
SHED_STATUSES: Final = (429, 503)
FORM_FIELD: Final = b'name="photo"'
"""What the page must hold: a page without its form is no page, whatever its status."""


class PageView:
    """Asks for the page.

    Args:
        exchange: With the target.
    """

    def __init__(self, exchange: HttpExchange) -> None:
        self._exchange = exchange

    def send(self, number: int, patience_seconds: float) -> Sent:  # noqa: ARG002 - all are the same
        """Ask for the page, and look whether a photo could be given to it."""
        try:
            response = self._exchange.request("GET", "/", headers={"Accept": "text/html"})
        except OSError as error:
            return unanswered(error)
        except http.client.HTTPException:
            return Sent(NO_ANSWER, None)
        status = str(response.status)
        if response.status in SHED_STATUSES:
            return Sent(SHED, status)
        if response.status != OK:
            return Sent(FAILED, status)
        return Sent(ANSWERED if FORM_FIELD in response.body else WRONG, status)
