"""A picture of a scenario: when each alert was pending, fired and was told, and when it had to be. SVG, by hand."""

from __future__ import annotations

import html
import itertools
from collections.abc import Callable
from typing import Final

from loadtests.scenarios.judging import over_seconds, told_seconds
from loadtests.scenarios.pager import FIRING
from loadtests.scenarios.running import ALERT_STEP_SECONDS, Outcome
from loadtests.scenarios.scenario import Expected

WIDTH: Final = 900
LEFT, RIGHT, TOP, BOTTOM = 230, 24, 92, 92
ROW: Final = 44
BAR: Final = 14
MARKS: Final = 10
TOLD_COLOUR, OVER_COLOUR = "#111", "#2e7d32"
COLOURS: Final = {"pending": "#d9a441", "firing": "#b3261e"}


def draw_timeline(outcome: Outcome) -> str:
    """The picture's text."""
    scenario, moments = outcome.scenario, outcome.moments
    expected = {(each.alert, each.receiver): each for each in scenario.expect}
    rows = list(dict.fromkeys([*expected, *((each.alert, each.receiver) for each in outcome.told)]))
    shown_only = sorted({each.alert for each in outcome.shown} - {alert for alert, _ in rows})
    rows += [(alert, "") for alert in shown_only]
    height = TOP + ROW * max(1, len(rows)) + BOTTOM
    bottom = height - BOTTOM

    def x(second: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(second, 0.0), moments.finished) / moments.finished

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13" role="img">',
        f"<title>{html.escape(f'{scenario.name}: {_verdict(outcome)}')}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        _text(16, 24, f"{scenario.name.replace('_', ' ')}: {_verdict(outcome)}", size=16),
        _text(16, 44, _shortened(scenario.about), colour="#444"),
        _changing(outcome, bottom, x),
        _text(x(moments.changed) + 4, TOP - 22, ", ".join(each.kind.replace("_", " ") for each in scenario.changes), colour="#8a6d1f"),
    ]  # fmt: skip
    for number, who in enumerate(rows):
        parts += _row(outcome, who, expected.get(who), TOP + ROW * number, x)
    if not rows:
        parts.append(_text(LEFT, TOP + 24, "no alert was pending, fired or was told", colour="#444"))
    parts += _axis(outcome, bottom, x)
    parts += _legend(height)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _changing(outcome: Outcome, bottom: float, x: Callable[[float], float]) -> str:
    start, end = x(outcome.moments.changed), x(outcome.moments.ended)
    height = bottom - TOP + 18
    return f'<rect x="{start:.1f}" y="{TOP - 18}" width="{end - start:.1f}" height="{height}" fill="#f3ead8"/>'


def _row(
    outcome: Outcome, who: tuple[str, str], expected: Expected | None, top: float, x: Callable[[float], float]
) -> list[str]:
    alert, receiver = who
    scenario, moments = outcome.scenario, outcome.moments
    name = f"{alert} → {receiver}" if receiver else f"{alert} (told nobody)"
    parts = [
        f'<line x1="16" x2="{WIDTH - RIGHT}" y1="{top + ROW - 4}" y2="{top + ROW - 4}" stroke="#eee"/>',
        _text(16, top + 22, name),
    ]
    if expected is not None:
        parts += [
            _window(x, (moments.changed_fully, told_seconds(scenario, expected)), top + 3, TOLD_COLOUR),
            _window(x, (moments.ended, over_seconds(scenario, expected)), top + 8, OVER_COLOUR),
        ]
    for state in COLOURS:
        for shown in outcome.shown:
            if (shown.alert, shown.state) == (alert, state):
                parts += [
                    f'<rect x="{x(second):.1f}" y="{top + 11}" width="{x(second + ALERT_STEP_SECONDS) - x(second) + 0.5:.1f}" height="{BAR}" '
                    f'fill="{COLOURS[state]}"/>'
                    for second in shown.seconds
                ]
    for told in outcome.told:
        if (told.alert, told.receiver) == (alert, receiver):
            up = told.status == FIRING
            y = top + (4 if up else ROW - 10)
            tip = y + (8 if up else -8)
            at = x(told.second)
            parts.append(
                f'<path d="M {at - 6:.1f} {y:.1f} L {at + 6:.1f} {y:.1f} L {at:.1f} {tip:.1f} Z" fill="{TOLD_COLOUR if up else OVER_COLOUR}"/>'
            )
    return parts


def _window(x: Callable[[float], float], span: tuple[float, float], top: float, colour: str) -> str:
    start, end = x(span[0]), x(span[0] + span[1])
    return (
        f'<rect x="{start:.1f}" y="{top}" width="{max(1.0, end - start):.1f}" height="{ROW - 16}" fill="none" '
        f'stroke="{colour}" stroke-dasharray="5 3"/>'
    )


def _axis(outcome: Outcome, bottom: float, x: Callable[[float], float]) -> list[str]:
    last = outcome.scenario.minutes(outcome.moments.finished)
    steps = (figure * 10**power for power in itertools.count() for figure in (1, 2, 5))
    step = next(step for step in steps if last / step <= MARKS)
    parts = [f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}" stroke="#555"/>']
    for minute in range(0, int(last) + 1, step):
        at = x(outcome.scenario.seconds(minute))
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{bottom}" y2="{bottom + 5}" stroke="#555"/>')
        parts.append(_text(at, bottom + 19, str(minute), anchor="middle"))
    label = f"minutes of the site, {outcome.scenario.times_faster:g} times faster here"
    return [*parts, _text((LEFT + WIDTH - RIGHT) / 2, bottom + 38, label, anchor="middle")]


def _legend(height: float) -> list[str]:
    y = height - 34
    return [
        f'<rect x="16" y="{y}" width="26" height="12" fill="{COLOURS["pending"]}"/>', _text(48, y + 11, "pending"),
        f'<rect x="120" y="{y}" width="26" height="12" fill="{COLOURS["firing"]}"/>', _text(152, y + 11, "fires"),
        f'<path d="M 206 {y + 2} L 218 {y + 2} L 212 {y + 10} Z" fill="{TOLD_COLOUR}"/>', _text(224, y + 11, "somebody is told"),
        f'<path d="M 346 {y + 10} L 358 {y + 10} L 352 {y + 2} Z" fill="{OVER_COLOUR}"/>', _text(364, y + 11, "told that it is over"),
        f'<rect x="508" y="{y}" width="26" height="12" fill="none" stroke="{TOLD_COLOUR}" stroke-dasharray="5 3"/>',
        _text(540, y + 11, "must be told in"),
        f'<rect x="656" y="{y}" width="26" height="12" fill="none" stroke="{OVER_COLOUR}" stroke-dasharray="5 3"/>',
        _text(688, y + 11, "must be over in"),
        _text(16, height - 8, "Drawn faces and a demo model: this shows alarms at work, and nothing about people.", size=11, colour="#444"),
    ]  # fmt: skip


def _verdict(outcome: Outcome) -> str:
    if not outcome.is_valid:
        return "INVALID"
    return (
        "as expected"
        if outcome.is_kept
        else ", ".join(dict.fromkeys(c.result for c in outcome.checks if not c.is_kept))
    )


def _shortened(text: str) -> str:
    return text if len(text) <= 125 else f"{text[:124]}…"


def _text(x: float, y: float, text: str, *, anchor: str = "start", colour: str = "#222", size: int = 13) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}">{html.escape(text)}</text>'
