"""matplotlib figures as inline SVG that follows the page: its text colour, its font, light and dark, and no address in it.

Figures are drawn in stand-in colours, which become CSS variables; a picture inside a page cannot do that.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from markupsafe import Markup, escape

from training.pictures import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK: Final = "#010203"
GRID: Final = "#010204"
BLUE: Final = "#010205"
ORANGE: Final = "#010206"
GREY: Final = "#010207"
PAPER: Final = "#010208"
_VARIABLES: Final = {
    INK: "var(--ink)",
    GRID: "var(--line)",
    BLUE: "var(--blue)",
    ORANGE: "var(--orange)",
    GREY: "var(--quiet)",
    PAPER: "var(--paper)",
}
_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": GRID,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw_axes(width_inches: float, height_inches: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure in the page's colours, with `columns` axes side by side."""
    with mpl.rc_context(_STYLE):
        figure = new_figure(width_inches, height_inches)
        axes = [figure.add_subplot(1, columns, place + 1) for place in range(columns)]
        for one in axes:
            one.grid(linewidth=0.8)
            one.set_axisbelow(True)
    return figure, axes


def to_svg(figure: Figure, name: str, caption: str) -> Markup:
    """The figure as an `<svg>` element; equal figures give equal text.

    Args:
        figure: Drawn in this module's colours.
        name: Unique in the page: identifiers inside the SVG are made from it.
        caption: What a person who cannot see it is told.
    """
    file = io.StringIO()
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:xlink)?="[^"]*"', "", text)
    # Groups are called axes_1, patch_2, ... in every figure; identifiers must be unique in a page, and nothing uses these.
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r' width="[\d.]+pt"| height="[\d.]+pt"', "", text, count=2)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px; font-family: inherit", text)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    label = f'<svg role="img" aria-label="{escape(caption)}"'
    return Markup(text.replace("<svg", label, 1).strip())  # noqa: S704 - our own drawing; the caption is escaped
