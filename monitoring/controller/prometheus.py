"""Asks the site's Prometheus over its HTTP API: values of now, and raw samples of a stretch of time."""

from __future__ import annotations

import json
import math
import urllib.request
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from monitoring.controller.errors import PrometheusAway

TIMEOUT_SECONDS: Final = 20.0
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Samples:
    """One series.

    Attributes:
        labels: All of them, the name left out.
        points: (seconds since 1970, value), oldest first; finite values only.
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
        address: Of its API, http or https, without the path; not asked through any proxy.
    """

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)

    def query(self, expression: str, at_seconds: float) -> list[Samples]:
        """What an expression gave at a moment: a vector as series of one point, a range (`name[5m]`) as its raw samples.

        Raises:
            PrometheusAway: it does not answer in time, or something else than asked for.
        """
        asked = urlencode({"query": expression, "time": f"{at_seconds:.3f}"})
        try:
            with self._opener.open(f"{self._address}/api/v1/query?{asked}", timeout=TIMEOUT_SECONDS) as answer:
                text = answer.read(MAX_ANSWER_BYTES + 1)
            if len(text) > MAX_ANSWER_BYTES:
                message = f"Prometheus' answer is larger than {MAX_ANSWER_BYTES} bytes"
                raise PrometheusAway(message)
            return [_samples(series) for series in json.loads(text)["data"]["result"]]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"Prometheus at {self._address} gives no answer that can be read ({type(error).__name__})"
            raise PrometheusAway(message) from error


def _samples(series: dict[str, Any]) -> Samples:
    labels = {str(name): str(value) for name, value in series["metric"].items() if name != "__name__"}
    points = series["values"] if "values" in series else [series["value"]]
    pairs = ((float(at), float(value)) for at, value in points)
    return Samples(labels, tuple(pair for pair in pairs if math.isfinite(pair[1])))
