"""Asks the site's Prometheus over its HTTP API. Only for native threads: it waits."""

from __future__ import annotations

import json
import math
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlencode

TIMEOUT_SECONDS: Final = 2.0
MAX_ANSWER_BYTES: Final = 1024 * 1024


class PrometheusAway(Exception):
    """It does not answer, or not what was asked."""


@dataclass(frozen=True, slots=True)
class Line:
    """One series.

    Attributes:
        labels: By which it differs from the other series of the same answer.
        points: (seconds since 1970, value), oldest first; moments without a finite value are left out.
    """

    labels: dict[str, str]
    points: tuple[tuple[float, float], ...]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The settings say who is asked."""

    def redirect_request(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - urllib's own signature
        """Refuse."""


class Prometheus:
    """One Prometheus.

    Args:
        address: Of its API, without the path; not asked through any proxy.
    """

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)

    def lines(self, query: str, *, begin_seconds: float, end_seconds: float, step_seconds: float) -> list[Line]:
        """The series of a query over a time.

        Raises:
            PrometheusAway: there are none to be had.
        """
        asked = urlencode(
            {"query": query, "start": f"{begin_seconds:.0f}", "end": f"{end_seconds:.0f}", "step": f"{step_seconds:g}"}
        )
        try:
            with self._opener.open(f"{self._address}/api/v1/query_range?{asked}", timeout=TIMEOUT_SECONDS) as answer:
                content = json.loads(answer.read(MAX_ANSWER_BYTES))
            return [
                Line(
                    {str(name): str(value) for name, value in series["metric"].items()},
                    tuple((float(at), float(value)) for at, value in series["values"] if math.isfinite(float(value))),
                )
                for series in content["data"]["result"]
            ]
        except (OSError, HTTPException, ValueError, KeyError, TypeError, AttributeError) as error:
            raise PrometheusAway(type(error).__name__) from error
