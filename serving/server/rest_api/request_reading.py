"""HTTP/1.x requests from a connection, with bounds on all that a caller can send.

Bodies come with `Content-Length` or in chunks. What breaks HTTP's rules ends the connection, because where the next
request would begin is unknown then.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

from serving.server.rest_api.messages import Answer, Request, html_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from serving.server.rest_api.memory_budget import MemoryBudget, Reservation

MAX_HEAD_BYTES: Final = 64 * 1024
SILENCE_SECONDS: Final = 50.0
"""How long a caller may send nothing: libevent's time limit for reads."""
HEAD_SECONDS: Final = 50.0
"""How long the head of a request may take from its first byte on, so that no caller sends one byte at a time for ever."""

METHODS: Final = frozenset({"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"})

_READ_BYTES: Final = 256 * 1024
_MAX_LINE_BYTES: Final = 1024
_MAX_TRAILER_LINES: Final = 100
_REQUEST_LINE: Final = re.compile(rb"([!-~]{1,32}) ([^\x00-\x20\x7f]+) HTTP/1\.([0-9])")
_HEADER: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00\r\n]*)")
_CHUNK_SIZE: Final = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_LENGTH: Final = re.compile(r"[0-9]{1,18}")


class RequestBroken(Exception):
    """The bytes are no HTTP; the answer ends the connection."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.answer: Answer = html_error(status)


class CallerGone(Exception):
    """The caller hung up, or was silent for too long."""


async def read_request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, budget: MemoryBudget
) -> Request | None:
    """The next request of a connection, or None where there is none.

    Args:
        reader: Whose limit is `MAX_HEAD_BYTES`.
        writer: For the "go on" that some callers wait for before they send a body.
        budget: Bodies are counted while they arrive.

    Raises:
        RequestBroken: No HTTP, or a part of it that this server does not speak.
        CallerGone: The connection ended within the request.
        ResourceExhausted: The body does not fit.
    """
    head = await _read_head(reader)
    if head is None:
        return None
    method, target, minor, headers = _parse_head(head)
    connection = headers.get("connection", "").lower()
    keep_alive = "close" not in connection if minor else "keep-alive" in connection
    reservation = budget.open()
    try:
        body = await _read_body(reader, writer, headers, reservation)
    except BaseException:
        reservation.close()
        raise
    return Request(method, target, headers, body, keep_alive, reservation)


async def _read_head(reader: asyncio.StreamReader) -> bytes | None:
    try:
        async with asyncio.timeout(SILENCE_SECONDS):
            first = await reader.read(1)
            while first in (b"\r", b"\n"):
                first = await reader.read(1)
        if not first:
            return None
        async with asyncio.timeout(HEAD_SECONDS):
            # Lines may end in a bare line feed; the head ends with the first empty one.
            lines = [first + await reader.readuntil(b"\n")] if first != b"\n" else []
            size = len(lines[0])
            while (line := await reader.readuntil(b"\n")) not in (b"\r\n", b"\n"):
                lines.append(line)
                size += len(line)
                if size > MAX_HEAD_BYTES:
                    raise RequestBroken(400)
    except asyncio.LimitOverrunError as error:
        raise RequestBroken(400) from error
    except (asyncio.IncompleteReadError, TimeoutError, OSError) as error:
        raise CallerGone from error
    return b"".join(lines)


def _parse_head(head: bytes) -> tuple[str, str, int, dict[str, str]]:
    lines = head.split(b"\n")
    match = _REQUEST_LINE.fullmatch(lines[0].rstrip(b"\r"))
    if match is None:
        raise RequestBroken(400)
    method = match[1].decode("ascii")
    if method not in METHODS:
        raise RequestBroken(501)
    headers: dict[str, str] = {}
    for line in lines[1:-1]:
        header = _HEADER.fullmatch(line.rstrip(b"\r"))
        if header is None:
            raise RequestBroken(400)
        name, value = header[1].decode("ascii").lower(), header[2].decode("latin-1").strip()
        if name in ("content-length", "transfer-encoding") and headers.get(name, value) != value:
            raise RequestBroken(400)
        headers.setdefault(name, value)
    return method, match[2].decode("utf-8", "surrogateescape"), int(match[3]), headers


async def _read_body(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: Mapping[str, str], reservation: Reservation
) -> bytes:
    coding = headers.get("transfer-encoding", "").lower()
    length = headers.get("content-length", "0")
    if coding and coding != "chunked":
        raise RequestBroken(501)
    # Both at once is how requests are smuggled past proxies.
    if not _LENGTH.fullmatch(length) or (coding and "content-length" in headers):
        raise RequestBroken(400)
    if not coding and int(length) == 0:
        return b""
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = bytearray()
    try:
        if coding:
            await _read_chunks(reader, body, reservation)
        else:
            await _read_exactly(reader, int(length), body, reservation)
    except asyncio.LimitOverrunError as error:
        raise RequestBroken(400) from error
    except (asyncio.IncompleteReadError, TimeoutError, OSError) as error:
        raise CallerGone from error
    return bytes(body)


async def _read_exactly(reader: asyncio.StreamReader, size: int, body: bytearray, reservation: Reservation) -> None:
    while size:
        async with asyncio.timeout(SILENCE_SECONDS):
            part = await reader.read(min(size, _READ_BYTES))
        if not part:
            raise CallerGone
        reservation.add(len(part))
        body += part
        size -= len(part)


async def _read_chunks(reader: asyncio.StreamReader, body: bytearray, reservation: Reservation) -> None:
    while True:
        line = await _read_line(reader)
        match = _CHUNK_SIZE.fullmatch(line)
        if match is None:
            raise RequestBroken(400)
        size = int(match[1], 16)
        if not size:
            break
        await _read_exactly(reader, size, body, reservation)
        if await _read_line(reader) not in (b"\r\n", b"\n"):
            raise RequestBroken(400)
    for _ in range(_MAX_TRAILER_LINES):
        if await _read_line(reader) in (b"\r\n", b"\n"):
            return
    raise RequestBroken(400)


async def _read_line(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(SILENCE_SECONDS):
        line = await reader.readuntil(b"\n")
    if len(line) > _MAX_LINE_BYTES:
        raise RequestBroken(400)
    return line
