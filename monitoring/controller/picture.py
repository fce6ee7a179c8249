"""A picture of what moved, as SVG without scripts or addresses: bars of each signal's bins, the reference beside what was found."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

from monitoring.drift.explanation import SignalMove

PANEL_WIDTH: Final = 220
PANEL_HEIGHT: Final = 150
GAP: Final = 24
TOP: Final = 64
BAR_AREA: Final = 90
EXPECTED_COLOUR: Final = "#8a8f98"
FOUND_COLOUR: Final = "#1f5fa8"


def draw(title: str, moves: Mapping[str, SignalMove]) -> str:
    """An SVG document.

    Args:
        title: One line above all.
        moves: Signal -> what moved, drawn from left to right.
    """
    width = GAP + max(2, len(moves)) * (PANEL_WIDTH + GAP)
    height = TOP + PANEL_HEIGHT + GAP
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
            ' font-family="sans-serif" font-size="12" role="img">'
        ),
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{GAP}" y="24" font-size="15">{escape(title)}</text>',
        f'<rect x="{GAP}" y="36" width="10" height="10" fill="{EXPECTED_COLOUR}"/><text x="{GAP + 15}" y="45">reference</text>',
        f'<rect x="{GAP + 90}" y="36" width="10" height="10" fill="{FOUND_COLOUR}"/><text x="{GAP + 105}" y="45">found</text>',
    ]
    for number, (signal, move) in enumerate(moves.items()):
        parts.append(_panel(signal, move, GAP + number * (PANEL_WIDTH + GAP)))
    return "\n".join([*parts, "</svg>", ""])


def _panel(signal: str, move: SignalMove, left: int) -> str:
    most = max(float(move.expected.max()), float(move.found.max()), 1e-9)
    step = PANEL_WIDTH / len(move.expected)
    bottom = TOP + 20 + BAR_AREA
    bars = []
    for place, (expected, found) in enumerate(zip(move.expected, move.found, strict=True)):
        x = left + place * step
        for share, shift, colour in ((expected, 0.08, EXPECTED_COLOUR), (found, 0.5, FOUND_COLOUR)):
            tall = BAR_AREA * float(share) / most
            bars.append(
                f'<rect x="{x + shift * step:.1f}" y="{bottom - tall:.1f}" width="{0.4 * step:.1f}" height="{tall:.1f}"'
                f' fill="{colour}"/>'
            )
    heading = f"{signal.replace('_', ' ')}: {move.says}"
    return "\n".join([
        f'<text x="{left}" y="{TOP + 10}">{escape(heading)}</text>',
        *bars,
        f'<line x1="{left}" y1="{bottom}" x2="{left + PANEL_WIDTH}" y2="{bottom}" stroke="#444444"/>',
        f'<text x="{left}" y="{bottom + 16}" fill="#444444">low</text>',
        f'<text x="{left + PANEL_WIDTH}" y="{bottom + 16}" text-anchor="end" fill="#444444">high, at most {most:.0%}</text>',
    ])  # fmt: skip
