"""A dashboard drawn by matplotlib from its committed JSON and a real Prometheus: a likeness, to look at where no Grafana runs.

Each panel's own queries are asked; titles, units, words, thresholds, places and what is said of nothing are those of the file. Colours, fonts and how
text is broken are ours, so it shows whether a reader finds the answer, and nothing about Grafana.
"""

from __future__ import annotations

import datetime as dt
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tests.support.prometheus_api import PrometheusApi

COLUMNS = 24
INCHES_A_COLUMN, INCHES_A_ROW = 0.75, 0.42
COLOURS = {"green": "#2f8f46", "orange": "#d97706", "red": "#c81e1e", "blue": "#1f60c4"}
INK, FAINT, PAPER = "#1f2329", "#6b7280", "#f3f4f6"
NOTHING = "No data"
SHORT_SECONDS = 1_800
POINTS = 240
LONGEST_LEGEND = 60


@dataclass(frozen=True)
class Seen:
    """One series of a panel. Attributes: its legend, its moments (Unix time) and values."""

    legend: str
    moments: list[float]
    values: list[float]


@dataclass(frozen=True)
class Span:
    """What is shown: from one moment to another, Unix time."""

    start: float
    end: float

    def variables(self) -> dict[str, str]:
        """Grafana's own, for so many seconds."""
        return {"$__rate_interval": "30s", "$__range": f"{max(60, int(self.end - self.start))}s"}


def draw_dashboard(dashboard: dict[str, Any], prometheus: PrometheusApi, span: Span) -> Figure:
    """The whole dashboard, from its rows of panels."""
    mpl.rcParams.update({"font.size": 9, "text.color": INK, "axes.edgecolor": "#d1d5db"})
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
    height = (rows + 2) * INCHES_A_ROW
    figure = Figure(figsize=(COLUMNS * INCHES_A_COLUMN, height), dpi=100, facecolor=PAPER)
    figure.text(0.006, 1 - 0.9 * INCHES_A_ROW / height, dashboard["title"], fontsize=15, weight="bold", va="center")
    figure.text(0.994, 1 - 0.9 * INCHES_A_ROW / height, dashboard["description"], color=FAINT, ha="right", va="center")
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        inner = figure.add_axes(
            (
                (place["x"] + 0.1) / COLUMNS,
                1 - (place["y"] + place["h"] + 1.9) * INCHES_A_ROW / height,
                (place["w"] - 0.2) / COLUMNS,
                (place["h"] - 0.2) * INCHES_A_ROW / height,
            )
        )
        inner.set_xticks([])
        inner.set_yticks([])
        _draw_panel(figure, inner, panel, prometheus, span)
    return figure


def _draw_panel(figure: Figure, box: Axes, panel: dict[str, Any], prometheus: PrometheusApi, span: Span) -> None:
    if panel["type"] == "row":
        box.axis("off")
        box.text(0.002, 0.4, "\u25be  " + panel["title"], fontsize=11, weight="bold", va="center")
        return
    width = panel["gridPos"]["w"]
    if panel["type"] == "text":
        lines = [
            line
            for part in panel["options"]["content"].split("\n")
            for line in (textwrap.wrap(part, int(width * 12)) or [""])
        ]
        box.text(
            0.008,
            0.93,
            "\n".join(lines).replace("**", "").replace("$", r"\$"),
            va="top",
            transform=box.transAxes,
            fontsize=8.5,
        )
        return
    title = "\n".join(textwrap.wrap(panel["title"], max(16, int(width * 6.2))))
    box.text(
        0.012, 1 - 0.35 / panel["gridPos"]["h"], title, weight="bold", va="top", transform=box.transAxes, fontsize=9
    )
    found = [each for target in panel["targets"] for each in ask(prometheus, target, span)]
    if not found:
        empty = panel["fieldConfig"]["defaults"].get("noValue", NOTHING)
        box.text(0.5, 0.4, empty, ha="center", va="center", color=FAINT, transform=box.transAxes, fontsize=11)
        return
    draw = {"stat": _stat, "timeseries": _timeseries, "bargauge": _bars, "table": _table}[panel["type"]]
    draw(figure, box, panel, found)


def ask(prometheus: PrometheusApi, target: dict[str, Any], span: Span) -> list[Seen]:
    """What a panel's query finds."""
    expression = target["expr"]
    for name, value in span.variables().items():
        expression = expression.replace(name, value)
    if target["range"]:
        step = max(1.0, (span.end - span.start) / POINTS)
        rows = prometheus.range(expression, start=span.start, end=span.end, step_seconds=step)
        points = [row["values"] for row in rows]
    else:
        prometheus.moment = span.end
        rows = prometheus.query(expression)
        points = [[row["value"]] for row in rows]
    return [
        Seen(_legend(target["legendFormat"], row["metric"]), [float(at) for at, _ in each], [float(value) for _, value in each])
        for row, each in zip(rows, points, strict=True)
    ]  # fmt: skip


def _legend(pattern: str, labels: dict[str, str]) -> str:
    if pattern == "__auto":
        return ", ".join(f"{value}" for name, value in sorted(labels.items()) if name != "__name__") or "value"
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), pattern)


def said(value: float, defaults: dict[str, Any]) -> tuple[str, str]:
    """A value in its unit or as the word for it, and its colour."""
    for mapping in defaults.get("mappings", ()):
        word = mapping["options"].get(f"{value:g}")
        if word:
            return word["text"], COLOURS[word["color"]]
    colour = "blue"
    for step in defaults["thresholds"]["steps"]:
        if step["value"] is None or value >= step["value"]:
            colour = step["color"]
    if defaults.get("decimals") == 0:
        return f"{value:,.0f}", COLOURS[colour]
    return in_unit(value, defaults["unit"]), COLOURS[colour]


def in_unit(value: float, unit: str) -> str:
    """As Grafana says it, roughly.

    >>> in_unit(0.0123, "percentunit"), in_unit(0.25, "s"), in_unit(1500, "short")
    ('1.23%', '250 ms', '1.5 K')
    """
    if value != value:  # noqa: PLR0124 - not a number
        return "NaN"
    if unit == "percentunit":
        return f"{100 * value:.3g}%"
    if unit == "dateTimeAsLocal":
        return dt.datetime.fromtimestamp(value / 1000, dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
    if unit == "µs":
        value, unit = value / 1e6, "s"
    if unit == "s":
        return f"{1000 * value:.3g} ms" if abs(value) < 1 else f"{value:.3g} s"
    if unit == "bytes":
        size, names = value, iter(("B", "KiB", "MiB", "GiB", "TiB"))
        name = next(names)
        while abs(size) >= 1024:
            size, name = size / 1024, next(names)
        return f"{size:.3g} {name}"
    text = f"{value / 1000:.3g} K" if abs(value) >= 1000 else f"{value:.3g}"
    return text if unit == "short" else f"{text} {unit}"


def _stat(_: Figure, box: Axes, panel: dict[str, Any], found: Sequence[Seen]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    names_only = panel["options"]["textMode"] == "name"
    across = max(1, min(len(found), round(panel["gridPos"]["w"] / 3)))
    down = -(-len(found) // across)
    for number, each in enumerate(found):
        text, colour = said(each.values[-1], defaults)
        x, y = (number % across + 0.5) / across, 0.72 - 0.72 * (number // across + 0.5) / down
        # As Grafana does: one series is its value alone, several are told apart by their names.
        shown = each.legend if names_only else text
        room = panel["gridPos"]["w"] / across * 7
        size = max(7.0, min(20.0 / down**0.5, 20.0 * room / max(room, 2.2 * len(shown))))
        box.text(
            x, y, shown, ha="center", va="center", color=colour, fontsize=size, weight="bold", transform=box.transAxes
        )
        if len(found) > 1 and not names_only:
            box.text(
                x,
                y - 0.26 / down - 0.06,
                each.legend,
                ha="center",
                va="center",
                color=FAINT,
                fontsize=7.5,
                transform=box.transAxes,
            )


def _timeseries(figure: Figure, box: Axes, panel: dict[str, Any], found: Sequence[Seen]) -> None:
    defaults, height = panel["fieldConfig"]["defaults"], panel["gridPos"]["h"]
    outer = box.get_position()
    legend_rows = min(3, 1 + len(found) // max(1, panel["gridPos"]["w"] // 4))
    bottom, top = 0.16 + 0.42 * legend_rows / height, 1 - 1.0 / height
    plot = figure.add_axes((
        outer.x0 + 0.045, outer.y0 + outer.height * bottom, outer.width - 0.055, outer.height * max(0.15, top - bottom),
    ))  # fmt: skip
    for each in found:
        plot.plot(
            [dt.datetime.fromtimestamp(at, dt.UTC) for at in each.moments],
            each.values,
            linewidth=1.4,
            label=each.legend[:LONGEST_LEGEND],
        )
    if defaults["custom"]["thresholdsStyle"]["mode"] == "line":
        for step in defaults["thresholds"]["steps"]:
            if step["value"] is not None:
                plot.axhline(step["value"], color=COLOURS[step["color"]], linewidth=1, linestyle="--")
    plot.yaxis.set_major_formatter(lambda value, _: in_unit(value, defaults["unit"]))
    plot.xaxis.set_major_formatter(
        mpl.dates.DateFormatter("%H:%M:%S" if found[0].moments[-1] - found[0].moments[0] < SHORT_SECONDS else "%H:%M")
    )
    plot.tick_params(labelsize=7, colors=FAINT)
    plot.locator_params(axis="y", nbins=5)
    plot.xaxis.set_major_locator(mpl.dates.AutoDateLocator(minticks=2, maxticks=6))
    if "min" in defaults:
        highest = max(max(each.values) for each in found)
        lined = defaults["custom"]["thresholdsStyle"]["mode"] == "line"
        plot.set_ylim(bottom=defaults["min"], top=None if highest > 0 or lined else 1)
    plot.grid(color="#e5e7eb", linewidth=0.6)
    plot.spines[["top", "right"]].set_visible(False)
    columns = max(1, -(-len(found) // legend_rows))
    box.legend(
        *plot.get_legend_handles_labels(), loc="lower left", ncols=columns, fontsize=6.5, frameon=False, handlelength=1.2,
        columnspacing=1.0, borderpad=0.2,
    )  # fmt: skip


def _bars(figure: Figure, box: Axes, panel: dict[str, Any], found: Sequence[Seen]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    outer = box.get_position()
    plot = figure.add_axes(
        (outer.x0 + 0.42 * outer.width, outer.y0 + 0.02 * outer.height, 0.44 * outer.width, 0.84 * outer.height)
    )
    plot.axis("off")
    most = max((each.values[-1] for each in found), default=0) or 1
    for number, each in enumerate(found):
        text, colour = said(each.values[-1], defaults)
        plot.barh(-number, each.values[-1] / most, color=colour, height=0.7)
        plot.text(-0.03, -number, each.legend, ha="right", va="center", fontsize=min(8, 90 / len(found)))
        plot.text(each.values[-1] / most + 0.02, -number, text, va="center", fontsize=min(8, 90 / len(found)))
    plot.set_xlim(0, 1)
    plot.set_ylim(-len(found) + 0.4, 0.6)


def _table(_: Figure, box: Axes, panel: dict[str, Any], found: Sequence[Seen]) -> None:
    room = panel["gridPos"]["h"] - 1
    for number, each in enumerate(found[: room * 2]):
        box.text(
            0.02, 0.8 - 0.8 * number / max(4, len(found)), each.legend, va="top", transform=box.transAxes, fontsize=9
        )
