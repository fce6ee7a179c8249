"""A comparison within the page of a run: each change with its interval and the noise floor as a picture, and the figures as a table."""

from __future__ import annotations

import html
from typing import Final

from loadtests.compare.checks import show, show_change
from loadtests.compare.comparison import BETTER, NO_DIFFERENCE, WORSE, Change, Comparison
from loadtests.report.page import as_table
from loadtests.report.plots import round_up

WIDTH: Final = 720
LEFT, RIGHT, TOP, ROW = 230, 30, 34, 26
COLOURS: Final = {WORSE: "#8f3a00", BETTER: "#1a6334", NO_DIFFERENCE: "#5b6470"}
SMALLEST_SCALE: Final = 0.05


def comparison_section(comparison: Comparison) -> str:
    """The section of the page."""
    across = f" They may differ in {', '.join(comparison.across)}." if comparison.across else ""
    worse = [change.figure for change in comparison.changes if change.word == WORSE]
    found = f"Worse: {', '.join(worse)}." if worse else "Nothing is worse beyond the noise floor."
    rows = [
        (
            change.figure,
            show(change.value, change.unit),
            f"{show(change.baseline, change.unit)} ({show(min(change.baseline_values), change.unit)} to {show(max(change.baseline_values), change.unit)})",
            f"{show_change(change.change, change)} ({show_change(change.low, change)} to {show_change(change.high, change)})",
            show_change(change.floor, change).removeprefix("+"),
            "no difference" if change.word == NO_DIFFERENCE else change.word,
        )
        for change in comparison.changes
    ]
    head = ("figure", "now", "baseline (its runs)", "change (between)", "noise floor", "shown")
    return (
        f"<h2>Against the baseline {html.escape(comparison.baseline)}</h2>"
        f"<p>{html.escape(found)} Runs compared: {comparison.runs}, runs of the baseline: {comparison.baseline_runs}.{html.escape(across)} "
        "The noise floor is how far a further run of the same thing may lie from the baseline, by the spread between its runs and by the "
        "number of requests; all figures together call at most one comparison in twenty of the same thing worse.</p>"
        f"{draw_changes([change for change in comparison.changes if change.is_ratio])}{as_table(rows, head)}"
    )


def draw_changes(changes: list[Change]) -> str:
    """Changes that are parts of the baseline's value: a dot with its interval, 0 as a line; empty where there are none."""
    if not changes:
        return ""
    reach = round_up(max(SMALLEST_SCALE, *(abs(edge) for change in changes for edge in (change.low, change.high))))
    middle, half = LEFT + (WIDTH - LEFT - RIGHT) / 2, (WIDTH - LEFT - RIGHT) / 2
    height = TOP + ROW * len(changes) + 26

    def place(value: float) -> float:
        return middle + half * value / reach

    title = "Change against the baseline, with what it may be off by"
    parts = [f'<text x="0" y="14" class="title">{title}</text>']
    for share in (-1.0, -0.5, 0.0, 0.5, 1.0):
        x = place(share * reach)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{height - 22}" class="grid"/>')
        label = f"{100 * share * reach:+g} %" if share else "no change"
        parts.append(f'<text x="{x:.1f}" y="{height - 6}" text-anchor="middle">{label}</text>')
    parts.append(f'<line x1="{middle}" x2="{middle}" y1="{TOP - 8}" y2="{height - 22}" stroke="#1b1f24"/>')
    for number, change in enumerate(changes):
        y, colour = TOP + ROW * (number + 0.5), COLOURS[change.word]
        parts.append(f'<text x="{LEFT - 12}" y="{y + 4:.1f}" text-anchor="end">{html.escape(change.figure)}</text>')
        parts.append(
            f'<line x1="{place(change.low):.1f}" x2="{place(change.high):.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-width="3"/>'
        )
        parts.append(f'<circle cx="{place(change.change):.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>')
    attributes = f'role="img" aria-label="{title}" xmlns="http://www.w3.org/2000/svg"'
    return f'<svg viewBox="0 0 {WIDTH} {height}" {attributes}>{"".join(parts)}</svg>'
