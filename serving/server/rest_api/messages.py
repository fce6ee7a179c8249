"""Requests and answers, between the sockets and the API."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from serving.server.rest_api.memory_budget import Reservation

JSON: Final = "application/json"
HTML: Final = "text/html"
_CLIENT_CLOSED_REQUEST: Final = 499


@dataclass(slots=True)
class Request:
    """A request that has been read.

    Attributes:
        method: As written.
        target: What stands in the request line, decoded as UTF-8 with `surrogateescape`.
        headers: Lower-case name -> value; the first of several of one name.
        body: Its bytes, not yet uncompressed.
        keep_alive: Whether another request may follow on the connection.
        reservation: What it holds of the memory for requests; whoever ends the request closes it.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    keep_alive: bool
    reservation: Reservation


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back.

    Attributes:
        status: HTTP's code.
        content_type: Of the body.
        body: Its bytes.
        headers: Beside those that every answer has.
        ends_connection: Whether no request may follow.
    """

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = field(default=())
    ends_connection: bool = False


def html_error(status: int) -> Answer:
    """The page that libevent sends by itself, for what never reaches the API; it ends the connection."""
    words = reason(status)
    page = f"<HTML><HEAD>\n<TITLE>{status} {words}</TITLE>\n</HEAD><BODY>\n<H1>{words}</H1>\n</BODY></HTML>\n"
    return Answer(status, HTML, page.encode(), ends_connection=True)


def reason(status: int) -> str:
    """The words behind a code in the status line."""
    return "Client Closed Request" if status == _CLIENT_CLOSED_REQUEST else HTTPStatus(status).phrase
