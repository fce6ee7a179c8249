"""A run and its verdict as one HTML file: styles and plots are within, so that it survives the Job that made it."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Final

from loadtests.histogram import Histogram
from loadtests.report.plots import Line, draw_bars, draw_lines
from loadtests.run.format import FinishedRun, LatencyFigures
from loadtests.verdict.decision import INVALID, Verdict
from loadtests.verdict.gateway_share import share_of_gateway

PERCENTS: Final = (50.0, 90.0, 95.0, 99.0, 99.9)
BINS: Final = tuple(f"{index / 10:.1f}" for index in range(1, 11))
STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;color:#1b1f24;background:#fff;max-width:780px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
.word{font-size:2rem;font-weight:700;padding:.4rem 1rem;border:4px solid;display:inline-block}
.MET{color:#1a6334}.MISSED{color:#8f3a00}.INVALID{color:#a0122a;font-size:4rem;transform:rotate(-2deg)}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #d5d9de;vertical-align:top}
td.n,th.n{text-align:right}svg{width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:#1b1f24}
svg .title{font-weight:600}svg .grid{stroke:#d5d9de}
"""


def as_page(run: FinishedRun, verdict: Verdict, sections: Sequence[str] = ()) -> str:
    """The whole page; `sections` are of HTML and follow the objectives."""
    summary = run.summary
    stamp = f'<p class="word {verdict.word}">{verdict.word}</p>'
    if verdict.code == INVALID:
        stamp += (
            "<p><strong>This run says nothing about its target. Its figures are shown and decide nothing.</strong></p>"
        )
    bottleneck = verdict.bottleneck
    behind = "" if bottleneck.behind is None else f", behind it {bottleneck.behind}"
    facts = {
        "Target": summary.target,
        "Replicas looked at": str(len(run.target.replicas)),
        "Model version": summary.model_version or "not known",
        "Photo mix": "none" if summary.pack is None else f"{summary.pack['name']} ({summary.pack['digest'][:12]})",
        "Users": ", ".join(f"{share:.0%} {name}" for name, share in summary.mix.items()),
        "Traffic class": summary.traffic_class,
        "Arrivals": f"{summary.arrivals.get('kind', 'unknown')}, {summary.seconds:g} s",
        "Rate wanted, achieved, ended as it should": (
            f"{summary.wanted_rate:.2f}, {summary.achieved_rate:.2f}, {summary.completed_rate:.2f} per second"
        ),
        "Machine of the generator": _machine_words(summary.machine),
        "Generator": (
            f"workers: {summary.generator.workers}, the busiest at {summary.generator.cpu_share_max:.0%} of its core, starts were "
            f"{summary.generator.late_start_p99_seconds * 1000:.1f} ms late at the 99th percentile"
        ),
    }
    body = [
        f"<h1>Load test of {html.escape(summary.started)}</h1>{stamp}",
        _list([f"{reason.code}: {reason.detail}" for reason in verdict.invalid_reasons]),
        as_table(list(facts.items())),
        f"<h2>Objectives ({html.escape(verdict.objectives)})</h2>",
        as_table([(check.status, check.name, check.says) for check in verdict.checks]),
        *sections,
        f"<h2>Limited by {html.escape(bottleneck.name + behind)}</h2>",
        f"<p>{html.escape(bottleneck.says)}</p><p>Next: {html.escape(bottleneck.next_thing)}</p>",
        _plot_time(verdict),
        "<h2>Rate and latency</h2><p>Latency counts from the moment at which a request was meant to start.</p>",
        *_plot_series(run),
        _plot_distribution(run.latency),
        _latency_table(run),
        _share_section(run),
        "<h2>Answers</h2>",
        *_plot_answers(run),
        _outcome_table(run),
        "<p>A severity is neither a confidence nor a diagnosis; the photos of a load test are drawn.</p>",
    ]
    head = (
        f"<meta charset=utf-8><meta name=viewport content='width=device-width'><title>{verdict.word}: load test</title>"
    )
    return (
        f"<!doctype html><html lang=en><head>{head}<style>{STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _plot_time(verdict: Verdict) -> str:
    parts = verdict.bottleneck.parts
    if not parts:
        return ""
    return draw_bars(
        "Where a photo's time goes", "mean ms", [part.name for part in parts], [("", [1000 * part.seconds for part in parts])]
    )  # fmt: skip


def _plot_series(run: FinishedRun) -> tuple[str, ...]:
    rows = run.series
    rate = [
        Line("wanted", [(row.second, row.wanted) for row in rows]),
        Line("started", [(row.second, row.started) for row in rows]),
        Line("ended as they should", [(row.second, row.ok) for row in rows]),
    ]
    ended = [row for row in rows if row.ended]
    latency = [
        Line("p50", [(row.second, 1000 * row.p50) for row in ended]),
        Line("p99", [(row.second, 1000 * row.p99) for row in ended]),
    ]
    waiting = [Line("waiting", [(row.second, row.in_flight) for row in rows])]
    return (
        draw_lines("Requests", "second", "per second", rate),
        draw_lines("Latency of those that ended", "second", "ms", latency),
        draw_lines("Requests without an answer yet", "second", "at the end of a second", waiting),
    )


def _plot_distribution(latency: dict[str, Histogram]) -> str:
    """Latency over percentiles, the axis stretched towards the tail: each step is a tenth of what is left."""
    lines = []
    for user_type, histogram in latency.items():
        points, seen = [], 0
        for seconds, count in histogram.items():
            seen += count
            above = max(1 - seen / histogram.count, 0.5 / histogram.count)
            points.append((-math.log10(above), 1000 * seconds))
        lines.append(Line(user_type, points))
    ticks = [(-math.log10(1 - share), f"{100 * share:g} %") for share in (0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999)]
    return draw_lines("Latency by percentile", "of the requests", "ms", lines, ticks)


def _plot_answers(run: FinishedRun) -> tuple[str, ...]:
    answers = run.summary.answers
    bands = sorted(answers.bands.keys() | answers.expected_bands.keys())
    return (
        draw_bars(
            "Answers by band", "photos", bands,
            [
                ("answered", [answers.bands.get(band, 0) for band in bands]),
                ("by the photo mix", [answers.expected_bands.get(band, 0) for band in bands]),
            ],
        ),
        draw_bars(
            "Answers by severity, upper edge of the bin", "photos", BINS,
            [
                ("answered", [answers.bins.get(edge, 0) for edge in BINS]),
                ("by the photo mix", [answers.expected_bins.get(edge, 0) for edge in BINS]),
            ],
        ),
    )  # fmt: skip


def _machine_words(machine: dict[str, str] | None) -> str:
    if machine is None:
        return "not known"
    features = f" ({machine['features']})" if machine.get("features") else ""
    return f"{machine['cores']} cores of {machine['cpu']}{features}"


def _latency_table(run: FinishedRun) -> str:
    rows = [
        (name, str(each.count), f"{1000 * each.mean:.1f}", *_percentile_cells(each))
        for name, each in run.summary.latency.items()
    ]
    return as_table(rows, ("user", "requests", "mean ms", *(f"p{percent:g} ms" for percent in PERCENTS), "max ms"))


def _percentile_cells(figures: LatencyFigures) -> list[str]:
    """A percentile that only the slowest request reaches is said to be the maximum, which it is."""
    values = zip(PERCENTS, (figures.p50, figures.p90, figures.p95, figures.p99, figures.p999), strict=True)
    cells = [
        f"{1000 * value:.1f}" if figures.count * (1 - percent / 100) >= 1 - 1e-9 else "as max"
        for percent, value in values
    ]
    return [*cells, f"{1000 * figures.max:.1f}"]


def _share_section(run: FinishedRun) -> str:
    """What the gateway adds, where a run asked the model server directly too."""
    shares = share_of_gateway(run)
    if not shares:
        return ""
    rows = [
        (
            row.measure,
            *(f"{1000 * value:.1f}" for value in (row.through_seconds, row.direct_seconds, row.gateway_seconds)),
            f"{row.share:.0%}",
        )
        for row in shares
    ]
    return (
        "<h2>The gateway's share</h2><p>Photos through the gateway beside crops asked of the model server directly, in the same run. "
        "Between them lie upload, queue, decoding, face and the hop. The difference of the percentiles is a distance between two "
        "distributions, not a percentile of anything.</p>"
        + as_table(
            rows, ("of the latency", "through the gateway, ms", "direct, ms", "the gateway's share, ms", "of the whole")
        )
    )


def _outcome_table(run: FinishedRun) -> str:
    rows = [
        (user_type, outcome, str(count))
        for user_type, outcomes in run.summary.outcomes.items()
        for outcome, count in sorted(outcomes.items())
    ]
    return as_table(rows, ("user", "outcome", "requests"))


def as_table(rows: Sequence[Sequence[str]], head: Sequence[str] = ()) -> str:
    """Rows of plain text as a table of HTML."""
    top = "".join(f"<th scope=col>{html.escape(cell)}</th>" for cell in head)
    lines = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{f'<tr>{top}</tr>' if head else ''}{lines}</table>"


def _list(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in lines) + "</ul>" if lines else ""
