"""The likeness of the dashboards (`tests.support.dashboard_drawing`): every panel is on it, and says what was found or that nothing was."""

import json

import pytest

from monitoring.dashboards.writing import DASHBOARDS_FOLDER
from tests.support.dashboard_drawing import NOTHING, Span, draw_dashboard, in_unit, said

FILES = sorted(DASHBOARDS_FOLDER.glob("*.json"))
LABELS = {"model_version": "7", "outcome": "answered", "alertname": "DriftAlarm"}


class Answering:
    """A Prometheus that answers every query alike."""

    def __init__(self, *values):
        self.values, self.moment, self.asked = values, None, []

    def query(self, expression):
        self.asked.append(expression)
        return [{"metric": LABELS, "value": [1000.0, str(value)]} for value in self.values]

    def range(self, expression, *, start, end, **_):
        self.asked.append(expression)
        return [{"metric": LABELS, "values": [[start, str(value)], [end, str(value)]]} for value in self.values]


def texts_of(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_panel_is_drawn_with_its_title_and_none_of_grafanas_variables_is_left(path):
    dashboard, prometheus = json.loads(path.read_text()), Answering(1.0)
    drawn = texts_of(draw_dashboard(dashboard, prometheus, Span(0.0, 3600.0)))
    words = {text.replace("\n", " ") for text in drawn}
    titles = {panel["title"] for panel in dashboard["panels"] if panel["type"] not in ("text", "row")}
    assert titles <= words
    assert not [expression for expression in prometheus.asked if "$" in expression]
    assert NOTHING not in words


def test_what_finds_nothing_says_so_in_the_panels_own_words():
    dashboard = json.loads((DASHBOARDS_FOLDER / "symmetra-clinical-lead.json").read_text())
    drawn = texts_of(draw_dashboard(dashboard, Answering(), Span(0.0, 3600.0)))
    assert {"insufficient data", "no shadow version answers", "nothing that stands out", NOTHING} <= set(drawn)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0123, "percentunit", "1.23%"),
        (0.25, "s", "250 ms"),
        (4e5, "µs", "400 ms"),
        (1500, "short", "1.5 K"),
        (3 * 2**20, "bytes", "3 MiB"),
    ],
)
def test_values_are_in_their_unit(value, unit, text):
    assert in_unit(value, unit) == text


def test_words_come_before_thresholds_and_thresholds_colour_the_rest():
    defaults = {
        "unit": "short",
        "mappings": [{"options": {"1": {"text": "ALARM", "color": "red"}}}],
        "thresholds": {"steps": [{"value": None, "color": "red"}, {"value": 2, "color": "green"}]},
    }
    assert [said(value, defaults)[0] for value in (1, 3)] == ["ALARM", "3"]
    assert said(3, defaults)[1] != said(1.5, defaults)[1]
