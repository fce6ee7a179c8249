"""A picture of a drift alarm arriving: evidence over photos, the alarm's height, and the moment of the change. SVG, by hand."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 760
HEIGHT: Final = 400
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 64, 76
MARKS: Final = 6
"""At most, on an axis."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What happened.

    Attributes:
        shift: In words.
        evidence: (photos, ln of the statistic) after each update, in order.
        height: ln A of the alarm.
        changed_at: Photos sent before the change.
        alarm_at: Photos at the alarm; None where none came.
        moved: The signal that moved most.
    """

    shift: str
    evidence: Sequence[tuple[float, float]]
    height: float
    changed_at: int
    alarm_at: int | None
    moved: str


def draw(trial: Trial) -> str:
    """The picture's text."""
    last = max(photos for photos, _ in trial.evidence)
    low = min(0.0, *(level for _, level in trial.evidence))
    high = max(trial.height, *(level for _, level in trial.evidence)) * 1.08

    def x(photos: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * photos / last

    def y(level: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - level) / (high - low)

    bottom = HEIGHT - BOTTOM
    line = " ".join(f"{x(photos):.1f},{y(level):.1f}" for photos, level in trial.evidence)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13" role="img">',
        f"<title>{html.escape(_sentence(trial))}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, 24, f"Drawn faces, then {trial.shift}", size=16),
        _text(LEFT, 44, _sentence(trial)),
        f'<rect x="{x(trial.changed_at):.1f}" y="{TOP}" width="{x(last) - x(trial.changed_at):.1f}" height="{bottom - TOP}" fill="#f3ead8"/>',
    ]
    for value in _marks(last):
        parts.append(f'<line x1="{x(value):.1f}" x2="{x(value):.1f}" y1="{bottom}" y2="{bottom + 5}" stroke="#555"/>')
        parts.append(_text(x(value), bottom + 19, f"{value:g}", anchor="middle"))
    for value in _marks(high - low, low):
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 8, y(value) + 4, f"{value:g}", anchor="end"))
    parts += [
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(trial.height):.1f}" y2="{y(trial.height):.1f}" stroke="#b3261e" stroke-dasharray="6 4"/>',
        _text(LEFT + 6, y(trial.height) - 6, "height of the alarm", colour="#b3261e"),
        f'<line x1="{x(trial.changed_at):.1f}" x2="{x(trial.changed_at):.1f}" y1="{TOP}" y2="{bottom}" stroke="#8a6d1f" stroke-width="1.5"/>',
        _text(x(trial.changed_at) - 6, TOP + 16, "the input changes", colour="#8a6d1f", anchor="end"),
        f'<polyline points="{line}" fill="none" stroke="#1f4e8c" stroke-width="2"/>',
        *(
            f'<circle cx="{x(photos):.1f}" cy="{y(level):.1f}" r="3" fill="#1f4e8c"/>'
            for photos, level in trial.evidence
        ),
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}" stroke="#555"/>',
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 36, "answered photos, through the real gateway", anchor="middle"),
        _text(
            LEFT,
            HEIGHT - 12,
            "Evidence is the logarithm of the drift statistic. A demo model of drawn faces; nothing here is about people.",
            size=11,
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _sentence(trial: Trial) -> str:
    if trial.alarm_at is None:
        return f"No alarm within {max(0, round(trial.evidence[-1][0]) - trial.changed_at)} photos after the change."
    if trial.alarm_at <= trial.changed_at:
        return f"A false alarm, after {trial.alarm_at} photos and before any change; what moved most: {trial.moved}."
    return f"Alarm {trial.alarm_at - trial.changed_at} photos after the change; what moved most: {trial.moved}."


def _marks(span: float, start: float = 0.0) -> list[float]:
    step = next(
        step
        for power in range(-2, 8)
        for step in (10.0**power, 2 * 10.0**power, 5 * 10.0**power)
        if span / step <= MARKS
    )
    first = -(-start // step)
    return [step * number for number in range(int(first), int((start + span) // step) + 1)]


def _text(x: float, y: float, text: str, *, anchor: str = "start", colour: str = "#222", size: int = 13) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}">{html.escape(text)}</text>'
