"""Requests that are almost right: the corpus of tests/faults/corpus_rest, and what becomes of it by chance.

`*.json` are bodies of Predict, `*.http` whole requests as they stand on the wire.
"""

from __future__ import annotations

import gzip
import random
import re
import socket
from pathlib import Path

CORPUS = Path(__file__).resolve().parents[1] / "faults" / "corpus_rest"
SOCKET_SECONDS = 30.0
MAX_BYTES = 200_000
PIECES = (
    b"[", b"]", b"{", b"}", b'"', b",", b":", b"\\", b"\\u", b"\\ud800", b"NaN", b"-Infinity", b"Inf", b"null", b"true",
    b"1e400", b"1e-400", b"-0", b"0.", b"9" * 400, b"18446744073709551616", b"-2147483649", b"\x00", b"\xff", b"\xef\xbb\xbf",
    b"\xff\xfe", b'{"b64": "', b'"signature_name": ', b'"instances": ', b'"inputs": ', b"[" * 2000, b"[]," * 2000, b"\r\n",
    b"\r\n\r\n", b"%", b"%00", b"%2f", b"/versions/", b"/labels/", b":predict", b"/metadata", b"Content-Length: ",
    b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"Expect: 100-continue\r\n", b"0\r\n\r\n",
    b"ffffffffffffffff\r\n", b"HTTP/1.1", b"HTTP/0.9", b"OPTIONS ", b"HEAD ", b"\xf0\x9f\x98\x80",
)  # fmt: skip


def corpus() -> list[bytes]:
    """Every request of the corpus, whole."""
    bodies = [path.read_bytes() for path in sorted(CORPUS.glob("*.json"))]
    requests = [path.read_bytes() for path in sorted(CORPUS.glob("*.http"))]
    return [as_predict(body) for body in bodies] + requests


def as_predict(body: bytes, *, zipped: bool = False) -> bytes:
    """A right request for Predict with this body."""
    content = gzip.compress(body, 1) if zipped else body
    head = b"POST /v1/models/toys:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n" % len(content)
    return head + (b"Content-Encoding: gzip\r\n" if zipped else b"") + b"\r\n" + content


def mutate(chance: random.Random, requests: list[bytes]) -> bytes:
    """A request from the corpus with a few changes; half of the time its length is set right again."""
    content = bytearray(chance.choice(requests))
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        _CHANGES[chance.randrange(len(_CHANGES))](chance, content, requests)
        del content[MAX_BYTES:]
    if chance.random() < 0.5:
        return bytes(content)
    _, _, body = bytes(content).partition(b"\r\n\r\n")
    if chance.random() < 0.1:
        return as_predict(body, zipped=True)
    return re.sub(rb"Content-Length: *[0-9]+", b"Content-Length: %d" % len(body), bytes(content), count=1)


def exchange(port: int, content: bytes) -> bytes:
    """What the server answers until it ends the connection; a reset by a refusing server ends it too.

    Raises:
        TimeoutError: It hangs.
    """
    parts = []
    with socket.create_connection(("127.0.0.1", port), timeout=SOCKET_SECONDS) as connection:
        try:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                parts.append(part)
        except (ConnectionResetError, BrokenPipeError):
            pass
    return b"".join(parts)


def statuses(answer: bytes) -> list[int]:
    """The codes of all answers on a connection."""
    return [int(code) for code in re.findall(rb"(?:\A|[\n}>])HTTP/1\.1 ([0-9]{3}) ", answer)]


def is_fault(status: int) -> bool:
    """Whether a code says that the server, and not the request, is wrong; left out, busy and late are no faults."""
    return status >= 500 and status not in (501, 503, 504)


def _flip(chance: random.Random, content: bytearray, _requests: list[bytes]) -> None:
    if content:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def _insert(chance: random.Random, content: bytearray, _requests: list[bytes]) -> None:
    at = chance.randrange(len(content) + 1)
    content[at:at] = chance.choice(PIECES)


def _delete(chance: random.Random, content: bytearray, _requests: list[bytes]) -> None:
    start = chance.randrange(len(content) + 1)
    del content[start : start + chance.randrange(1, 20)]


def _repeat(chance: random.Random, content: bytearray, _requests: list[bytes]) -> None:
    start = chance.randrange(len(content) + 1)
    content[start:start] = content[start : start + chance.randrange(1, 40)] * chance.choice((1, 2, 50))


def _splice(chance: random.Random, content: bytearray, requests: list[bytes]) -> None:
    other = chance.choice(requests)
    content[chance.randrange(len(content) + 1) :] = other[chance.randrange(len(other) + 1) :]


_CHANGES = (_flip, _flip, _insert, _insert, _delete, _repeat, _splice)
