"""The key charts of the last hour: what Prometheus is asked for each, and the drawing of the answer as plain figures."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from gateway.operating.prometheus import Line, Prometheus, PrometheusAway
from monitoring.metrics import BAND, BANDS, SCREENINGS, STAGE_SECONDS

WINDOW_SECONDS: Final = 3600
STEP_SECONDS: Final = 60
WIDTH: Final = 300
HEIGHT: Final = 90
"""Of the drawing, in its own units."""
PATIENTS: Final = 'traffic="patient"'


@dataclass(frozen=True, slots=True)
class ChartKind:
    """One chart.

    Attributes:
        name: By which its words are found.
        query: In PromQL.
        label: That tells its lines apart; "" where there is one line.
        percent: Whether its values are shares of one, shown as percent, and the chart ends at 100.
    """

    name: str
    query: str
    label: str = ""
    percent: bool = False


_BANDS = f"sum by (band) (increase({BAND.name}_total{{{PATIENTS}}}[5m]))"
CHARTS: Final = (
    ChartKind("screenings", f"60 * sum(rate({SCREENINGS.name}_total{{{PATIENTS}}}[5m]))"),
    ChartKind(
        "latency",
        f'histogram_quantile(0.95, sum by (le) (rate({STAGE_SECONDS.name}_bucket{{stage="total",{PATIENTS}}}[5m])))',
    ),
    ChartKind("bands", f"{_BANDS} / ignoring(band) group_left sum({_BANDS})", label="band", percent=True),
    ChartKind(
        "refusals",
        f'60 * sum(rate({SCREENINGS.name}_total{{{PATIENTS},outcome!~"answered|abstained|repeated"}}[5m]))',
    ),
)


@dataclass(frozen=True, slots=True)
class Stroke:
    """One line of a chart.

    Attributes:
        name: Value of the chart's label; "" where there is one line.
        points: As SVG's polyline wants them.
        latest: Value of the last point.
        least: Smallest value.
        most: Largest value.
    """

    name: str
    points: str
    latest: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that can be drawn.

    Attributes:
        kind: Which.
        top: Value at the upper edge; the lower edge is 0.
        strokes: Its lines; none where nothing was measured.
    """

    kind: ChartKind
    top: float
    strokes: tuple[Stroke, ...]


def read_charts(prometheus: Prometheus, clock: Callable[[], float] = time.time) -> list[Chart] | None:
    """Ask for all charts at once; None where Prometheus does not answer. Waits: for native threads."""
    end_seconds = clock()
    begin_seconds = end_seconds - WINDOW_SECONDS

    def ask(kind: ChartKind) -> list[Line]:
        return prometheus.lines(
            kind.query, begin_seconds=begin_seconds, end_seconds=end_seconds, step_seconds=STEP_SECONDS
        )

    with ThreadPoolExecutor(len(CHARTS), thread_name_prefix="charts") as threads:
        try:
            answers = list(threads.map(ask, CHARTS))
        except PrometheusAway:
            return None
    return [draw(kind, lines, begin_seconds) for kind, lines in zip(CHARTS, answers, strict=True)]


def draw(kind: ChartKind, lines: Sequence[Line], begin_seconds: float) -> Chart:
    """Turn lines into strokes, the bands in their own order."""
    drawn = sorted((line for line in lines if line.points), key=lambda line: _rank(line.labels.get(kind.label, "")))
    top = 1.0 if kind.percent else nice_top(max((value for line in drawn for _, value in line.points), default=0.0))
    strokes = []
    for line in drawn:
        values = [value for _, value in line.points]
        points = " ".join(
            f"{_within(WIDTH * (at - begin_seconds) / WINDOW_SECONDS, WIDTH):.1f},"
            f"{_within(HEIGHT * (1 - value / top), HEIGHT):.1f}"
            for at, value in line.points
        )
        strokes.append(Stroke(line.labels.get(kind.label, ""), points, values[-1], min(values), max(values)))
    return Chart(kind, top, tuple(strokes))


def nice_top(most: float) -> float:
    """The next 1, 2 or 5 times a power of ten, so that the edge of a chart is a figure that people can read.

    >>> [nice_top(value) for value in (0.0, 0.7, 1.2, 30.0)]
    [1.0, 1.0, 2.0, 50.0]
    """
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next((step * power for step in (1.0, 2.0, 5.0) if step * power >= most), 10.0 * power)


def _rank(band: str) -> int:
    return BANDS.index(band) if band in BANDS else len(BANDS)


def _within(value: float, end: float) -> float:
    return min(max(value, 0.0), end)
