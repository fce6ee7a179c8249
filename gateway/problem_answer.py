"""A problem as the bytes of a whole HTTP answer, for what the server refuses without asking the application."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus

from gunicorn import SERVER
from gunicorn.util import http_date

from gateway.languages import Catalogue
from gateway.problems import CONTENT_TYPE, Problem
from gateway.tracing import Trace


def problem_answer(
    problem: Problem, language: Catalogue, trace: Trace, headers: Mapping[str, str], *, closes: bool
) -> bytes:
    """The answer, byte for byte as the application and gunicorn give it.

    Args:
        problem: What is answered, in the language.
        language: Of the problem.
        trace: Of the request.
        headers: Of every answer (`gateway.headers`).
        closes: Whether the connection ends with this answer.
    """
    body = json.dumps(problem.as_json(), separators=(",", ":")) + "\n"
    status = HTTPStatus(problem.kind.status)
    fields = {
        "Server": SERVER,
        "Date": _date_of(int(time.time())),
        "Connection": "close" if closes else "keep-alive",
        "Content-Type": CONTENT_TYPE,
        "Content-Length": len(body),
        **problem.headers,
        "Link": problem.link,
        **headers,
        "X-Request-Id": problem.request_id,
        "traceresponse": trace.parent,
        "Content-Language": language.tag,
        "Vary": "Accept-Language",
        "Cache-Control": "no-store",
    }
    head = "".join([f"{name}: {value}\r\n" for name, value in fields.items()])
    return f"HTTP/1.1 {status} {status.phrase.upper()}\r\n{head}\r\n{body}".encode("ascii")


@lru_cache(maxsize=1)
def _date_of(seconds: int) -> str:
    return str(http_date(seconds))
