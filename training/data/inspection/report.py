"""`inspection.html`: the findings with the photos that show them, in one file that asks nobody for anything.

It shows photos of people, so it belongs under the same access rules as the data set; it lies inside it unless told otherwise.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image, ImageOps

from training.data.inspection.confounds import FORBIDDEN_STRENGTH, NOTED_STRENGTH
from training.data.inspection.findings import Inspection, Weight
from training.pictures import DOTS_PER_INCH, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TEMPLATE_NAME: Final = "inspection.html"
WEIGHT_WORDS: Final = {Weight.FORBIDS: "forbids training", Weight.WARNS: "warning", Weight.NOTES: "note"}
_THUMBNAIL_PIXELS: Final = 144
_JPEG_QUALITY: Final = 82
_GROUPS_SHOWN: Final = 30
_COLUMNS_SHOWN: Final = 15
_LIGHT, _DARK = "#8fb8b3", "#8a5a6b"


def write_report(inspection: Inspection, data_dir: Path, *, drawn: bool) -> str:
    """The page.

    Args:
        inspection: What to show.
        data_dir: Where the photos of its examples lie.
        drawn: The faces are drawn: the page then says that they say nothing about people.
    """
    shown = {path for finding in inspection.findings for group in finding.examples for path in group}
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE_NAME).render(
        inspection=inspection,
        drawn=drawn,
        weight_words=WEIGHT_WORDS,
        pictures={path: _thumbnail(data_dir / path) for path in shown},
        balance_picture=_draw_balance(inspection.balance),
        columns_picture=_draw_columns(inspection) if inspection.columns else None,
    )


def _thumbnail(path: Path) -> str | None:
    """A data address of the photo, small; None where it cannot be decoded, which is what the finding says."""
    try:
        with Image.open(path) as image:
            image.draft("RGB", (2 * _THUMBNAIL_PIXELS, 2 * _THUMBNAIL_PIXELS))
            small = ImageOps.exif_transpose(image).convert("RGB")
            small.thumbnail((_THUMBNAIL_PIXELS, _THUMBNAIL_PIXELS))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    file = io.BytesIO()
    small.save(file, "JPEG", quality=_JPEG_QUALITY)
    return _address(file.getvalue(), "jpeg")


def _draw_balance(balance: Mapping[str, Mapping[str, Mapping[str, int]]]) -> str:
    """Photos by label, of the whole and of each group."""
    rows = [(f"{column}: {value}", counts) for column, values in balance.items() for value, counts in values.items()]
    rows = [("all photos" if name == "all: all" else name, counts) for name, counts in rows[:_GROUPS_SHOWN]][::-1]
    figure = new_figure(7.6, 0.7 + 0.28 * len(rows))
    axes: Axes = figure.add_subplot()
    names = [name for name, _ in rows]
    others = [counts["not_depressed"] for _, counts in rows]
    axes.barh(names, others, color=_LIGHT, label="not depressed")
    axes.barh(names, [counts["depressed"] for _, counts in rows], left=others, color=_DARK, label="depressed")
    axes.set_xlabel("usable photos")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)
    return _encode(figure)


def _draw_columns(inspection: Inspection) -> str:
    """How far each column alone tells the labels apart."""
    rows = list(inspection.columns)[:_COLUMNS_SHOWN][::-1]
    figure = new_figure(7.6, 0.7 + 0.28 * len(rows))
    axes: Axes = figure.add_subplot()
    axes.barh([row["column"] for row in rows], [row["strength"] for row in rows], color=_LIGHT)
    axes.axvline(NOTED_STRENGTH, color="#c58a00", label="warning")
    axes.axvline(FORBIDDEN_STRENGTH, color=_DARK, label="forbids training")
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel("how far this column alone tells the labels apart (0 not at all, 1 completely)")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)
    return _encode(figure)


def _encode(figure: Figure) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return _address(file.getvalue(), "png")


def _address(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
