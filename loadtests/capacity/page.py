"""A capacity as one HTML page that needs nothing else: the sentence, how sure it is, and every run behind it."""

from __future__ import annotations

import html
from collections.abc import Sequence

from loadtests.capacity.answer import Capacity, confidence_of
from loadtests.capacity.forecast import Forecast
from loadtests.capacity.search import NOT_SUSTAINED, SUSTAINED
from loadtests.report.page import STYLE, as_table
from loadtests.report.plots import Line, draw_lines
from loadtests.verdict.objectives import LatencyObjective


def as_page(capacity: Capacity, objectives: Sequence[LatencyObjective], forecasts: Sequence[Forecast]) -> str:
    """The whole page."""
    body = [
        f"<h1>Capacity, {html.escape(capacity.began)}</h1>",
        f"<p><strong>{html.escape(capacity.sentence)}</strong></p>",
        f"<p>{html.escape(confidence_of(capacity))}</p>",
        f"<h2>Limited by {html.escape(capacity.limited_by)}</h2><p>{html.escape(capacity.limited_says)}</p>",
        "<h2>Runs</h2><p>Latency counts from the moment at which a request was meant to start. Short runs only look for the bracket.</p>",
        *(_plot(capacity, objective) for objective in objectives),
        as_table([_row(run) for run in capacity.runs], ("run", "per second", "length", "outcome", "why")),
    ]
    for each in forecasts:
        body += [
            f"<h2>{each.gateways} gateways: calculated, not measured</h2><p>{html.escape(each.says)}</p>",
            as_table([(name, f"{rate:.2f} per second") for name, rate in each.limits.items()], ("limit", "at")),
            f"<p>Assumed: {html.escape(' '.join(each.assumptions))}</p>",
        ]
    head = "<meta charset=utf-8><meta name=viewport content='width=device-width'><title>Capacity</title>"
    return (
        f"<!doctype html><html lang=en><head>{head}<style>{STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _plot(capacity: Capacity, objective: LatencyObjective) -> str:
    runs = sorted(
        (run for run in capacity.runs if not run["is_short"] and run["outcome"] in (SUSTAINED, NOT_SUSTAINED)),
        key=lambda run: run["rate"],
    )
    reached = [(run["rate"], 1000 * run["percentiles"][objective.words]) for run in runs]
    wanted = [(rate, 1000 * objective.within_seconds) for rate, _ in (*reached[:1], *reached[-1:])]
    name = f"p{100 * objective.share:g} by rate"
    return draw_lines(name, "requests per second", "ms", [Line("reached", reached), Line("allowed", wanted)])


def _row(run: dict[str, object]) -> tuple[str, ...]:
    length = "short" if run["is_short"] else "full"
    return (str(run["folder"]), f"{run['rate']:.2f}", length, str(run["outcome"]), str(run["says"]))
