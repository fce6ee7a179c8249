"""Plots as SVG within a page: lines over a number, and bars beside each other. Nothing is loaded from elsewhere."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH, HEIGHT = 720, 280
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 52, 44
COLOURS: Final = ("#1f5fa8", "#b45309", "#5b6470")
DASHES: Final = ("", "7 4", "2 3")
"""Beside its colour every line has a pattern, for who sees no colours and for paper."""
TICKS: Final = 5
STEPS: Final = 7
"""At most, between the numbers of an x axis."""
LEGEND_STEP: Final = 170
WIDEST_BAR: Final = 60.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a plot: its name and its points (x, y)."""

    name: str
    points: Sequence[tuple[float, float]]


def draw_lines(
    title: str, x_label: str, y_label: str, lines: Sequence[Line], x_ticks: Sequence[tuple[float, str]] | None = None
) -> str:
    """Lines over a common axis that begins at 0; `x_ticks` names places of the x axis where plain numbers would not do."""
    points = [point for line in lines for point in line.points]
    top = round_up(max((y for _, y in points), default=0.0))
    first = min((x for x, _ in points), default=0.0)
    last = max(max((x for x, _ in points), default=1.0), first + 1e-9)
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(x: float, y: float) -> str:
        return f"{LEFT + wide * (x - first) / (last - first):.1f},{TOP + high * (1 - y / top):.1f}"

    ticks = x_ticks if x_ticks is not None else _numbers(first, last)
    parts = [_frame(title, x_label, y_label, top)]
    parts += [_x_tick(LEFT + wide * (x - first) / (last - first), label) for x, label in ticks if first <= x <= last]
    for number, line in enumerate(lines):
        where = " ".join(place(x, y) for x, y in line.points)
        parts.append(f'<polyline points="{where}" fill="none" stroke-width="2" {_stroke(number)}/>')
    return _svg(title, [*parts, _legend([line.name for line in lines], is_line=True)])


def draw_bars(title: str, y_label: str, names: Sequence[str], groups: Sequence[tuple[str, Sequence[float]]]) -> str:
    """For every name a bar of each group."""
    top = round_up(max((value for _, values in groups for value in values), default=0.0))
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    step = wide / max(len(names), 1)
    bar = min(step * 0.8 / max(len(groups), 1), WIDEST_BAR)
    parts = [_frame(title, "", y_label, top)]
    for index, name in enumerate(names):
        parts.append(_x_tick(LEFT + step * (index + 0.5), name))
        for number, (_, values) in enumerate(groups):
            tall = high * values[index] / top
            x = LEFT + step * (index + 0.5) + bar * (number - len(groups) / 2)
            parts.append(
                f'<rect x="{x:.1f}" y="{TOP + high - tall:.1f}" width="{bar - 1:.1f}" height="{tall:.1f}" '
                f'fill="{COLOURS[number % len(COLOURS)]}"/>'
            )
    return _svg(title, [*parts, _legend([name for name, _ in groups], is_line=False)])


def _svg(title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _frame(title: str, x_label: str, y_label: str, top: float) -> str:
    high = HEIGHT - TOP - BOTTOM
    parts = [f'<text x="{LEFT}" y="14" class="title">{html.escape(f"{title}, {y_label}")}</text>']
    for index in range(TICKS):
        value = top * index / (TICKS - 1)
        y = TOP + high * (1 - index / (TICKS - 1))
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{html.escape(x_label)}</text>')
    return "".join(parts)


def _x_tick(x: float, label: str) -> str:
    return f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{html.escape(label)}</text>'


def _legend(names: Sequence[str], *, is_line: bool) -> str:
    """A row below the title; what is alone needs none."""
    parts = []
    for number, name in enumerate(names if len(names) > 1 else ()):
        x = LEFT + LEGEND_STEP * number
        mark = f'<line x1="{x}" x2="{x + 26}" y1="32" y2="32" stroke-width="2" {_stroke(number)}/>'
        if not is_line:
            mark = f'<rect x="{x}" y="26" width="12" height="12" fill="{COLOURS[number % len(COLOURS)]}"/>'
        parts.append(f'{mark}<text x="{x + (32 if is_line else 18)}" y="36">{html.escape(name)}</text>')
    return "".join(parts)


def _stroke(number: int) -> str:
    dash = DASHES[number % len(DASHES)]
    return f'stroke="{COLOURS[number % len(COLOURS)]}"' + (f' stroke-dasharray="{dash}"' if dash else "")


def round_up(value: float) -> float:
    """The next 1, 2, 4, 6, 8 times a power of ten, so that four steps are short numbers; 1 for nothing."""
    if value <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value * (1 - 1e-9))


def _numbers(first: float, last: float) -> list[tuple[float, str]]:
    """Places of an axis at round numbers, at most eight, so that none is labelled as what it is not."""
    wanted = (last - first) / STEPS
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= wanted * (1 - 1e-9))
    beginning, end = math.ceil(first / step - 1e-9), math.floor(last / step + 1e-9)
    return [(number * step, f"{number * step:g}") for number in range(beginning, end + 1)]
