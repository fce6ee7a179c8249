"""Empty pictures and PNG files for whoever draws one (matplotlib, no display needed)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from pathlib import Path

DOTS_PER_INCH = 120


def new_figure(width_inches: float, height_inches: float) -> Figure:
    """An empty figure that needs no display and no global state of pyplot."""
    figure = Figure(figsize=(width_inches, height_inches), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a PNG without software name or date inside, so that equal figures are equal files; replaces one in one step."""
    temporary = path.with_name(path.name + ".tmp")
    figure.savefig(temporary, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    temporary.replace(path)
