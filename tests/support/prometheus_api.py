"""A Prometheus that runs already, asked over its API."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any


class PrometheusApi:
    """Asks 127.0.0.1:`port`.

    Attributes:
        moment: At which everything is asked, seconds since 1970; None for now.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.moment: float | None = None

    def api(self, path: str, **parameters: object) -> Any:
        """What it answers, a mistake in the query as an AssertionError with its words."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["error"]) from error

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Its results at the moment."""
        moment = {} if self.moment is None else {"time": self.moment}
        return self.api("query", query=expression, **moment)["result"]

    def values(self, expression: str, *labels: str) -> dict[tuple[str, ...], float]:
        """The values of these labels -> value, of each series."""
        found = self.query(expression)
        return {tuple(row["metric"].get(label, "") for label in labels): float(row["value"][1]) for row in found}

    def range(self, expression: str, *, start: float, end: float, step_seconds: float) -> list[dict[str, Any]]:
        """Its results from one moment to another."""
        return self.api("query_range", query=expression, start=start, end=end, step=step_seconds)["result"]

    def alert_seconds(self, state: str, *, start: float, end: float, step_seconds: float) -> dict[str, float]:
        """Alert -> for how long it was `pending` or `firing`, to a step's exactness; the one that always fires apart."""
        alerts = f'count by (alertname) (ALERTS{{alertstate="{state}",alertname!="DeadMansSwitch"}})'
        found = self.range(alerts, start=start, end=end, step_seconds=step_seconds)
        return {row["metric"]["alertname"]: len(row["values"]) * step_seconds for row in found}

    def exported(self) -> set[str]:
        """Names of all series that it knows, and of families on a page that have no series yet."""
        return {*self.api("label/__name__/values"), *self.api("metadata")}
