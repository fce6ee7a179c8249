"""What a dashboard is made of, and its JSON as Grafana 10 and later read it.

Panels flow from left to right over Grafana's 24 columns, so that none overlaps another, whatever is added.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from monitoring.rules.rule import RUNBOOK

Kind: TypeAlias = Literal["stat", "timeseries", "bargauge", "table", "text"]
COLUMNS: Final = 24
SCHEMA_VERSION: Final = 39
DATASOURCE: Final[Mapping[str, str]] = {"type": "prometheus", "uid": "${datasource}"}
GREEN, ORANGE, RED, BLUE = "green", "orange", "red", "blue"
TAG: Final = "symmetra"


@dataclass(frozen=True, slots=True)
class Query:
    """One query.

    Attributes:
        expression: PromQL; `$__range` and `$__rate_interval` are Grafana's.
        legend: Of each series, with `{{label}}`.
        quiet: Why it may find nothing in a healthy system; "" where it always finds something.
        over_time: False for one value at the end of the range.
    """

    expression: str
    legend: str = ""
    quiet: str = ""
    over_time: bool = True


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        title: What it answers, in plain words.
        kind: Grafana's type.
        unit: Grafana's unit, such as `s`, `percentunit`, `short`.
        queries: None for a text.
        says: Shown behind the panel's (i), or the text itself in Markdown.
        width: Columns of 24.
        height: Rows of about 30 pixels.
        words: Value -> (word, colour), for states.
        steps: (from value, colour) in rising order; the first colour holds below.
        names: Show the series' names, for `stat`: what is 1 is what is said.
        alert: Heading in the runbook to link to.
        empty: Shown instead of nothing.
        whole: Without decimals: what `increase` makes of counts is never a whole number, and nobody looks for a tenth of a photo.
        below_zero: What is shown over time may be negative.
    """

    title: str
    kind: Kind
    unit: str = "short"
    queries: Sequence[Query] = ()
    says: str = ""
    width: int = 6
    height: int = 5
    words: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    steps: Sequence[tuple[float, str]] = ()
    names: bool = False
    alert: str = ""
    empty: str = ""
    whole: bool = False
    below_zero: bool = False

    def to_json(self, number: int, column: int, row: int) -> dict[str, Any]:
        """The panel at its place."""
        content: dict[str, Any] = {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "gridPos": {"h": self.height, "w": self.width, "x": column, "y": row},
        }
        if self.kind == "text":
            return content | {"options": {"mode": "markdown", "content": self.says}}
        content |= {
            "description": self.says,
            "datasource": dict(DATASOURCE),
            "targets": [self._target(index, query) for index, query in enumerate(self.queries)],
            "fieldConfig": {"defaults": self._defaults(), "overrides": []},
            "options": self._options(),
        }
        if self.alert:
            content["links"] = [
                {"title": "What to do", "url": f"${{runbook}}#{self.alert.lower()}", "targetBlank": True}
            ]
        return content

    def _target(self, index: int, query: Query) -> dict[str, Any]:
        return {
            "refId": chr(ord("A") + index),
            "datasource": dict(DATASOURCE),
            "expr": query.expression,
            "legendFormat": query.legend or "__auto",
            "range": query.over_time and self.kind == "timeseries",
            "instant": not (query.over_time and self.kind == "timeseries"),
            "format": "table" if self.kind == "table" else "time_series",
        }

    def _defaults(self) -> dict[str, Any]:
        steps = [
            {"color": colour, "value": None if not index else value} for index, (value, colour) in enumerate(self.steps)
        ]
        defaults: dict[str, Any] = {
            "unit": self.unit,
            "thresholds": {"mode": "absolute", "steps": steps or [{"color": BLUE, "value": None}]},
        }
        if self.words:
            options = {str(value): {"text": word, "color": colour} for value, (word, colour) in self.words.items()}
            defaults["mappings"] = [{"type": "value", "options": options}]
        if self.empty:
            defaults["noValue"] = self.empty
        if self.whole:
            defaults["decimals"] = 0
        if self.kind == "timeseries" and not self.below_zero:
            # Or what is zero all the time is drawn in the middle of a scale that nobody understands.
            defaults["min"] = 0
        if self.kind == "timeseries":
            style = "line" if self.steps else "off"
            defaults["custom"] = {
                "lineWidth": 2,
                "fillOpacity": 0,
                "spanNulls": True,
                "thresholdsStyle": {"mode": style},
            }
        return defaults

    def _options(self) -> dict[str, Any]:
        if self.kind == "timeseries":
            return {
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                "tooltip": {"mode": "multi"},
            }
        if self.kind == "table":
            return {"showHeader": True}
        options: dict[str, Any] = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
        if self.kind == "bargauge":
            return options | {"orientation": "horizontal", "displayMode": "basic"}
        return options | {"textMode": "name" if self.names else "auto", "colorMode": "value", "graphMode": "none"}


@dataclass(frozen=True, slots=True)
class Row:
    """A heading and its panels."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard.

    Attributes:
        uid: Of Grafana, and name of the file.
        title: In the list of dashboards.
        says: For whom it is.
        rows: From top to bottom.
        shows: Range at first, as Grafana writes it.
    """

    uid: str
    title: str
    says: str
    rows: Sequence[Row]
    shows: str = "now-6h"

    def panels(self) -> list[Panel]:
        """All of them."""
        return [panel for row in self.rows for panel in row.panels]

    def to_json(self) -> str:
        """The file's text. It depends on nothing but the dashboard, so that it can be compared with the committed one."""
        content = {
            "uid": self.uid,
            "title": self.title,
            "description": self.says,
            "tags": [TAG],
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "1m",
            "time": {"from": self.shows, "to": "now"},
            "timezone": "browser",
            "templating": {"list": _variables()},
            "links": [
                {"title": "Symmetra", "type": "dashboards", "tags": [TAG], "asDropdown": True, "includeVars": True}
            ],
            "panels": self._placed(),
        }
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    def _placed(self) -> list[dict[str, Any]]:
        placed: list[dict[str, Any]] = []
        top = 0
        for row in self.rows:
            place = {"h": 1, "w": COLUMNS, "x": 0, "y": top}
            placed.append(
                {
                    "id": len(placed) + 1,
                    "type": "row",
                    "title": row.title,
                    "collapsed": False,
                    "gridPos": place,
                    "panels": [],
                }
            )
            top, column, line = top + 1, 0, 0
            for panel in row.panels:
                if column + panel.width > COLUMNS:
                    top, column, line = top + line, 0, 0
                placed.append(panel.to_json(len(placed) + 1, column, top))
                column, line = column + panel.width, max(line, panel.height)
            top += line
        return placed


def _variables() -> list[dict[str, Any]]:
    return [
        {
            "name": "datasource",
            "label": "Prometheus",
            "type": "datasource",
            "query": "prometheus",
            "hide": 0,
            "refresh": 1,
        },
        # A site puts the page where its people can read it, and says so here.
        {"name": "runbook", "label": "Runbook", "type": "textbox", "query": RUNBOOK, "hide": 0},
    ]
